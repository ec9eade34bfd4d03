"""KTN clients in each of the styles that exist, on a whole server. The rows K1 to K15 of docs/seed-systems.md."""

from __future__ import annotations

import codecs
import json
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.chat.inputs import Connected
from roomchat.dialect import Terms
from roomchat.protocol import Hello, Join, Say
from roomchat.server import Server
from roomchat.settings import Settings
from tests.memory import Chat
from tests.peer import DEADLINE, Peer

Serve = Callable[..., Server]
Connect = Callable[..., Peer]
Answer = dict[str, Any]

ABSENT = object()  # a request without the field "content"
GAP = 0.09  # seconds that are always between two writes; the server leaves 0.1
TICK = 0.01  # seconds


class Client:
    """A KTN client of 2016: what comes is taken apart by a thread of its own, as it is in all of them.

    A style says how it puts its requests, and what it makes of the bytes of one ``recv``.
    """

    empty: object = None  # its content when there is none
    end = b""  # behind each request
    bytewise = False

    def __init__(self, address: tuple[str, int], receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect(address)
        self.socket.settimeout(TICK)
        self.times: list[
            tuple[float, float]
        ] = []  # for each recv: when its bytes came, at the earliest and latest
        self._answers: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    # ------------------------------------------------------------ what the styles differ in

    def parse(self, data: bytes) -> list[Answer]:
        """The answers that the bytes of one ``recv`` complete."""
        raise NotImplementedError

    def message(self, element: Any) -> tuple[str, str]:
        """Sender and text of an element of a list of messages."""
        raise NotImplementedError

    # ------------------------------------------------------------ its receiver

    def _receive(self) -> None:
        begun = time.monotonic()
        while not self._over.is_set():
            earliest, begun = begun, time.monotonic()
            try:
                data = self.socket.recv(4096)
            except TimeoutError:
                continue
            except OSError as error:
                self._answers.put(error)
                return
            if not data:
                self._answers.put(EOFError())
                return
            self.times.append((earliest, time.monotonic()))
            try:
                for answer in self.parse(data):
                    self._answers.put(answer)
            except Exception as error:  # noqa: BLE001 - whoever waits for an answer gets it
                self._answers.put(error)
                return

    @property
    def late(self) -> bool:
        """Whether this thread was held up so long that two answers may have come meanwhile."""
        earliest, latest = self.times[-1]
        return latest - earliest >= GAP

    def next(self) -> Answer:
        """The next answer. Raises EOFError when the server has ended the connection."""
        answer = self._answers.get(timeout=DEADLINE)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def rest(self) -> list[Answer]:
        """All answers up to the end of the connection."""
        answers = []
        while True:
            try:
                answers.append(self.next())
            except EOFError:
                return answers

    # ------------------------------------------------------------ what its person does

    def encode(self, request: str, content: object = ABSENT) -> bytes:
        """A request as it is sent."""
        value = {"request": request}
        if content is not ABSENT:
            value["content"] = content
        return json.dumps(value).encode() + self.end

    def send(self, data: bytes) -> None:
        """As this style sends."""
        for part in [data[at : at + 1] for at in range(len(data))] if self.bytewise else [data]:
            self.socket.sendall(part)

    def ask(self, request: str, content: object = ABSENT) -> None:
        """Send a request."""
        self.send(self.encode(request, content))

    def expect(self, response: str) -> Any:
        """The content of the next answer, which must be of this kind."""
        answer = self.next()
        sound(answer)
        assert answer["response"] == response, answer
        assert answer["sender"] == "server"
        return answer["content"]

    def hear(self) -> tuple[str, str]:
        """Sender and text of the next answer, which must be a message."""
        answer = self.next()
        sound(answer)
        assert answer["response"] == "message", answer
        return answer["sender"], answer["content"]

    def log_in(self, name: str, before: int = 0) -> list[tuple[str, str]]:
        """Log in; return the messages that were said ``before``."""
        self.ask("login", name)
        assert self.expect("info").startswith("Login successful")
        return [self.hear() for _ in range(before)]

    def log_in_to_list(self, name: str) -> list[tuple[str, str]]:
        """Log in where what was said comes as a list."""
        self.log_in(name)
        return [self.message(element) for element in self.expect("history")]

    def say(self, text: str) -> None:
        """Say something; the server tells that it was said."""
        self.ask("msg", text)

    def said(self, name: str, text: str) -> None:
        """What the sender itself is told of a message."""
        assert self.expect("info")

    def names(self) -> list[str]:
        """Who is there."""
        self.ask("names", self.empty)
        return sorted(self.expect("info").split(", "))

    def help(self) -> str:
        """Which requests there are."""
        self.ask("help", self.empty)
        return self.expect("info")

    def log_out(self) -> None:
        """The server ends the connection after it."""
        self.ask("logout", self.empty)
        self.expect("info")
        with pytest.raises(EOFError):
            self.next()

    def half_close(self) -> None:
        """Send no more."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """A second time does no harm."""
        self._over.set()
        self._thread.join()
        self.socket.close()


def sound(answer: Answer) -> None:
    """Every answer has just these fields, and strings where strings are wanted."""
    assert set(answer) == {"timestamp", "sender", "response", "content"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["timestamp"])
    assert isinstance(answer["sender"], str)
    assert answer["response"] in ("error", "info", "message", "history")
    assert isinstance(answer["content"], list if answer["response"] == "history" else str)


class Whole(Client):
    """Takes what one ``recv(4096)`` brings for one object, and wants the elements of a list as objects."""

    def parse(self, data: bytes) -> list[Answer]:
        if self.late and data.count(b"\n") > 1:  # no fault of the server
            return [json.loads(line) for line in data.splitlines()]
        return [json.loads(data)]

    def message(self, element: Any) -> tuple[str, str]:
        return element["sender"], element["content"]


class WholeNone(Whole):
    """The same, with a word where there is no content, as Python writes it."""

    empty = "None"


class Lines(Client):
    """Splits at line feeds, and sends one behind each request; the elements of a list are strings."""

    empty = ""
    end = b"\n"
    _rest = b""

    def parse(self, data: bytes) -> list[Answer]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def message(self, element: Any) -> tuple[str, str]:
        element = json.loads(element)
        return element["sender"], element["content"]


class Incremental(Client):
    """Takes objects off the front of what came so far; sends byte by byte, and no field without content."""

    empty = ABSENT
    bytewise = True
    _text = ""

    def __init__(self, *arguments: Any) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        super().__init__(*arguments)

    def parse(self, data: bytes) -> list[Answer]:
        self._text = (self._text + self._decoder.decode(data)).lstrip()
        answers = []
        while self._text:
            try:
                answer, end = json.JSONDecoder().raw_decode(self._text)
            except ValueError:
                break
            answers.append(answer)
            self._text = self._text[end:].lstrip()
        return answers

    message = Whole.message


class PrettyPrinted(Incremental):
    """Its requests go over several lines."""

    end = b"\r\n"
    bytewise = False

    def encode(self, request: str, content: object = ABSENT) -> bytes:
        return json.dumps(json.loads(super().encode(request, content)), indent=4).encode() + self.end


class Of2014(Whole):
    """The older form: other fields both ways, and its own messages come back."""

    def encode(self, request: str, content: object = ABSENT) -> bytes:
        value: dict[str, object] = {"request": "message" if request == "msg" else request}
        if request in ("login", "msg"):
            value["username" if request == "login" else "message"] = content
        return json.dumps(value).encode()

    def expect(self, response: str) -> Any:
        answer = self.next()
        assert answer["response"] == response, answer
        assert "error" not in answer
        return answer["username" if response in ("login", "logout") else "message"]

    def hear(self) -> tuple[str, str]:
        return self.message(self.expect("message"))

    def message(self, element: str) -> tuple[str, str]:
        match = re.fullmatch(r"\d\d:\d\d:\d\d (\w+): (.*)", element)
        assert match, element
        return match[1], match[2]

    def log_in(self, name: str, before: int = 0) -> list[tuple[str, str]]:
        self.ask("login", name)
        answer = self.next()
        assert (answer["response"], answer["username"], len(answer["messages"])) == ("login", name, before)
        return [self.message(element) for element in answer["messages"]]

    def said(self, name: str, text: str) -> None:
        assert self.hear() == (name, text)

    def names(self) -> list[str]:
        self.ask("names")
        return sorted(self.expect("message").split(", "))

    def help(self) -> str:
        self.ask("help")
        return self.expect("message")

    def log_out(self) -> None:
        self.ask("logout")
        self.expect("logout")
        assert self.rest() == []


STYLES = [Whole, WholeNone, Lines, Incremental, PrettyPrinted, Of2014]


@pytest.fixture
def open_ktn() -> Iterator[Callable[..., Client]]:
    """Connect a client of a style to a server; at the end all are closed, and their threads have ended."""
    with ExitStack() as stack:

        def start(server: Server, style: type[Client] = Whole, name: str | None = None, **options: Any) -> Client:
            client = style(server.address, **options)
            stack.callback(client.close)
            if name is not None:
                client.log_in(name)
            return client

        yield start


Open = Callable[..., Client]


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pause between two answers, where a test is not about it."""
    monkeypatch.setattr("roomchat.wires.ktn._Ktn.pace", 0.0)


def answers(server: Server, *requests: bytes) -> list[Answer]:
    """All answers to requests of one connection, which sends them at once and then no more."""
    with socket.create_connection(server.address, timeout=DEADLINE) as sock:
        sock.sendall(b"".join(requests))
        sock.shutdown(socket.SHUT_WR)
        data = bytearray()
        while part := sock.recv(65536):
            data += part
    return [json.loads(line) for line in data.splitlines()]


def told(server: Server, *requests: bytes) -> list[tuple[str, Any]]:
    """The same in short."""
    result = answers(server, *requests)
    for one in result:
        sound(one)
    return [(one["response"], one["content"]) for one in result]


def request(request: str, content: object = ABSENT) -> bytes:
    """As most clients put it."""
    return json.dumps({"request": request} | ({} if content is ABSENT else {"content": content})).encode()


def request_2014(request: str, **fields: object) -> bytes:
    """The older form."""
    return json.dumps({"request": request, **fields}).encode()


# ---------------------------------------------------------------- all together


def test_clients_of_every_style_chat_with_each_other_and_a_native_one(
    serve: Serve, connect: Connect, open_ktn: Open
) -> None:
    """They read the help, log in, see what was said before, hear everyone once, ask names, and log out."""
    server = serve()
    native = connect(server, "nat")
    native.join("lobby")
    before = [("nat", "first"), ("nat", 'sécond {"}')]
    for _, text in before:
        native.send("say", text=text)
    native.messages(2)
    clients = {f"{style.__name__}1": open_ktn(server, style) for style in STYLES}
    with ThreadPoolExecutor(len(clients)) as pool:

        def each(do: Callable[[str, Client], object]) -> list[Any]:
            return list(pool.map(do, clients, clients.values()))

        # Which of the two forms a client speaks is not seen in a request for help; so that of 2014 asks later.
        helps = each(lambda name, client: name == "Of20141" or client.help())
        assert all(one is True or "login" in one for one in helps)
        assert each(lambda name, client: client.log_in(name, len(before))) == [before] * len(clients)
        native.send("say", text="all here?")
        assert set(each(lambda name, client: client.hear())) == {("nat", "all here?")}
        for name, client in clients.items():
            client.say(f"I am {name}, {{ø}}")

        def listen(name: str, client: Client) -> list[tuple[str, str]]:
            """The messages of the others, and in 2014 its own; between them an info on its own."""
            result = []
            for _ in clients:
                answer = client.next()
                if answer["response"] == "info":
                    assert answer["content"] == "Message sent."
                elif "sender" in answer:
                    result.append((answer["sender"], answer["content"]))
                else:
                    result.append(client.message(answer["message"]))
            return result

        spoken = [(one["name"], one["text"]) for one in native.messages(1 + len(clients))][1:]
        assert sorted(spoken) == sorted((name, f"I am {name}, {{ø}}") for name in clients)
        for name, result in zip(clients, each(listen), strict=True):
            assert result == [one for one in spoken if one[0] != name or name == "Of20141"]
        everyone = sorted([*clients, "nat"])
        assert each(lambda name, client: client.names()) == [everyone] * len(clients)
        assert "login" in clients["Of20141"].help()
        each(lambda name, client: client.log_out())
    for _ in clients:
        assert native.until("member_left")["reason"] == "bye"
    native.send("who", room="lobby")
    assert [one["name"] for one in native.until("who")["clients"]] == ["nat"]


@pytest.mark.parametrize(("setting", "style"), [("objects", Whole), ("strings", Lines)])
def test_what_was_said_before_as_a_list(
    serve: Serve, connect: Connect, open_ktn: Open, setting: str, style: type[Client]
) -> None:
    """One answer has all of it, oldest first, each element as the setting says; and none is a list of none."""
    server = serve(ktn_history=setting)
    assert open_ktn(server, style).log_in_to_list("first") == []
    native = connect(server, "nat")
    native.join("lobby")
    texts = ["one", "two\nlines", '"three"', "3 \\ 4"]
    for text in texts:
        native.send("say", text=text)
    native.sync()
    client = open_ktn(server, style)
    assert client.log_in_to_list("ann") == [("nat", text.replace("\n", "\nnat: ")) for text in texts]
    client.say("five")
    client.said("ann", "five")
    assert open_ktn(server, style).log_in_to_list("bob")[-1] == ("ann", "five")


def test_no_more_than_the_last_messages_are_told(serve: Serve, unpaced: None) -> None:
    """As many as someone on the native wire is shown on joining, and the newest of them."""
    server = serve(history=3)
    assert len(told(server, request("login", "ann"), *(request("msg", f"text {n}") for n in range(9)))) == 10
    assert told(server, request("login", "bob"))[1:] == [("message", f"text {n}") for n in (6, 7, 8)]
    server = serve(history=0)
    told(server, request("login", "ann"), request("msg", "text"))
    assert len(told(server, request("login", "bob"))) == 1
    [answer] = answers(server, request_2014("login", username="cyd"))
    assert answer == {"response": "login", "username": "cyd", "messages": []}


# ---------------------------------------------------------------- the time between two answers


def test_a_tenth_of_a_second_is_between_two_answers(serve: Serve, open_ktn: Open) -> None:
    """What is asked for at once is answered one by one, with a gap that a parser of whole reads needs."""
    client = open_ktn(serve())
    client.send(b"".join(client.encode("help") for _ in range(5)))
    for _ in range(5):
        client.expect("info")
    for (earliest, _), (_, latest) in pairwise(client.times):
        assert latest - earliest >= GAP


def test_a_range_of_the_log_is_told_one_by_one(serve: Serve, connect: Connect, open_ktn: Open) -> None:
    """Messages that come in one piece, from the log or said at once, are not sent in one."""
    server = serve()
    native = connect(server, "nat")
    native.join("lobby")
    native.send_bytes(b"".join(b'{"type":"say","text":"%d"}\n' % n for n in range(3)))
    native.messages(3)
    client = open_ktn(server)
    assert client.log_in("ann", 3) == [("nat", str(n)) for n in range(3)]
    native.send_bytes(b"".join(b'{"type":"say","text":"%d"}\n' % n for n in range(3, 6)))
    assert [client.hear() for _ in range(3)] == [("nat", str(n)) for n in range(3, 6)]
    for (earliest, _), (_, latest) in pairwise(client.times):
        assert latest - earliest >= GAP


@pytest.mark.parametrize("outbox_limit", [1024 * 1024, 1000])
def test_a_slow_ktn_user_holds_nobody_up(
    serve: Serve, connect: Connect, open_ktn: Open, outbox_limit: int
) -> None:
    """Others hear a busy speaker at their own pace; the KTN user hears the same, in order, at its own."""
    server = serve(outbox_limit=outbox_limit)
    native, other = connect(server, "nat"), connect(server, "otto")
    native.join("lobby")
    other.join("lobby")
    client = open_ktn(server, Lines, "ann")
    texts = [f"text {n}" for n in range(300)]  # half a minute for a KTN user
    native.send_bytes(b"".join(b'{"type":"say","text":"%s"}\n' % text.encode() for text in texts))
    assert [one["text"] for one in other.messages(len(texts))] == texts
    assert len(client.times) < len(texts)
    assert [client.hear() for _ in texts[:15]] == [("nat", text) for text in texts[:15]]


def test_own_messages_do_not_come_back_to_who_fell_behind(
    serve: Serve, connect: Connect, open_ktn: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is caught up from the log misses nothing, and is told of its own messages only that they were sent."""
    monkeypatch.setattr("roomchat.wires.ktn._Ktn.pace", 0.005)
    server = serve(outbox_limit=1000)
    native = connect(server, "nat")
    native.join("lobby")
    client = open_ktn(server, Lines, "ann")
    texts = [f"text {n}" for n in range(60)]
    says = [b'{"type":"say","text":"%s"}\n' % text.encode() for text in texts]
    native.send_bytes(b"".join(says[:30]))
    native.sync()
    client.say("mine")
    native.until("message", text="mine")
    native.send_bytes(b"".join(says[30:]))
    native.sync()
    client.half_close()
    rest = client.rest()
    assert [one["content"] for one in rest if one["response"] == "message"] == texts
    assert [one["content"] for one in rest if one["response"] == "info"] == ["Message sent."]


# ---------------------------------------------------------------- what is asked wrongly


@pytest.mark.parametrize("content", [ABSENT, None, "", "None"], ids=["absent", "null", "empty", "None"])
def test_no_content_is_said_in_four_ways(serve: Serve, unpaced: None, content: object) -> None:
    """Requests without content are the same whether it is absent, null, empty or the word None."""
    server = serve()
    kinds = told(
        server,
        request("help", content),
        request("login", content),
        request("login", "ann"),
        request("names", content),
        request("msg", content),
        request("help", content),
        request("logout", content),
    )
    assert [kind for kind, _ in kinds] == ["info", "error", "info", "info", "error", "info", "info"]
    assert kinds[3] == ("info", "ann")


@pytest.mark.parametrize("content", [5, 2**70, 1.5, True, [], ["a"], {"a": {}}], ids=repr)
def test_content_that_is_no_string_is_taken_as_json(serve: Serve, unpaced: None, content: object) -> None:
    """A message that is no string is the text of it; nothing breaks."""
    server = serve(ktn_echo=True, history=0)
    [_, (kind, text)] = told(server, request("login", "ann"), request("msg", content))
    assert kind == "message"
    assert json.loads(text) == content
    assert len(told(server, request("help"), request("login", content), request("names", content))) == 3


def test_before_the_login_only_login_and_help_are_taken(serve: Serve, unpaced: None) -> None:
    """All else is an error, the logout too, and the connection lives on."""
    kinds = told(
        serve(),
        request("msg", "hello"),
        request("names"),
        request("logout"),
        request("help"),
        request("dance"),
        request("login", "ann"),
        request("names"),
    )
    assert [kind for kind, _ in kinds] == ["error", "error", "error", "info", "error", "info", "info"]
    assert "not logged in" in kinds[0][1]
    assert kinds[0] == kinds[1] == kinds[2]
    assert all(word in kinds[3][1] for word in ("login", "logout", "msg", "names", "help"))
    assert kinds[-1] == ("info", "ann")


WRONG_NAMES = ["", " ", "a b", "ann_b", "ann!", "a-b", "ånn", "𝟙", "a" * 33, "ann\u0000", "[\\]^_`", "a,b"]


def test_there_are_three_ways_not_to_be_logged_in(serve: Serve, open_ktn: Open, unpaced: None) -> None:
    """A name of the wrong form, one that is taken in any case, and a second login: three different errors."""
    server = serve()
    ann = open_ktn(server, Lines, "ann")
    others = open_ktn(server, Lines)
    wrong, taken = set(), set()
    for name in WRONG_NAMES:
        others.ask("login", name)
        wrong.add(re.sub("'.*'", "NAME", others.expect("error")))
    for name in ("ann", "ANN", " ann "):
        others.ask("login", name)
        taken.add(others.expect("error"))
    again = set()
    for name in ("ann", "bob"):
        ann.ask("login", name)
        again.add(ann.expect("error"))
    assert len(wrong) == 2  # the form, and the length
    assert len(taken) == len(again) == 1
    assert len(wrong | taken | again) == 4
    assert others.log_in("Bob2") == []
    assert ann.names() == ["Bob2", "ann"]


@pytest.mark.parametrize("setting", ["messages", "objects", "strings"])
def test_a_second_login_has_one_answer(serve: Serve, unpaced: None, setting: str) -> None:
    """It is an error and nothing else: what was said before is not told anew, and no empty list of it either."""
    server = serve(ktn_history=setting)
    told(server, request("login", "ann"), request("msg", "before"))
    kinds = told(
        server, request("login", "bob"), request("login", "bob"), request("login", "cyd"), request("names")
    )
    before = "message" if setting == "messages" else "history"
    assert [kind for kind, _ in kinds] == ["info", before, "error", "error", "info"]
    assert kinds[-1] == ("info", "bob")


BROKEN = [
    b"hello\n", b"[]\n", b"null\n", b"}\n", b"{nope}", b'{"request" "help"}', b'{"request":"help",}',
    b'{"request":"he\n', b'{"request":"msg","content":"abc\\\n', b'{"request":"msg","content":"\xff"}',
    b'{"request":"msg","content":"\\ud800"}', b'{"request":"msg","content":NaN}',
    b'{"request":"msg","content":1e999}', b'{"request":"msg","content":%s}' % (b"9" * 5000),
    b'{"request":' + b"[" * 30_000 + b"]" * 30_000 + b"}", b'{"request":"msg","content":"' + b"x" * 70_000 + b'"}',
    b"{}", b'{"content":"help"}', b'{"request":null}', b'{"request":5}', b'{"request":%s}' % (b"9" * 4000),
    b'{"request":["help"]}', b'{"request":{"help":1}}', b'{"request":""}', b'{"request":"dance"}',
    b'{"request":"LOGIN"}', b'{"request":"msg","content":"%s"}' % (b"x" * 9000),
    b'{"request":"%s"}' % (b"{x}" * 300), b'{"request":"\\u0000\\u001b[2J"}',
]  # fmt: skip


BACKSLASH = b'{"request":"msg","content":"abc\\\n'


@pytest.mark.parametrize(
    "broken",
    BROKEN,
    ids=lambda one: repr(one)[:60],
)
def test_broken_requests_are_an_error_and_no_more(serve: Serve, unpaced: None, broken: bytes) -> None:
    """What is no request gets one error, and whatever stands behind it is answered."""
    kinds = told(serve(), request("login", "ann"), broken, request("names"), broken, b"\n", request("names"))
    assert [kind for kind, _ in kinds] == ["info", "error", "info", "error", "info"]
    assert [len(content) < 300 for _, content in kinds] == [True] * 5


def test_a_broken_first_request_is_an_error_in_json(serve: Serve, unpaced: None) -> None:
    """Also before anything else told which protocol it is: what has the word request in it is meant as one."""
    for broken in (b'{"request": login}', b'{"request":"login","content":"ann"\n'):
        kinds = told(serve(), broken, request("login", "ann"))
        assert [kind for kind, _ in kinds] == ["error", "info"]


def test_requests_may_come_at_once_and_cut_anywhere(serve: Serve, unpaced: None) -> None:
    """Two requests in one send are two; a request in two sends is one."""
    server = serve(history=0)
    for separator in (b"", b"\n", b"\r\n"):
        data = separator.join([request("login", "ann"), request("msg", '{"'), request("names"), b""])
        for at in range(len(data)):
            with socket.create_connection(server.address, timeout=DEADLINE) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.sendall(data[:at])
                sock.sendall(data[at:])
                sock.shutdown(socket.SHUT_WR)
                lines = sock.makefile("rb").readlines()
            contents = [json.loads(line)["content"] for line in lines]
            assert contents == ["Login successful!", "Message sent.", "ann"]


# ---------------------------------------------------------------- who hears what


def test_a_message_goes_to_all_others_and_an_info_to_its_sender(
    serve: Serve, open_ktn: Open, unpaced: None
) -> None:
    """The seed's way, and the default; the order of what everyone hears is the same."""
    server = serve()
    ann, bob = open_ktn(server, Lines, "ann"), open_ktn(server, Incremental, "bob")
    for n in range(3):
        for one, name, other in ((ann, "ann", bob), (bob, "bob", ann)):
            one.say(f"text {n}")
            one.said(name, f"text {n}")
            assert other.hear() == (name, f"text {n}")
    for one in (ann, bob):
        one.half_close()
        assert one.rest() == []


def test_with_echo_a_message_goes_to_its_sender_too(serve: Serve, open_ktn: Open, unpaced: None) -> None:
    """The assignment's way, by a setting: the message itself, and no info beside it."""
    server = serve(ktn_echo=True)
    ann, bob = open_ktn(server, Lines, "ann"), open_ktn(server, Incremental, "bob")
    for speaker, name in ((ann, "ann"), (bob, "bob")):
        speaker.say("hello")
        assert ann.hear() == bob.hear() == (name, "hello")
    for one in (ann, bob):
        one.half_close()
        assert one.rest() == []


def test_native_users_and_ktn_users_are_in_one_room(serve: Serve, connect: Connect, open_ktn: Open) -> None:
    """A native client sees a KTN user come, speak and go, can dial it, and whisper to it."""
    server = serve(lobby="Hall")
    native = connect(server, "nat")
    native.join("Hall")
    ann = open_ktn(server, Lines, "ann")
    uid = native.expect("member_joined", room="Hall", name="ann")["uid"]
    ann.say("hello")
    message = native.expect("message", room="Hall", uid=uid, name="ann", text="hello")
    assert re.fullmatch(r"[\d-]+T[\d:.]+Z", message["ts"])
    ann.said("ann", "hello")
    native.send("whisper", uid=uid, text="psst\nyou")
    assert ann.hear() == ("nat", "(whispered) psst\nnat: (whispered) you")
    caller = connect(server, "caller")
    caller.send("dial", uid=uid)
    joined = caller.until("joined")
    assert joined["room"] == "Hall"
    assert {one["name"] for one in joined["members"]} == {"nat", "ann", "caller"}
    caller.send("say", text="found you")
    assert ann.hear() == ("caller", "found you")
    native.send("name", name="nathan")
    native.until("renamed")
    native.send("say", text="still me", room="Hall")
    assert ann.hear() == ("nathan", "still me")
    assert ann.names() == ["ann", "caller", "nathan"]


def test_who_logs_out_gives_the_name_back(serve: Serve, connect: Connect, open_ktn: Open) -> None:
    """The connection is closed after an info, the others are told, and the name is free at once."""
    server = serve()
    native = connect(server, "nat")
    native.join("lobby")
    ann = open_ktn(server, Whole, "ann")
    native.expect("member_joined", name="ann")
    ann.send(ann.encode("logout") + ann.encode("msg", "too late"))
    native.expect("member_left", name="ann", reason="bye")
    open_ktn(server, Whole, "ANN")
    native.expect("member_joined", name="ANN")
    assert "logged out" in ann.expect("info")
    with pytest.raises(EOFError):
        ann.next()


@pytest.mark.parametrize("hang_up", ["half_close", "close", "reset"])
def test_who_hangs_up_is_gone_at_once(serve: Serve, connect: Connect, open_ktn: Open, hang_up: str) -> None:
    """No seat waits: a KTN client has no way to come back to it. So the name is free, too."""
    server = serve(resume_window=120.0)
    native = connect(server, "nat")
    native.join("lobby")
    ann = open_ktn(server, Whole, "ann")
    uid = native.expect("member_joined", name="ann")["uid"]
    native.send("whisper", uid=uid, text="psst")
    ann.hear()
    if hang_up == "half_close":
        ann.half_close()
    elif hang_up == "close":
        ann.close()
    else:
        ann.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        ann.close()
    assert native.until("member_left", room="lobby")["reason"] == "lost"
    assert open_ktn(server, Whole).log_in("ann") == []


def test_a_full_server_says_so_in_json(serve: Serve, open_ktn: Open) -> None:
    """Who comes when all seats are taken gets one error, and the connection is closed."""
    server = serve(max_clients=1)
    open_ktn(server, Whole, "ann")
    [(kind, content)] = told(server, request("login", "bob"), request("names"))
    assert (kind, "full" in content) == ("error", True)


def test_a_server_that_stops_says_so(open_ktn: Open) -> None:
    """KTN users get an info, then the end."""
    with Server(Settings(port=0, drain=0.3)) as server:
        ann = open_ktn(server, Whole, "ann")
        assert ann.names() == ["ann"]
    assert ann.expect("info") == "The server is stopping."
    with pytest.raises(EOFError):
        ann.next()


# ---------------------------------------------------------------- the form of 2014


def test_the_form_of_2014(serve: Serve, connect: Connect, unpaced: None) -> None:
    """Its errors, what was said before within the answer to the login, and messages as lines of text."""
    server = serve()
    told(server, request("login", "ann"), request("msg", "one"), request("msg", "two"))
    native = connect(server, "nat")
    native.join("lobby")
    result = answers(
        server,
        request_2014("message", message="too early"),
        request_2014("logout"),
        request_2014("login", username="a b"),
        request_2014("login", username="nat"),
        request_2014("login", username="bob"),
        request_2014("login", username="cyd"),
        request_2014("message", message="three"),
        request_2014("dance"),
        request_2014("message", message=""),
        request_2014("logout"),
    )
    for one in result:
        one["message"] = re.sub(r"^\d\d:\d\d:\d\d", "TIME", one.get("message", ""))
        one["messages"] = [re.sub(r"^\d\d:\d\d:\d\d", "TIME", text) for text in one.get("messages", [])]
    brief = [{key: value for key, value in one.items() if value} for one in result]
    errors = [one.get("error") for one in result]
    assert errors[:4] == [
        "You are not logged in!", "Not logged in!", "Invalid username!", "Name already taken!",
    ]  # fmt: skip
    assert [one["response"] for one in result[:4]] == ["message", "logout", "login", "login"]
    rest = [one for one in brief[4:] if "error" not in one]
    assert rest == [
        {"response": "login", "username": "bob", "messages": ["TIME ann: one", "TIME ann: two"]},
        {"response": "message", "message": "TIME bob: three"},
        {"response": "logout", "username": "bob"},
    ]
    assert sum(1 for one in brief[4:] if "error" in one) == 3
    assert native.until("member_left", name="bob")["reason"] == "bye"


def test_the_second_login_of_2014_has_one_answer(serve: Serve, unpaced: None) -> None:
    """It is an error; no answer says that the login succeeded once more."""
    result = answers(serve(), *[request_2014("login", username="bob")] * 2, request_2014("names"))
    assert [one["response"] for one in result] == ["login", "login", "message"]
    assert ["messages" in one for one in result] == [True, False, False]
    assert ["error" in one for one in result] == [False, True, False]


# ---------------------------------------------------------------- anything at all

REQUESTS = {
    # What is sent, and the kind of answer to it before and after the login.
    "login": ("error", "error"),
    "bad login": ("error", "error"),
    "msg": ("error", "info"),
    "empty msg": ("error", "error"),
    "names": ("error", "info"),
    "help": ("info", "info"),
    "logout": ("error", "info"),
    "dance": ("error", "error"),
    "broken": ("error", "error"),
}
numbers = count()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text != "None")


@pytest.fixture
def quick_server(serve: Serve, unpaced: None) -> Server:
    """One that tells nothing but answers, and those at once."""
    return serve(history=0)


@examples(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_request_has_one_answer(quick_server: Server, data: st.DataObject) -> None:
    """Any requests, in any order, back to back or on lines, get the answers that they must get."""
    name = f"user{next(numbers)}"
    kinds = data.draw(st.lists(st.sampled_from(sorted(REQUESTS)), max_size=12))
    sent, expected, logged_in = [request("help")], ["info"], False
    for kind in kinds:
        if kind == "broken":
            sent.append(data.draw(st.sampled_from(BROKEN)))
        elif kind == "msg":
            sent.append(request("msg", data.draw(TEXTS)))
        else:
            contents = {"login": name, "bad login": data.draw(st.sampled_from(WRONG_NAMES)), "empty msg": ""}
            sent.append(request(kind.split()[-1], contents.get(kind, ABSENT)))
        if kind == "login" and not logged_in:
            logged_in = True
            expected.append("info")
        else:
            expected.append(REQUESTS[kind][logged_in])
        if kind == "logout" and logged_in:
            break
    stream = data.draw(st.sampled_from([b"", b"\n"])).join(sent)
    assert [kind for kind, _ in told(quick_server, stream)] == expected


# ---------------------------------------------------------------- the documentation

DOC = Path(__file__).parents[1] / "docs" / "seed-systems.md"


def test_every_test_that_the_rows_name_exists() -> None:
    """docs/seed-systems.md has every row, and the tests and transcripts that it names are there."""
    text = DOC.read_text()
    root = DOC.parents[1]
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text))
    assert len(named) > 60
    sources = {path: (root / path).read_text() for path, _ in named}
    assert [f"{path}::{name}" for path, name in sorted(named) if f"\ndef {name}(" not in sources[path]] == []
    assert [path for path in re.findall(r"`(tests/[\w/]+\.txt)`", text) if not (root / path).exists()] == []
    text = text.partition("## Where the sources disagree")[0]
    rows = re.findall(r"^\| ([KUC]\d+) \|", text, re.MULTILINE)
    assert rows == [
        f"{letter}{n}" for letter, last in (("K", 15), ("U", 9), ("C", 13)) for n in range(1, last + 1)
    ]
    for row in re.findall(r"^\| [KUC]\d+ \|.*", text, re.MULTILINE):
        assert "`tests/" in row, row


def test_a_ktn_speaker_shares_the_segment_of_the_room() -> None:
    """What KTN users and others say in one batch is one row of the log and one piece for all who listen."""
    chat = Chat()
    for link, name in (("k", "ann"), ("n", "bob")):
        chat.connect(link)
        chat.batch((link, Connected("10.0.0.1", Terms(echo=link == "n"))))
        chat.batch((link, Hello(protocol=1, name=name)), (link, Join(room="lobby")))
    chat.batch(*((link, Say(text=f"{link}{i}", room="lobby")) for i in range(5) for link in ("k", "n")))
    (segment,) = chat.effects.segments
    assert len(segment.entries) == 10
    assert list(segment.no_echo) == ["k"]
