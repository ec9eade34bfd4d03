"""TLS on the port: every dialect inside it, ends and cuts, slow and hostile peers, and the certificate."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from roomchat.errors import StartError
from roomchat.net import identity
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.tls import TlsStream
from roomchat.wires import channels, ktn
from roomchat.wires.detect import HTTP_REFUSAL, IRC_REFUSAL, TLS_REFUSAL
from tests.inside import connections, greeting_soon_inside, keep_little, registry_of
from tests.peer import DEADLINE, Peer
from tests.program import Program
from tests.test_detect import ANSWER, HELLO, NO_BROWSERS, REFUSED, SOON, wait_until
from tests.trust import BareTls, issue, trusting

Serve = Callable[..., Server]
Connect = Callable[..., Peer]


@pytest.fixture
def bare() -> Iterator[Callable[..., BareTls]]:
    """Connect to a server with TLS, and say something at once perhaps; at the end all are closed."""
    opened: list[BareTls] = []

    def start(server: Server, data: bytes = b"", **options: int) -> BareTls:
        opened.append(BareTls(server.address, data, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.socket.close()


Open = Callable[..., BareTls]


def clear(server: Server, data: bytes) -> socket.socket:
    """A connection on which these bytes are sent as they are."""
    sock = socket.create_connection(server.address, timeout=DEADLINE)
    sock.sendall(data)
    return sock


def to_the_end(sock: socket.socket) -> bytes:
    """All that comes until the server ends the connection, however it does that."""
    received = b""
    try:
        while data := sock.recv(4096):
            received += data
    except ConnectionResetError:
        pass
    return received


def client_hello() -> bytes:
    """The first words of a client of TLS."""
    stream = TlsStream(trusting(), server_side=False)
    stream.begin()
    return stream.answer()


# ---------------------------------------------------------------- every dialect


@pytest.mark.parametrize("dialect", HELLO)
@pytest.mark.parametrize("cut", [None, 1, 20], ids=["whole", "first byte", "in the middle"])
def test_every_dialect_is_spoken_inside(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, bare: Open, dialect: str, cut: int | None
) -> None:
    """What begins inside TLS is told as on a clear connection, also when its first record is cut."""
    monkeypatch.setattr(ktn._Ktn, "pace", 0.0)
    monkeypatch.setattr(channels.ChannelsWire, "pace", 0.0)
    one = bare(serve())
    record = one.sealed(HELLO[dialect])
    one.socket.sendall(record[:cut])
    if cut is not None:
        one.socket.sendall(record[cut:])
    assert one.until(ANSWER[dialect])


def test_a_silent_peer_is_greeted_inside(serve: Serve, bare: Open) -> None:
    """The pause after which a person is greeted begins when both have agreed."""
    with greeting_soon_inside():
        assert bare(serve()).until(b"Enter a username: ")


@pytest.mark.parametrize("kind", ["GET", "IRC", "TLS"])
def test_what_is_refused_is_refused_inside(serve: Serve, bare: Open, kind: str) -> None:
    """HTTP and IRC get their refusals there, and TLS within TLS an alert; each then the goodbye of TLS."""
    data, refusal = REFUSED.get(kind, (b"\x16\x03\x01\x00\x05hello", TLS_REFUSAL))
    one = bare(serve(wires=NO_BROWSERS), data)
    assert one.to_the_end() == refusal
    assert refusal in {HTTP_REFUSAL, IRC_REFUSAL, TLS_REFUSAL}


def test_everyone_is_in_the_same_room(serve: Serve, connect: Connect) -> None:
    """A room has one order for those who come in clear and those who do not."""
    server = serve()
    ann, bob = connect(server, "ann"), connect(server, "bob", tls=trusting())
    for one in (ann, bob):
        one.join("tea")
    for number in range(20):
        (ann, bob)[number % 2].send("say", room="tea", text=f"{number}")
        assert ann.until("message")["seq"] == bob.until("message")["seq"]


def test_much_at_once_is_read_and_answered(serve: Serve, connect: Connect) -> None:
    """Many records in one piece, answers of many records: all of it, in order."""
    server = serve()
    ann = connect(server, "ann", tls=trusting())
    ann.join("tea")
    lines = [json.dumps({"type": "say", "room": "tea", "text": f"{n} " + "x" * 5000}) for n in range(300)]
    ann.send_bytes("\n".join(lines).encode() + b"\n")
    assert [int(one["text"].split()[0]) for one in ann.messages(300)] == list(range(300))


# ---------------------------------------------------------------- ends and cuts


def test_a_goodbye_ends_the_last_line(serve: Serve, connect: Connect, bare: Open) -> None:
    """Who says that it sends no more may leave the end of its last line out, and is still answered; the socket
    need not say anything."""
    server = serve(lobby="tea")
    ann = connect(server, "ann")
    ann.join("tea")
    one = bare(server, b"kim\n/join tea\n")
    one.until(b"You are in tea")
    one.send(b"that was all")
    one.half_close()
    assert ann.until("message")["text"] == "that was all"
    assert b"that was all" in one.to_the_end()


def test_a_goodbye_in_the_same_piece_is_noticed(serve: Serve, connect: Connect, bare: Open) -> None:
    """Its record comes with the last words, and nothing more comes that the system would report."""
    server = serve(lobby="tea")
    ann = connect(server, "ann")
    ann.join("tea")
    one = bare(server, b"kim\n/join tea\n")
    one.until(b"You are in tea")
    last = one.stream.seal(b"that was all")
    one.stream.end()
    one.socket.sendall(last + one.stream.answer())
    assert ann.until("message")["text"] == "that was all"
    assert one.to_the_end()
    wait_until(ann, lambda: len(connections(server)) == 1)


def test_a_cut_is_no_end(serve: Serve, connect: Connect, bare: Open) -> None:
    """Without the goodbye, what was not whole was never said, and the session waits as ever."""
    server = serve()
    ann = connect(server, "ann")
    ann.join("tea")
    one = bare(server, HELLO["native"] + b'{"type":"join","room":"tea"}\n')
    one.until(b'"type":"joined"')
    one.send(b'{"type":"say","room":"tea","text":"whole"}\n{"type":"say","room":"tea","text":"not whole"}')
    one.socket.sendall(one.sealed(b"\n")[:-5])
    one.socket.shutdown(socket.SHUT_WR)
    seen = ann.collect("away")
    assert [event["text"] for event in seen if event["type"] == "message"] == ["whole"]
    one = bare(server, b"bob")
    one.socket.shutdown(socket.SHUT_WR)
    wait_until(ann, lambda: len(connections(server)) == 1)
    assert "bob" not in str(registry_of(server).clients)


def test_what_was_whole_before_a_cut_counts(serve: Serve, connect: Connect, bare: Open) -> None:
    """Also what had still to wait for its turn, as in clear text."""
    server = serve(rate=100.0, burst=10)
    ann = connect(server, "ann")
    ann.join("tea")
    one = bare(server, HELLO["native"])
    one.until(b'"type":"welcome"')
    one.send(b'{"type":"join","room":"tea"}\n' + b'{"type":"say","room":"tea","text":"x"}\n' * 30)
    one.socket.shutdown(socket.SHUT_WR)
    assert len(ann.messages(30)) == 30
    ann.until("away")


def test_bye_is_answered_by_a_goodbye(serve: Serve, bare: Open) -> None:
    """The last words come, then the end of TLS, so that a client can tell it from a cut."""
    one = bare(serve(), HELLO["native"] + b'{"type":"bye"}\n')
    assert one.to_the_end().endswith(b'{"type":"bye"}\n')


def test_a_stop_is_told_inside(bare: Open) -> None:
    """Everyone hears of it, and the connection ends cleanly."""
    with Server(Settings(port=0, drain=5.0)) as server:
        one = bare(server, HELLO["native"])
        one.until(b'"type":"welcome"')
    assert b"The server is stopping." in one.to_the_end()


# ---------------------------------------------------------------- slow ones


def test_who_reads_nothing_holds_nobody_up_and_misses_nothing(serve: Serve, connect: Connect) -> None:
    """Folding and catching up are as in clear text: little waits for it, and it gets all when it reads."""
    server = serve(outbox_limit=20_000, read_piece=10_000)
    keep_little(server)
    ann, slow = connect(server, "ann"), connect(server, "slow", tls=trusting(), receive_buffer=4096)
    for one in (ann, slow):
        one.join("tea")
    for number in range(600):
        ann.send("say", room="tea", text=f"{number} " + "x" * 1000)
        ann.until("message")
    (connection,) = (one for one in connections(server) if one.transport.secure)
    assert connection.outbox.size < 100_000
    assert [int(one["text"].split()[0]) for one in slow.messages(600)] == list(range(600))


def test_a_paced_wire_writes_line_by_line(serve: Serve, bare: Open) -> None:
    """A dialect that asks for pauses gets them: each of its lines is a record of its own."""
    one = bare(serve(), HELLO["channels"])
    one.until(ANSWER["channels"])
    one.send(b'{"type":"command","command":"help","args":[]}\n')
    assert one.until(b"}")


def test_half_a_handshake_has_the_time_of_a_hello(serve: Serve, connect: Connect) -> None:
    """Who begins one and goes no further is closed, and the hub has never heard of it."""
    server = serve(hello_timeout=0.2, greet_after=SOON)
    ann = connect(server, "ann")
    halves = [clear(server, b"\x16"), clear(server, client_hello()), clear(server, client_hello()[:-1])]
    for one in halves:
        with one:
            assert b"Enter a username" not in to_the_end(one)
    wait_until(ann, lambda: len(connections(server)) == len(registry_of(server).peers) == 1)


def test_a_handshake_may_come_byte_by_byte(serve: Serve) -> None:
    """However slow the line is."""
    server = serve()
    one = BareTls.__new__(BareTls)
    one.socket = socket.create_connection(server.address, timeout=DEADLINE)
    one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one.stream, one.received = TlsStream(trusting(), server_side=False), b""
    one.stream.begin()
    with one.socket:
        while not one.stream.ready:
            for byte in one.stream.answer():
                one.socket.send(bytes([byte]))
            one.stream.feed(one.socket.recv(4096))
        for byte in one.stream.answer() + one.sealed(HELLO["native"]):
            one.socket.send(bytes([byte]))
        assert one.until(ANSWER["native"])


@pytest.mark.parametrize(
    "garbage", [b"\x16garbage", b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\xff\xff", b"\x16" + bytes(2000)]
)
def test_garbage_after_the_first_byte_is_the_end(serve: Serve, connect: Connect, garbage: bytes) -> None:
    """It gets an alert at the most, and others talk on."""
    server = serve(hello_timeout=0.5)
    ann = connect(server, "ann")
    with clear(server, garbage) as one:
        answer = to_the_end(one)
    assert answer == b"" or answer[:1] == b"\x15"
    wait_until(ann, lambda: len(connections(server)) == 1)


def test_a_greeted_peer_that_speaks_tls_is_refused(serve: Serve) -> None:
    """It has been told something in clear already, which no TLS can follow."""
    server = serve(greet_after=SOON)
    with clear(server, b"") as one:
        assert one.recv(100).startswith(b"Welcome")
        one.sendall(client_hello())
        assert to_the_end(one).endswith(TLS_REFUSAL)


# ---------------------------------------------------------------- a foreign client


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_is_a_client(serve: Serve, version: str) -> None:
    """A person at `openssl s_client` chats in plain text, and both ends are clean."""
    host, port = serve().address
    with greeting_soon_inside():
        done = subprocess.run(
            ["openssl", "s_client", "-quiet", version, "-connect", f"{host}:{port}"],
            input=b"kim\n/join tea\nhello\n/quit\n",
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert b"<1 kim> hello" in done.stdout


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
def test_nothing_is_agreed_anew(serve: Serve, connect: Connect) -> None:
    """A client of TLS 1.2 that asks for another handshake on the same connection does not get it."""
    server = serve()
    host, port = server.address
    ann = connect(server, "ann")
    done = subprocess.run(
        ["openssl", "s_client", "-tls1_2", "-connect", f"{host}:{port}"],
        input=b"R\n",
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    assert b"no renegotiation" in done.stderr
    assert ann.sync() == []


# ---------------------------------------------------------------- the certificate


def served(server: Server) -> bytes:
    """The certificate that a new connection gets, as DER."""
    with socket.create_connection(server.address, timeout=DEADLINE) as sock, trusting().wrap_socket(sock) as tls:
        found = tls.getpeercert(binary_form=True)
    assert found is not None
    return found


def test_the_servers_own_key_is_kept(serve: Serve, tmp_path: Path) -> None:
    """It is made once, beside the database, for its owner alone."""
    db = str(tmp_path / "log.db")
    with Server(Settings(port=0, db=db)) as server:
        first = served(server)
        fingerprint = server.identity.fingerprint
    key = tmp_path / "log.db.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.db", "log.db.lock", "log.db.pem"]
    again = serve(db=db)
    assert served(again) == first
    assert again.identity.fingerprint == fingerprint


def test_a_key_that_others_can_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With what to do; the server starts all the same."""
    settings = Settings(port=0, db=str(tmp_path / "log.db"))
    with Server(settings):
        pass
    assert not caplog.records
    (tmp_path / "log.db.pem").chmod(0o640)
    with Server(settings) as server:
        assert served(server)
    assert f"chmod 600 {tmp_path}/log.db.pem" in caplog.text


def test_a_key_of_another_user_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has put it there knows it."""
    settings = Settings(port=0, db=str(tmp_path / "log.db"))
    with Server(settings):
        pass
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / "log.db.pem").stat().st_uid + 1)
    with Server(settings):
        assert f"chown {tmp_path}/log.db.pem" in caplog.text


def test_a_named_certificate_is_verified_by_its_authority(serve: Serve, tmp_path: Path) -> None:
    """With its chain, for its name; the client asks for no more than a browser would."""
    authority = trustme.CA()
    issued = authority.issue_cert("chat.example.org")
    pem = tmp_path / "both.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(pem)
    server = serve(tls_cert=str(pem))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with clear(server, b"") as sock, context.wrap_socket(sock, server_hostname="chat.example.org") as tls:
        assert tls.version() == "TLSv1.3"
    with clear(server, b"") as sock, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(sock, server_hostname="other.example.org")


def test_a_replaced_certificate_is_taken_without_losing_anyone(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    """Those who are here talk on; who comes next gets the new one."""
    monkeypatch.setattr(identity, "LOOK_INTERVAL", 0.0)
    cert, key = issue(tmp_path, "chat.example.org")
    server = serve(tls_cert=cert, tls_key=key)
    ann = connect(server, "ann", tls=trusting())
    ann.join("tea")
    old, old_fingerprint = served(server), server.identity.fingerprint
    issue(tmp_path, "chat.example.org")
    ann.send("say", room="tea", text="on and on")
    assert served(server) != old
    assert server.identity.fingerprint != old_fingerprint
    assert ann.until("message")["text"] == "on and on"
    bob = connect(server, "bob", tls=trusting())
    bob.join("tea")
    bob.send("say", room="tea", text="me, too")
    assert ann.until("message")["text"] == "me, too"


@pytest.mark.parametrize("broken", ["empty", "gone", "another's key", "expired", "unusual"])
def test_a_broken_new_pair_keeps_the_old(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    """It is said once, and the next good one is taken."""
    monkeypatch.setattr(identity, "LOOK_INTERVAL", 0.0)
    cert, key = issue(tmp_path, "chat.example.org")
    server = serve(tls_cert=cert, tls_key=key)
    old = served(server)
    break_pair(tmp_path, broken)
    with caplog.at_level(logging.ERROR):
        assert served(server) == served(server) == old
    (record,) = caplog.records
    assert "goes on with the certificate that it has" in record.getMessage()
    issue(tmp_path, "chat.example.org")
    assert served(server) != old


def test_a_signal_has_it_read_again(tmp_path: Path) -> None:
    """And the server goes on, also without a log file; where it has no certificate to read, SIGHUP is the end."""
    cert, key = issue(tmp_path, "127.0.0.1")
    options = ["serve", "--port", "0", "--db", ":memory:"]
    with Program(*options, "--tls-cert", cert, "--tls-key", key) as program:
        program.expect("Press Ctrl-C")
        issue(tmp_path, "127.0.0.1")
        program.signal(signal.SIGHUP)
        program.expect("the certificate was read again")
        Path(key).write_text("rubbish")
        program.signal(signal.SIGHUP)
        program.expect("goes on with the certificate that it has")
        program.signal(signal.SIGTERM)
        assert program.wait() == 0
    with Program(*options) as program:
        program.expect("Press Ctrl-C")
        program.signal(signal.SIGHUP)
        assert program.wait() == 0


def test_a_useless_pair_ends_the_program(tmp_path: Path) -> None:
    """With its sentence and exit code 1."""
    cert, key = issue(tmp_path, "127.0.0.1")
    with Program("serve", "--port", "0", "--db", ":memory:", "--tls-cert", key, "--tls-key", cert) as program:
        assert program.wait() == 1
        assert program.output.startswith("Error: Can't use ")
        assert "Traceback" not in program.output


def test_certificates_change_while_all_talk(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    """Nobody loses a connection or a message; each newcomer gets the newest."""
    monkeypatch.setattr(identity, "LOOK_INTERVAL", 0.0)
    cert, key = issue(tmp_path, "127.0.0.1")
    server = serve(tls_cert=cert, tls_key=key)
    people = [connect(server, "ann", tls=trusting())]
    people[0].join("tea")
    seen = set()
    for number in range(10):
        issue(tmp_path, "127.0.0.1")
        seen.add(served(server))
        people.append(connect(server, f"bob{number}", tls=trusting()))
        people[-1].join("tea", history=0)
        for one in people:
            one.send("say", room="tea", text=f"{number}")
        for one in people:
            assert [event["text"] for event in one.messages(len(people))] == [f"{number}"] * len(people)
    assert len(seen) == 10


def test_a_look_is_asked_for(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without waiting for the next connection, as a signal does."""
    cert, key = issue(tmp_path, "chat.example.org")
    server = serve(tls_cert=cert, tls_key=key)
    before = server.identity.fingerprint
    issue(tmp_path, "chat.example.org")
    with caplog.at_level(logging.WARNING):
        server.identity.look(again=True)
    assert server.identity.fingerprint != before
    assert server.identity.fingerprint in caplog.text


def break_pair(folder: Path, how: str) -> None:
    """Make the pair in this folder useless."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    if how == "empty":
        cert.write_bytes(b"")
    elif how == "gone":
        cert.unlink()
    elif how == "another's key":
        (folder / "other").mkdir()
        shutil.copy(issue(folder / "other", "chat.example.org")[1], key)
    elif how == "expired":
        issue(folder, "chat.example.org", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    elif how == "a password":
        subprocess.run(
            ["openssl", "pkey", "-in", key, "-aes128", "-passout", "pass:secret", "-out", f"{key}.new"], check=True
        )
        os.replace(f"{key}.new", key)
    elif how == "no key":
        key.write_bytes(cert.read_bytes())
    elif how == "unusual":  # OpenSSL takes it
        cert.write_text(cert.read_text().replace(" CERTIFICATE-", " X509 CERTIFICATE-"))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("empty", r"Can't use \S+cert.pem and \S+key.pem for TLS \(they are no certificate and its key in PEM\)"),
        ("gone", r"Can't use \S+cert.pem and \S+key.pem for TLS \(No such file or directory\)"),
        ("another's key", r"The key in \S+key.pem does not belong to the certificate in \S+cert.pem\."),
        ("expired", r"The certificate in \S+cert.pem has expired on 2020-01-01; renew it\."),
        ("a password", r"\(the key is protected by a password"),
        ("unusual", r"the certificate is not a usual one in PEM"),
        ("no key", r"they are no certificate and its key in PEM"),
    ],
)
def test_a_useless_pair_is_told_at_the_start(tmp_path: Path, broken: str, sentence: str) -> None:
    """In one sentence, with nothing left behind."""
    cert, key = issue(tmp_path, "chat.example.org")
    break_pair(tmp_path, broken)
    with pytest.raises(StartError, match=sentence):
        Server(Settings(port=0, tls_cert=cert, tls_key=key)).start()


def test_a_key_without_a_certificate_is_told(tmp_path: Path) -> None:
    """Nobody is served with another certificate than was meant."""
    with pytest.raises(StartError, match="--tls-cert"):
        Server(Settings(port=0, tls_key=str(tmp_path / "key.pem"))).start()


def test_a_broken_own_key_is_told(tmp_path: Path) -> None:
    """It is not replaced in silence: people know the server by it."""
    (tmp_path / "log.db.pem").write_text("rubbish")
    with pytest.raises(StartError, match=r"remove that file, and a new key is made"):
        Server(Settings(port=0, db=str(tmp_path / "log.db"))).start()


def test_a_half_written_key_is_never_met(tmp_path: Path) -> None:
    """What a killed start left is passed over."""
    (tmp_path / "log.db.pem.new").write_text("-----BEGIN PRI")
    with Server(Settings(port=0, db=str(tmp_path / "log.db"))) as server:
        assert served(server)
    assert not (tmp_path / "log.db.pem.new").exists()
