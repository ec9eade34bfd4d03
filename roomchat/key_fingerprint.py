"""How people and programs name a server's key: the SHA-256 of the public key in its certificate.

The key and not the certificate, which may be renewed.
"""

from __future__ import annotations

import hashlib
import re
import textwrap

DIGITS = 64  # hexadecimal, of SHA-256
GROUP = 4  # of them, as people read them aloud

SEQUENCE, INTEGER, VERSION = 0x30, 0x02, 0xA0  # tags in a certificate
_BEFORE_KEY = (
    INTEGER,
    SEQUENCE,
    SEQUENCE,
    SEQUENCE,
    SEQUENCE,
)  # serialNumber, signature, issuer, validity, subject

_BETWEEN = re.compile(r"[\s:-]+")


def fingerprint(certificate: bytes) -> str:
    """The fingerprint of a certificate's key, as in ``3f2a-91c0-...``: 16 groups of 4 digits.

    Args:
        certificate: as DER.
    Raises:
        ValueError: it is not quite DER, though OpenSSL may have read it.
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
    takes 0.1 s to import, which each `roomchat send` would spend.

    Each element must be what the standard has at that place, and end where DER says: else somebody could make a
    certificate in which OpenSSL finds his key, and this another's.
    """
    at, _ = _element(certificate, 0, SEQUENCE)  # Certificate
    at, end = _element(certificate, at, SEQUENCE)  # TBSCertificate
    if certificate[at : at + 1] == bytes([VERSION]):  # not there in the first one
        _, at = _element(certificate, at, VERSION)
    for tag in _BEFORE_KEY:
        _, at = _element(certificate, at, tag)
    _, key_end = _element(certificate, at, SEQUENCE)
    if key_end > end:
        raise ValueError("the certificate is not in DER")
    return certificate[at:key_end]


def _element(data: bytes, at: int, wanted: int) -> tuple[int, int]:
    """Start and end of the content of the element that begins there. Raises ValueError unless it is DER,
    and has the wanted tag."""
    if len(data) < at + 2 or data[at] != wanted:
        raise ValueError("the certificate is not in DER")
    length, start = data[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[at + 2 : start])
        # One length has one form: not the one without an end (0x80), and none with more bytes than it needs.
        if length < 0x80 or data[at + 2] == 0:
            raise ValueError("the certificate is not in DER")
    if start + length > len(data):
        raise ValueError("the certificate is not in DER")
    return start, start + length
