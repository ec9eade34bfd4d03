"""The programs of docs/library.md, README and the library run as they stand there; the page has all of it."""

from __future__ import annotations

import inspect
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import roomchat
from roomchat import Client
from roomchat.server import Server
from tests import warm
from tests.test_library import PATIENCE, Open, client, is_a, says, texts, until

__all__ = ["client"]  # the fixture

HERE = Path(__file__).parent.parent
DOC = (HERE / "docs" / "library.md").read_text(encoding="utf-8")
README = (HERE / "README.md").read_text(encoding="utf-8")


def indented(text: str) -> str:
    """The lines of a text that stand behind four spaces."""
    return "\n".join(line[4:] for line in text.splitlines() if line.startswith(" " * 4))


def programs() -> Iterator[Any]:
    """Each with the place where it stands."""
    for number, program in enumerate(
        re.findall(r"^```python\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL), start=1
    ):
        yield pytest.param(program, id=f"library.md-{number}")
    yield pytest.param(indented(README.partition("## For programs")[2].partition("\n## ")[0]), id="README")
    yield pytest.param("import roomchat\n" + indented(inspect.cleandoc(str(Client.__doc__))), id="Client")


@pytest.mark.parametrize("program", [*programs()])
def test_a_program_does_what_it_is_for(
    serve: Callable[..., Server], client: Open, tmp_path: Path, program: str
) -> None:
    """Each is a bot that answers a ping. Killed, it answers later what it missed; Ctrl-C ends it well."""
    server = serve()
    assert "localhost:5050" in program
    program = program.replace("localhost:5050", f"127.0.0.1:{server.address[1]}")
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}

    ann = client(server, "ann")
    ann.join("tea")
    with warm.start(program, env=environment) as bot:
        until(ann, is_a(roomchat.MemberJoined))
        ann.say("ping")
        assert texts(until(ann, says("pong"))) == ["ping", "pong"]
        bot.kill()
    until(ann, is_a(roomchat.Away))
    ann.say("ping")
    with warm.start(program, env=environment) as bot:
        assert texts(until(ann, says("pong"))) == ["ping", "pong"]
        bot.send_signal(signal.SIGINT)
        # Something that wakes it: asyncio.run sees a signal that comes just before its loop sleeps only then.
        ann.say("Good night.")
        left = until(ann, is_a(roomchat.MemberLeft))[-1]
        assert isinstance(left, roomchat.MemberLeft)
        assert left.reason == "bye"
        bot.wait(PATIENCE)


def test_the_page_has_the_whole_surface() -> None:
    """Every argument as it is, every method and property, every error, the client's own events."""
    given = re.search(r"^`Client\((.*)\)`$", DOC, re.MULTILINE)
    assert given
    signature = inspect.signature(Client)
    bare = signature.replace(
        parameters=[one.replace(annotation=one.empty) for one in signature.parameters.values()],
        return_annotation=signature.empty,
    )
    assert f"({given[1]})" == str(bare)
    for name in signature.parameters:
        assert f"| `{name}` |" in DOC
    public = {name for name in dir(Client) if not name.startswith("_")}
    assert not {name for name in public if not re.search(rf"`{name}[`(]", DOC)}
    assert not {name for name in ("Denied", "ConnectError", "StateError") if f"| `{name}` |" not in DOC}
    for kind in (roomchat.ConnectionLost, roomchat.ConnectionBack, roomchat.ConnectionEnded):
        assert f"| `{kind.__name__}({', '.join(kind.__struct_fields__)})` |" in DOC
    for name in re.findall(r"`roomchat\.([A-Z]\w+)", DOC):
        assert name in roomchat.__all__
