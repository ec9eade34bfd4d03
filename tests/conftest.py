"""Fixtures that several test files use."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from prompt_toolkit.application import application

from roomchat.server import Server
from roomchat.settings import Settings
from tests.peer import Peer

_TESTS = count()

# Each application of prompt_toolkit makes the same six hundred bindings of keys, which is 8 ms.
application.load_key_bindings = cache(application.load_key_bindings)

# A loaded machine may take longer than half a second between a connection and what is sent over it: who is to be
# greeted is so where a test says so.
# Who is away is told at once, as long as nothing else is asked for.
QUIET = {"port": 0, "drain": 0.2, "rate": 0, "greet_after": 10.0, "away_after": 0.0}

# Files in memory, where there is room for them and what is in them can be executed: a disk's syncs are half of
# what a test with a server takes. Whoever wants the disk names a folder in TMPDIR.
SHM = "/dev/shm"
ROOM = 1 << 30  # bytes; a run with five workers has used up to 115 MB at once


def _is_roomy(folder: str) -> bool:
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC


if "TMPDIR" not in os.environ and os.path.isdir(SHM) and _is_roomy(SHM):
    os.environ["TMPDIR"] = tempfile.tempdir = SHM

# How long an example takes says more of the machine than of the code. All else stays as hypothesis has chosen it.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each worker of a whole run imports its share of the tests first. In a fresh checkout pytest compiles each:
    side by side, all workers would compile all of them, twenty seconds of work."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1 or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("test_*.py"))[number::workers]:
        with suppress(Exception):  # the collecting says what is wrong
            import_module(".".join(path.relative_to(folder.parent).with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, so that none is left to one worker when the others have come to the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What the imports and the collecting have made stays: looking through it again and again took a tenth of a
    run's work."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clients, and the programs that tests start, keep away from the person's own sessions and settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(autouse=True)
def _own_sessions(_state_folder: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has sessions of its own: a port may have been that of another test's server."""
    monkeypatch.setenv("XDG_STATE_HOME", os.path.join(os.environ["XDG_STATE_HOME"], str(next(_TESTS))))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers with these settings on free ports; at the end they are stopped and none may have failed."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Server:
            server = stack.enter_context(Server(Settings(**QUIET | settings)))
            stack.callback(lambda: _assert_sound(server))
            return server

        yield start


def _assert_sound(server: Server) -> None:
    assert not server.failed, "a thread of the server failed; the log of this test says why"


@pytest.fixture
def connect() -> Iterator[Callable[..., Peer]]:
    """Connect to a server, and say hello if there is a name; at the end all are closed."""
    with ExitStack() as stack:

        def start(server: Server, name: str | None = None, **options: Any) -> Peer:
            peer = stack.enter_context(Peer(server.address, **options))
            if name is not None:
                peer.hello(name)
            return peer

        yield start
