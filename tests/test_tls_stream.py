"""TLS as a pure object: two of them against each other, in memory."""

from __future__ import annotations

import contextlib
import ssl
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.key_fingerprint import _public_key, fingerprint, read_fingerprint
from roomchat.net.identity import Identity
from roomchat.net.self_signed import make, make_file
from roomchat.tls import Buffers, TlsStream
from tests.trust import trusting


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    path = tmp_path_factory.mktemp("identity") / "log.db.pem"
    make_file(path, ["localhost", "127.0.0.1"])
    return Identity(path, ours=True)


@pytest.fixture(scope="module")
def identity_der() -> bytes:
    return x509.load_pem_x509_certificate(make(["localhost"])).public_bytes(Encoding.DER)


SHARED = Buffers()  # of all that are in this thread


def pair(identity: Identity, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> tuple[TlsStream, TlsStream]:
    """A client and a server that have agreed."""
    context = trusting()
    context.maximum_version = version
    client, server = (
        TlsStream(context, server_side=False),
        TlsStream(identity.context(), server_side=True, buffers=SHARED),
    )
    client.begin()
    said = client.answer()
    while said:
        assert server.feed(said) == client.feed(server.answer()) == b""
        said = client.answer()
    assert client.feed(server.answer()) == b""
    assert client.ready
    assert server.ready
    return client, server


def noise(size: int, seed: int) -> bytes:
    """So many bytes: hypothesis would choose each by itself, and TLS makes no difference between them."""
    return Random(seed).randbytes(size)


@examples(deadline=None)
@given(
    st.lists(st.builds(noise, st.integers(1, 3000) | st.integers(16_000, 40_000), st.integers(0, 99)), max_size=6),
    st.lists(st.integers(0, 200_000), max_size=12),
    st.booleans(),
)
def test_no_split_changes_what_is_read(
    identity: Identity, pieces: list[bytes], cuts: list[int], end: bool
) -> None:
    """What was sealed, in however many pieces, is read whole and in order, however its bytes are cut; the end is
    told behind it."""
    client, server = pair(identity)
    stream = b"".join(client.seal(piece) for piece in pieces)
    if end:
        client.end()
        stream += client.answer()
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    read = b"".join(server.feed(stream[start:stop]) for start, stop in pairwise(edges))
    assert read == b"".join(pieces)
    assert server.ended == end
    assert client.feed(server.seal(b"still")) == b"still"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_who_has_ended_can_still_read(identity: Identity, version: ssl.TLSVersion) -> None:
    """Each direction ends for itself."""
    client, server = pair(identity, version)
    client.end()
    assert server.feed(client.answer()) == b""
    assert server.ended
    assert client.feed(server.seal(b"x" * 100_000)) == b"x" * 100_000
    assert not client.ended
    server.end()
    assert client.feed(server.answer()) == b""
    assert client.ended


@examples(deadline=None)
@given(st.binary(min_size=1, max_size=300), st.booleans())
def test_garbage_is_an_error_or_waited_for(identity: Identity, data: bytes, before: bool) -> None:
    """Whatever comes, before the handshake or after it, ends in an error of TLS or in waiting for more."""
    server = TlsStream(identity.context(), server_side=True, buffers=SHARED) if before else pair(identity)[1]
    try:
        assert server.feed(b"\x16" + data if before else data) == b""
    except ssl.SSLError:
        assert before or server.answer()


@examples(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40_000), st.integers(1, 5000)), max_size=20))
def test_streams_that_share_buffers_never_meet(identity: Identity, steps: list[tuple[int, int, int]]) -> None:
    """Whatever comes to one of them, half records and garbage too, each of the others gets its own bytes."""
    pairs = [pair(identity) for _ in range(4)]
    waiting = [b""] * 4
    sent, read = [b""] * 4, [b""] * 4
    broken = TlsStream(identity.context(), server_side=True, buffers=SHARED)
    for number, size, cut in steps:
        client, server = pairs[number]
        data = bytes([number]) * size
        sent[number] += data
        waiting[number] += client.seal(data)
        read[number] += server.feed(waiting[number][:cut])
        waiting[number] = waiting[number][cut:]
        assert client.feed(server.seal(data)) == data
        with contextlib.suppress(ssl.SSLError):
            broken.feed(b"\x16\x03\x01\x00\x05hello" * 3)
        broken.answer()
    for number, (_, server) in enumerate(pairs):
        assert read[number] + server.feed(waiting[number]) == sent[number]
        assert server.answer() == b""


def test_a_changed_byte_is_noticed(identity: Identity) -> None:
    """Nothing of a record is believed that somebody has changed on the way."""
    client, server = pair(identity)
    record = bytearray(client.seal(b"pay ann 10"))
    record[-3] ^= 1
    with pytest.raises(ssl.SSLError, match=r"(?i)bad.record.mac"):
        server.feed(bytes(record))


def test_the_old_versions_are_refused(identity: Identity) -> None:
    """TLS 1.2 is the oldest that is spoken, and nothing is agreed anew on a connection."""
    assert identity.context().minimum_version == ssl.TLSVersion.TLSv1_2
    assert identity.context().options & ssl.OP_NO_RENEGOTIATION


# ---------------------------------------------------------------- fingerprints


def test_the_fingerprint_is_of_the_key(tmp_path: Path) -> None:
    """It is the SHA-256 of what other programs call the SubjectPublicKeyInfo, also where the names are long."""
    for names in (["localhost"], ["a" * 60 + f".{i}.example" for i in range(40)]):
        path = tmp_path / "one.pem"
        make_file(path, names)
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        der = certificate.public_bytes(Encoding.DER)
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert _public_key(der) == key
        assert fingerprint(der) == Identity(path, ours=True).fingerprint


def test_a_certificate_that_two_can_read_differently_is_not_read(tmp_path: Path) -> None:
    """OpenSSL takes lengths without an end. With them Eve could show a certificate of her key in which Ann's is
    found by whoever takes it for DER."""
    made = []
    for name in ("ann", "eve"):
        make_file(tmp_path / f"{name}.pem", [name])
        pem = (tmp_path / f"{name}.pem").read_text()
        certificate = x509.load_pem_x509_certificate(pem.encode())
        made.append((pem, certificate.public_bytes(Encoding.DER), certificate.tbs_certificate_bytes))
    (_, ann, _), (pem, eve, inner) = made
    version, algorithm = b"\xa0\x03\x02\x01\x02", b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"  # ecdsa-with-SHA256
    number, rest = inner.partition(version)[2].split(b"\x30\x0a" + algorithm)
    forged = b"\xa0\x80\x02\x01\x02\0\0" + number + b"\x30\x80" + algorithm + _public_key(ann) + b"\0\0" + rest
    forged = _sequence(_sequence(forged) + eve.partition(inner)[2])
    (tmp_path / "forged.pem").write_text(pem.partition("-----BEGIN CERT")[0] + ssl.DER_cert_to_PEM_cert(forged))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "forged.pem")  # it is one, for OpenSSL
    with pytest.raises(ValueError, match="not in DER"):
        fingerprint(forged)


def _sequence(content: bytes) -> bytes:
    return b"\x30\x82" + len(content).to_bytes(2) + content


@given(st.data())
def test_a_damaged_certificate_has_a_key_or_a_sentence(identity_der: bytes, data: st.DataObject) -> None:
    """Never another error."""
    der = bytearray(identity_der)
    for at in data.draw(st.lists(st.integers(0, len(der) - 1), max_size=3)):
        der[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        fingerprint(bytes(der[: data.draw(st.integers(0, len(der)))]))


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.sampled_from(["", ":", "-", " ", "\n"]))
def test_a_fingerprint_is_read_however_it_is_grouped(digits: str, between: str) -> None:
    """As `openssl` prints it, as it is read aloud, in capitals."""
    pairs = between.join(digits[i : i + 2] for i in range(0, 64, 2))
    grouped = read_fingerprint(pairs.upper())
    assert read_fingerprint(f"SHA256:{pairs}") == read_fingerprint(grouped) == grouped
    assert grouped.replace("-", "") == digits
    assert len(grouped.split("-")) == 16


@pytest.mark.parametrize("text", ["", "3f2a", "g" * 64, "3f2a-" * 17])
def test_what_is_no_fingerprint_is_told(text: str) -> None:
    """A sentence says what one looks like."""
    with pytest.raises(ValueError, match="is not a fingerprint"):
        read_fingerprint(text)
