"""The page's core against the server, without a browser: over real WebSockets, that break."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Queue
from typing import Any

from roomchat.server import Server
from roomchat.settings import Settings
from tests.peer import DEADLINE, Peer
from tests.web.test_unit import node

CLIENT = Path(__file__).parent / "core_client.mjs"

Json = dict[str, Any]


class Core:
    """One of them, in a process of its own."""

    def __init__(self, port: int, name: str) -> None:
        command = [node(), CLIENT, f"ws://127.0.0.1:{port}/ws", name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._told: Queue[Json] = Queue()
        self.shown: list[Json] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(json.loads(line))

    def tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def until(self, wanted: Callable[[Json], object]) -> Json:
        """What it tells first of which that holds."""
        while True:
            told = self._told.get(timeout=DEADLINE)
            if "shown" in told:
                self.shown.append(told["shown"])
            if wanted(told):
                return told

    def online(self) -> None:
        self.until(lambda told: told.get("status", {}).get("phase") == "online")

    def ask(self, **command: Any) -> Any:
        self.tell(ask=command)
        return self.until(lambda told: "answer" in told)["answer"]

    def texts(self) -> list[str]:
        return [one["text"] for one in self.shown if one["type"] == "message"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        self._process.stdout.close()


def test_nothing_is_lost_or_doubled_over_breaks_and_a_restart(tmp_path: Path) -> None:
    """What is said while the connection breaks, while there is no server, and behind that comes once, in order."""
    settings: Json = {"db": str(tmp_path / "chat.db"), "drain": 0.2}
    with ExitStack() as stack:
        with Server(Settings(port=0, **settings)) as server, Peer(server.address) as bob:
            port = server.address[1]
            ann = stack.enter_context(closing(Core(port, "ann")))
            ann.online()
            assert ann.ask(type="join", room="tea")["room"] == "tea"
            for i in range(1, 61):
                ann.tell(say={"room": "tea", "text": str(i), "id": f"line {i}"})
                if i in {20, 40}:
                    ann.tell(cut=True)
            ann.until(lambda told: told.get("shown", {}).get("text") == "60")  # so all breaks are over
            bob.hello("bob")
            bob.send("join", room="tea", history=100)
            bob.until("message", text="60")
        ann.until(lambda told: told.get("status", {}).get("phase") == "offline")
        ann.tell(say={"room": "tea", "text": "61", "id": "line 61"})
        assert ann.ask(type="rooms") == "offline_now"
        with Server(Settings(port=port, **settings)):
            ann.tell(say={"room": "tea", "text": "62", "id": "line 62"})
            ann.until(lambda told: told.get("pending") == 0)
            assert ann.ask(type="who", room="tea")["clients"][0]["name"] == "ann"
    assert ann.texts() == [str(i) for i in range(1, 63)]
    assert [one["own"] for one in ann.shown if one["type"] == "message"] == [f"line {i}" for i in range(1, 63)]
