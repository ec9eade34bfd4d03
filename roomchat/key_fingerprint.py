"""How people and programs name a server's key: the SHA-256 of the public key in its certificate.

The key and not the certificate, which may be renewed.
"""

from __future__ import annotations

import hashlib
import re
import textwrap

DIGITS = 64  # hexadecimal, of SHA-256
GROUP = 4  # of them, as people read them aloud

_BETWEEN = re.compile(r"[\s:-]+")


def fingerprint(certificate: bytes) -> str:
    """The fingerprint of a certificate's key, as in ``3f2a-91c0-...``: 16 groups of 4 digits.

    Args:
        certificate: as DER, well formed: TLS has read it.
    """
    return _grouped(hashlib.sha256(_public_key(certificate)).hexdigest())


def read_fingerprint(text: str) -> str:
    """A fingerprint as somebody has copied or typed it, however grouped.

    Raises:
        ValueError: with a sentence.
    """
    digits = _BETWEEN.sub("", text.strip().lower().removeprefix("sha256"))
    if len(digits) != DIGITS or set(digits) - set("0123456789abcdef"):
        raise ValueError(
            f"{text!r} is not a fingerprint: 64 digits from 0 to f, as `roomchat serve` prints them at its start."
        )
    return _grouped(digits)


def _grouped(digits: str) -> str:
    return "-".join(textwrap.wrap(digits, GROUP))


def _public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate (RFC 5280, section 4.1). Not by way of a library: the one there is
    takes 0.1 s to import, which each `roomchat send` would spend."""
    _, at, _ = _element(certificate, 0)  # Certificate
    _, at, _ = _element(certificate, at)  # TBSCertificate
    tag, _, end = _element(certificate, at)
    if tag == 0xA0:  # the version; not there in the first one
        at = end
    for _ in range(5):  # serialNumber, signature, issuer, validity, subject
        at = _element(certificate, at)[2]
    return certificate[at : _element(certificate, at)[2]]


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of the DER element that begins there."""
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[at + 2 : start])
    return tag, start, start + length
