"""Whom a client believes, and that it says nothing to anybody else."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import trustme

import roomchat
from roomchat.client.address import Address, parse_address
from roomchat.client.client import Client
from roomchat.client.client_events import ConnectionEnded
from roomchat.client.known_servers import AUTHORITY, KnownServers
from roomchat.client.oneshot import connect_once
from roomchat.client.session_files import forget_keys, server_folder
from roomchat.client.trust import Trust
from roomchat.errors import (
    ChangedKey,
    ConnectError,
    Distrusted,
    InClear,
    NoTls,
    OtherKey,
    StateError,
    UnknownServer,
    Unverified,
)
from roomchat.net.self_signed import make_file
from roomchat.server import Server
from roomchat.settings import Settings
from tests.inside import connections, cut
from tests.peer import DEADLINE
from tests.trust import issue, listening

Serve = Callable[..., Server]

FINGERPRINT = "-".join(["3f2a"] * 16)


def where(server: Server, scheme: str = "tls") -> str:
    """Its address as a client gets it: at the loopback, encryption is asked for."""
    return f"{scheme}://127.0.0.1:{server.address[1]}"


def client(address: str, folder: Path, **options: object) -> Client:
    return Client(address, "ann", state=folder, request_timeout=DEADLINE, **options)  # type: ignore[arg-type]


def lines(folder: Path) -> list[str]:
    return (folder / "known_servers").read_text().splitlines()


@contextlib.contextmanager
def in_between(server: Server, folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Somebody with a key of his own on the way, who hands on; the address, and all that he reads."""
    pem = folder / "eve.pem"
    make_file(pem, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with listening(lambda sock, read: _overhear(sock, context, read)) as found:
        yield found


def _overhear(sock: socket.socket, context: ssl.SSLContext, read: list[bytes]) -> None:
    with context.wrap_socket(sock, server_side=True) as tls:
        while data := tls.recv(4096):
            read.append(data)


# ---------------------------------------------------------------- the first time


def test_nobody_is_believed_unseen(serve: Serve, tmp_path: Path) -> None:
    """Who is met for the first time is named by the fingerprint, and gets nothing: no name, no hello."""
    server = serve()
    with pytest.raises(UnknownServer) as caught:
        client(where(server), tmp_path).open()
    assert server.identity.fingerprint in str(caught.value)
    assert caught.value.fingerprint == server.identity.fingerprint
    assert "roomchat trust tls://127.0.0.1" in str(caught.value)
    assert not (tmp_path / "known_servers").exists()


def test_who_is_trusted_once_is_known_by_the_key(serve: Serve, tmp_path: Path) -> None:
    """A line says so, for the person alone; from then on no word is needed, however the address is spelled."""
    server = serve()
    with client(where(server), tmp_path, trust=True) as chat:
        assert chat.uid == 1
    port = server.address[1]
    assert lines(tmp_path) == [f"localhost:{port} {server.identity.fingerprint}"]
    assert (tmp_path / "known_servers").stat().st_mode & 0o777 == 0o600
    for address in (where(server), f"tls://localhost:{port}", f"localhost:{port}"):
        with client(address, tmp_path) as chat:
            assert chat.uid == 1
            assert all(one.transport.secure for one in connections(server))


@pytest.mark.parametrize("form", [str.upper, lambda text: text.replace("-", ":"), lambda text: f"SHA256:{text}"])
def test_a_fingerprint_is_believed(serve: Serve, tmp_path: Path, form: Callable[[str], str]) -> None:
    """However it is written."""
    server = serve()
    with client(where(server), tmp_path, trust=form(server.identity.fingerprint)) as chat:
        assert chat.uid == 1
    assert lines(tmp_path)


def test_another_fingerprint_is_not(serve: Serve, tmp_path: Path) -> None:
    """Nothing is sent, and nothing is kept."""
    server = serve()
    with pytest.raises(OtherKey, match=f"was given: that is {FINGERPRINT}"):
        client(where(server), tmp_path, trust=FINGERPRINT).open()
    assert not (tmp_path / "known_servers").exists()


def test_what_is_no_fingerprint_is_told(tmp_path: Path) -> None:
    """Before anything is done."""
    with pytest.raises(ValueError, match="is not a fingerprint"):
        client("localhost", tmp_path, trust="3f2a")
    with pytest.raises(TypeError):
        client("localhost", tmp_path, trust=5)


def test_this_machine_is_talked_to_in_clear(serve: Serve, tmp_path: Path) -> None:
    """Unless somebody asks for more."""
    server = serve()
    for address in (f"127.0.0.1:{server.address[1]}", where(server, "tcp")):
        with client(address, tmp_path):
            assert not any(one.transport.secure for one in connections(server))
    assert not (tmp_path / "known_servers").exists()


def test_all_others_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without a scheme means TLS as soon as it is another machine's."""
    monkeypatch.setattr("roomchat.client.trust.is_loopback", lambda host: False)
    hear = listening(lambda sock, read: read.append(sock.recv(4096)))
    with hear as (address, read), pytest.raises(ConnectError):
        client(address.removeprefix("tls://"), tmp_path).open()
    assert read[0][:1] == b"\x16"


def test_a_name_of_this_machine_that_leads_elsewhere_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers for names may say that ``localhost`` is his machine."""
    monkeypatch.setattr("roomchat.client.trust.is_loopback", lambda host: host == "localhost")
    hear = listening(lambda sock, read: read.append(sock.recv(4096)))
    with hear as (address, read), pytest.raises(ConnectError):
        client(address.replace("tls://127.0.0.1", "localhost"), tmp_path).open()
    assert read[0] == b""
    assert all(data[:1] == b"\x16" for data in read[1:])


def test_a_handshake_that_comes_byte_by_byte_has_an_end() -> None:
    """Its time is for all of it."""
    tired = threading.Event()

    def drip(sock: socket.socket, read: list[bytes]) -> None:
        sock.sendall(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")
        while not tired.wait(0.02):
            sock.sendall(b"\0")

    with listening(drip) as (address, _):
        try:
            with pytest.raises(ConnectError):
                Trust(parse_address(address), KnownServers(None)).connect(0.3)
        finally:
            tired.set()


# ---------------------------------------------------------------- authorities


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """One that this machine believes."""
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return found


def vouched(authority: trustme.CA, folder: Path, *names: str) -> str:
    """A certificate of it, with its key, in one file."""
    path = folder / "vouched.pem"
    authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(path)
    return str(path)


def test_who_an_authority_vouches_for_is_believed(serve: Serve, tmp_path: Path, authority: trustme.CA) -> None:
    """As a browser does; a renewed key needs no word of anybody."""
    pem = vouched(authority, tmp_path, "localhost", "127.0.0.1")
    server = serve(tls_cert=pem)
    with client(where(server), tmp_path) as chat:
        assert chat.uid == 1
    assert lines(tmp_path) == [f"localhost:{server.address[1]} {AUTHORITY}"]
    vouched(authority, tmp_path, "localhost", "127.0.0.1")
    server.identity.look(again=True)
    with client(where(server), tmp_path) as chat:
        assert chat.uid == 1


def test_a_certificate_of_another_name_is_no_better_than_none(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    """The authority has vouched for somebody else."""
    server = serve(tls_cert=vouched(authority, tmp_path, "other.example.org"))
    with pytest.raises(UnknownServer):
        client(where(server), tmp_path).open()


def test_an_authority_that_is_gone_is_told(serve: Serve, tmp_path: Path, authority: trustme.CA) -> None:
    """Who was vouched for is not trusted at a first use again."""
    server = serve(tls_cert=vouched(authority, tmp_path, "127.0.0.1"))
    with client(where(server), tmp_path):
        pass
    cert, key = issue(tmp_path, "127.0.0.1")
    Path(tmp_path / "vouched.pem").write_text(Path(cert).read_text() + Path(key).read_text())
    server.identity.look(again=True)
    with pytest.raises(Unverified, match="can't be verified any more"):
        client(where(server), tmp_path, trust=True).open()


# ---------------------------------------------------------------- somebody in between


def moved(folder: Path, server: Server, address: str) -> None:
    """What was known of a server is known of that address: its traffic goes over somebody else now."""
    known = KnownServers(folder)
    KnownServers(folder).put(parse_address(address), known.get(parse_address(where(server))) or "")


@pytest.mark.parametrize("trust", [False, True])
def test_another_key_is_refused_before_anything_is_sent(serve: Serve, tmp_path: Path, trust: bool) -> None:
    """Both fingerprints are told, and what to do."""
    server = serve()
    with client(where(server), tmp_path, trust=True):
        pass
    with in_between(server, tmp_path) as (address, read):
        moved(tmp_path, server, address)
        with pytest.raises(ChangedKey) as caught:
            client(address, tmp_path, trust=trust).open()
    assert server.identity.fingerprint in str(caught.value)
    assert caught.value.fingerprint in str(caught.value)
    assert read == []


def test_a_session_knows_its_key_by_itself(tmp_path: Path) -> None:
    """Where the file of known servers is lost, its token still goes to nobody else."""
    with Server(Settings(port=0)) as server, client(where(server), tmp_path, trust=True):
        port = server.address[1]
    (tmp_path / "known_servers").unlink()
    cert, key = issue(tmp_path, "127.0.0.1")
    with Server(Settings(port=port, tls_cert=cert, tls_key=key)) as other:
        with pytest.raises(ChangedKey):
            client(where(other), tmp_path, trust=True).open()
        assert not (tmp_path / "known_servers").exists()


def test_a_key_that_changes_ends_the_session(tmp_path: Path) -> None:
    """Also one that was connected: it does not try again, and what it has still to say is kept."""
    ended = threading.Event()
    events: list[object] = []

    def on_event(event: object) -> None:
        events.append(event)
        if isinstance(event, ConnectionEnded):
            ended.set()

    with Server(Settings(port=0)) as server:
        port = server.address[1]
        chat = client(where(server), tmp_path, trust=True, on_event=on_event).open()
    chat.say("a secret", "tea")
    cert, key = issue(tmp_path, "127.0.0.1")
    with Server(Settings(port=port, tls_cert=cert, tls_key=key)):
        assert ended.wait(DEADLINE)
    assert "the one that it had" in str(events[-1])
    chat.close()


def test_a_downgrade_gets_nothing(serve: Serve, tmp_path: Path) -> None:
    """Somebody answers in clear, with all the right words: the client does not listen."""
    server = serve()
    with client(where(server), tmp_path, trust=True):
        pass
    welcome = json.dumps({"type": "welcome", "uid": 1, "name": "ann", "token": "t"}).encode() + b"\n"

    def answer(sock: socket.socket, read: list[bytes]) -> None:
        sock.sendall(welcome)
        read.append(sock.recv(4096))

    with listening(answer) as (address, read):
        moved(tmp_path, server, address)
        with pytest.raises(NoTls, match="as the server there did before") as raised:
            client(address, tmp_path, retry=True).open()
    assert "tcp://" not in str(raised.value)  # nor is the person talked into it
    assert all(data[:1] in (b"\x16", b"\x15") for data in read)


def test_who_was_met_encrypted_is_not_talked_to_in_clear(serve: Serve, tmp_path: Path) -> None:
    """Not even when it is asked for; the person must say that the server is to be forgotten."""
    server = serve()
    with client(where(server), tmp_path, trust=True):
        pass
    address = parse_address(where(server, "tcp"))
    for forget in (KnownServers(tmp_path).forget, partial(forget_keys, tmp_path)):
        # The session belongs to the key by itself: its token goes to nobody in clear, should the file be lost.
        with pytest.raises(InClear, match=r"roomchat trust --forget"):
            client(where(server, "tcp"), tmp_path).open()
        assert forget(address)
        assert not forget(address)
    with client(where(server, "tcp"), tmp_path) as chat:
        assert chat.uid == 1


def test_who_forgets_a_server_meets_it_anew(tmp_path: Path) -> None:
    """With another key, too; but no word is believed in its place that nobody has given."""
    with Server(Settings(port=0)) as server, client(where(server), tmp_path, trust=True):
        port = server.address[1]
    KnownServers(tmp_path).forget(parse_address(where(server)))
    assert forget_keys(tmp_path, parse_address(f"localhost:{port}"))
    cert, key = issue(tmp_path, "127.0.0.1")
    with Server(Settings(port=port, tls_cert=cert, tls_key=key)) as other:
        with pytest.raises(UnknownServer):
            client(where(other), tmp_path).open()
        with client(where(other), tmp_path, trust=True) as chat:
            assert chat.uid == 1


def test_a_session_that_cant_be_changed_is_told(tmp_path: Path) -> None:
    """Else its key would count still."""
    path = server_folder(tmp_path, Address("a.example", 1), "ann") / "ann.db"
    path.parent.mkdir()
    path.write_text("no database" * 100)
    with pytest.raises(StateError, match="Can't change the session in"):
        forget_keys(tmp_path, Address("a.example", 1))


def test_a_server_without_tls_is_told_with_a_way(tmp_path: Path) -> None:
    """An older roomchat answers with an alert; another program with something else."""
    for data in (b"\x15\x03\x01\x00\x02\x02\x28", b"220 mail.example.org\r\n"):

        def answer(sock: socket.socket, read: list[bytes], data: bytes = data) -> None:
            sock.recv(4096)
            sock.sendall(data)

        with listening(answer) as (address, _), pytest.raises(NoTls, match=r"tcp://127\.0\.0\.1:\d+ connects"):
            client(address, tmp_path).open()


def test_a_cut_in_the_middle_of_a_message_is_a_lost_connection(serve: Serve, tmp_path: Path) -> None:
    """Nothing of half a record is shown; all comes over the next connections, once."""
    with client(where(server := serve()), tmp_path, trust=True) as chat:
        chat.join("tea")
        for number in range(30):
            chat.say(f"{number} " + "x" * 5000, "tea")
            if number % 10 == 5:
                cut(server)
        texts = [message.text.split()[0] for message in _take(chat, 30)]
    assert texts == [str(number) for number in range(30)]


def test_many_threads_may_say_things_while_others_come(serve: Serve, tmp_path: Path) -> None:
    """What OpenSSL keeps of a connection is touched by one thread at a time, and everything stays in order."""
    with client(where(serve(rate=0)), tmp_path, trust=True) as chat:
        chat.join("tea")
        threads = [
            threading.Thread(target=lambda name=name: [chat.say(f"{name} {n}", "tea") for n in range(150)])
            for name in "abcd"
        ]
        for one in threads:
            one.start()
        texts = [message.text.split() for message in _take(chat, 600)]
        for one in threads:
            one.join()
    for name in "abcd":
        assert [int(n) for who, n in texts if who == name] == list(range(150))


def _take(chat: Client, count: int) -> list[roomchat.Message]:
    found = []
    for message in chat.messages(own=True):
        found.append(message)
        if len(found) == count:
            break
    return found


# ---------------------------------------------------------------- the file


def test_the_file_is_a_line_a_server(tmp_path: Path) -> None:
    """Each can be changed and forgotten without the others; what is no line of ours stays."""
    known = KnownServers(tmp_path)
    (tmp_path / "known_servers").write_text("# mine\n")
    known.put(Address("a.example", 1), FINGERPRINT)
    known.put(Address("b.example", 2), AUTHORITY)
    known.put(Address("A.example.", 1), FINGERPRINT.replace("3", "4"))
    assert known.get(Address("a.example", 1)) == FINGERPRINT.replace("3", "4")
    assert known.get(Address("a.example", 2)) is None
    assert known.forget(Address("b.example", 2))
    assert not known.forget(Address("b.example", 2))
    assert lines(tmp_path) == ["# mine", f"a.example:1 {FINGERPRINT.replace('3', '4')}"]


def test_a_damaged_line_is_no_first_use(tmp_path: Path) -> None:
    """Of a server of which something is known, nothing else is believed in silence."""
    (tmp_path / "known_servers").write_text("a.example:1 3f2a\n")
    with pytest.raises(StateError, match="can't be read"):
        Trust(Address("a.example", 1), KnownServers(tmp_path)).expected()


@pytest.mark.parametrize("written", [" a.example:5050\t", "A.Example.:5050 ", "a.example  "])
def test_a_line_may_be_written_by_hand(tmp_path: Path, written: str) -> None:
    """With any blanks, and as the address may be typed; else the key in it would be passed over in silence."""
    (tmp_path / "known_servers").write_text(f"# a.example\n\n{written}{FINGERPRINT} \n")
    known = KnownServers(tmp_path)
    assert known.get(Address("a.example", 5050)) == FINGERPRINT
    assert known.forget(Address("a.example", 5050))
    assert lines(tmp_path) == ["# a.example", ""]


def test_a_damaged_line_can_be_forgotten(tmp_path: Path) -> None:
    """And be replaced."""
    for change in (KnownServers.forget, partial(KnownServers.put, key=FINGERPRINT)):
        (tmp_path / "known_servers").write_text("a.example:1 3f2a\n")
        change(KnownServers(tmp_path), Address("a.example", 1))
        assert KnownServers(tmp_path).get(Address("a.example", 1)) in (None, FINGERPRINT)


def test_a_file_behind_a_link_stays_there(tmp_path: Path) -> None:
    """People keep such files in a folder of their own; it is for them alone, as ever."""
    (tmp_path / "mine").mkdir()
    there = tmp_path / "mine" / "known"
    (tmp_path / "known_servers").symlink_to(there)
    KnownServers(tmp_path).put(Address("a.example", 1), FINGERPRINT)
    assert KnownServers(tmp_path).get(Address("a.example", 1)) == FINGERPRINT
    assert (tmp_path / "known_servers").is_symlink()
    assert there.read_text() == f"a.example:1 {FINGERPRINT}\n"
    assert there.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in there.parent.iterdir()] == ["known"]


@pytest.mark.parametrize("keep", [True, False])
def test_a_file_that_others_may_write_is_refused(tmp_path: Path, keep: bool) -> None:
    """They would say whom this person trusts. With what to do."""
    path = tmp_path / "known_servers"
    path.write_text(f"a.example:1 {FINGERPRINT}\n")
    known = KnownServers(tmp_path, keep=keep)
    for mode in (0o620, 0o602):
        path.chmod(mode)
        for use in (known.get, known.forget, partial(known.put, key=FINGERPRINT)):
            with pytest.raises(StateError, match="chmod 600"):
                use(Address("a.example", 1))
    path.chmod(0o644)
    assert known.get(Address("a.example", 1)) == FINGERPRINT


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But the one of who runs the machine counts."""
    path = tmp_path / "known_servers"
    path.write_text(f"a.example:1 {FINGERPRINT}\n")
    if os.geteuid() == 0:
        monkeypatch.setattr("os.geteuid", lambda: 12345)
        assert KnownServers(tmp_path).get(Address("a.example", 1)) == FINGERPRINT
        os.chown(path, 54321, -1)
    else:
        monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(StateError, match="belongs to somebody else"):
        KnownServers(tmp_path).get(Address("a.example", 1))


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A named pipe would be waited for."""
    os.mkfifo(tmp_path / "known_servers")
    with pytest.raises(StateError, match="is no file"):
        KnownServers(tmp_path).get(Address("a.example", 1))


def test_what_is_not_known_needs_no_place_to_be_forgotten(tmp_path: Path) -> None:
    """Nothing is made, or written."""
    (tmp_path / "file").write_text("")
    assert not KnownServers(tmp_path / "file").forget(Address("a.example", 1))
    assert not KnownServers(tmp_path / "none").forget(Address("a.example", 1))
    assert not (tmp_path / "none").exists()
    with pytest.raises(StateError, match="Can't write"):
        KnownServers(tmp_path / "file").put(Address("a.example", 1), FINGERPRINT)


def test_a_file_that_cant_be_read_is_told_where_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose home is another's can keep nothing, and talks to this machine all the same."""
    (tmp_path / "known_servers").touch()

    def read(*arguments: object, **options: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", read)
    with pytest.raises(StateError, match="Permission denied"):
        KnownServers(tmp_path).get(Address("localhost", 5050))
    assert KnownServers(tmp_path, keep=False).get(Address("localhost", 5050)) is None


def test_who_keeps_nothing_still_knows_whom_it_met(serve: Serve, tmp_path: Path) -> None:
    """A session that has no place, on a full disk, say, is no way around a key that has changed."""
    address = parse_address(where(serve()))
    KnownServers(tmp_path).put(address, FINGERPRINT)
    known = KnownServers(tmp_path, keep=False)
    with pytest.raises(ChangedKey):
        Trust(address, known, trust=True).connect(DEADLINE)
    known.put(address, AUTHORITY)
    assert known.get(address) == AUTHORITY
    assert KnownServers(tmp_path).get(address) == FINGERPRINT


def test_a_program_that_has_no_place_for_its_session_is_not_fooled(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `roomchat send` goes on without one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    address = where(serve())
    KnownServers(tmp_path / "roomchat").put(parse_address(address), FINGERPRINT)
    server_folder(tmp_path / "roomchat", parse_address(address), "ann").write_text("in the way")
    with pytest.raises(ChangedKey):
        connect_once(address, "ann", others=False, request_timeout=DEADLINE, trust=True)


def test_many_may_write_at_a_time(tmp_path: Path) -> None:
    """No line is lost."""
    threads = [
        threading.Thread(target=KnownServers(tmp_path).put, args=(Address("a.example", port), FINGERPRINT))
        for port in range(20)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(lines(tmp_path)) == 20


def test_all_that_is_distrusted_is_a_connect_error() -> None:
    """Programs that know nothing of it end with its sentence."""
    assert issubclass(Distrusted, ConnectError)
