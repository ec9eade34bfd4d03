"""Three machines with a network between them, each with a server of roomchat and one of NATS: namespaces of Linux,
so what is cut off is so in full. Packets vanish, and nobody answers a dial.

It wants a network of its own: ``unshare -rn python -m tests.machines FOLDER CUTS``. People talk while one machine
after the other is cut off from all others; at the end everybody must have everything, once and in one order.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from roomchat import Client, ConnectError, ConnectionBack, Message
from roomchat.client import reconnecting

COUNT = 3
AWAY = 13.0  # seconds that a machine is cut off: the others give it up after ten
DEADLINE = 90.0  # seconds
NAMES = ["ann", "bob", "cleo"]
# A person would wait for 45 s until they leave a server that is silent.
reconnecting.HEARTBEAT = reconnecting.HEARTBEAT_TIMEOUT = 2.0


def run(command: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(command.split(), check=True)


class Machine:
    """One of them; all of it ends with ``close``."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self.address, self.db = number, f"10.0.0.{number}", folder / f"{number}.db"
        self._folder = folder
        self._running = [subprocess.Popen(["unshare", "--net", "sleep", "infinity"])]
        pid = self._running[0].pid
        self._inside = ["nsenter", "--net", "--target", str(pid)]
        while Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
            time.sleep(0.01)  # until it has a network of its own
        run(f"ip link add machine{number} type veth peer name wire netns {pid}")
        run(f"ip link set machine{number} master bridge up")
        enter = " ".join(self._inside)
        run(f"{enter} ip addr add {self.address}/24 dev wire")
        run(f"{enter} ip link set wire up")
        run(f"{enter} ip link set lo up")

    def start(self) -> None:
        """Both of its servers; they may need some time."""
        routes = ", ".join(f'"nats://10.0.0.{number}:6222"' for number in range(1, COUNT + 1))
        config = self._folder / f"{self.number}.conf"
        config.write_text(
            f'server_name: nats-{self.number}\nlisten: "{self.address}:4222"\n'
            f'jetstream {{ store_dir: "{self._folder}/{self.number}", sync_interval: always }}\n'
            f'log_file: "{self._folder}/nats-{self.number}.log"\n'
            f'cluster {{ name: tests, listen: "{self.address}:6222", routes: [{routes}] }}\n',
            encoding="utf-8",
        )
        nats = Path(sys.executable).with_name("nats-server")
        self._spawn("nats", [str(nats), "-c", str(config)])
        urls = ",".join(f"nats://10.0.0.{number}" for number in range(1, COUNT + 1))
        self._spawn(
            "roomchat",
            [
                sys.executable, "-m", "roomchat", "serve", "--host", self.address, "--db", str(self.db),
                "--cluster", urls, "--server-name", f"server-{self.number}", "--advertise", self.address,
            ],
        )  # fmt: skip

    def _spawn(self, name: str, command: list[str]) -> None:
        with (self._folder / f"{name}-{self.number}.out").open("wb") as output:
            self._running.append(subprocess.Popen([*self._inside, *command], stdout=output, stderr=output))

    def cut(self) -> None:
        """Nothing comes to it, nothing from it, and nobody is told."""
        run(f"ip link set machine{self.number} nomaster")

    def join(self) -> None:
        run(f"ip link set machine{self.number} master bridge")

    def said(self) -> list[bytes]:
        """All that its log has."""
        with closing(sqlite3.connect(self.db)) as connection:
            return [lines for (lines,) in connection.execute("SELECT lines FROM segments ORDER BY id")]

    def close(self) -> None:
        for process in reversed(self._running):
            process.kill()
            process.wait()


class Person:
    """Says something now and then; writes down what comes."""

    def __init__(self, name: str, address: str) -> None:
        self.heard: list[str] = []
        self.said: list[str] = []
        self.moves = 0  # to other servers
        self._name, self._address = name, f"{address}:5050"
        until(self._comes_in)

    def _comes_in(self) -> bool:
        self.client = Client(self._address, self._name, state=False, trust=True, on_event=self._hear)
        try:
            self.client.open()
        except ConnectError:  # the servers are just being started
            time.sleep(0.2)
            return False
        self.client.join("tea")
        return True

    def _hear(self, event: object) -> None:
        if isinstance(event, Message):
            self.heard.append(event.text)
        elif isinstance(event, ConnectionBack):
            self.moves += bool(event.server)

    def say(self) -> None:
        text = f"{self._name} {len(self.said)}"
        self.client.say(text, "tea")
        self.said.append(text)


def until(done: Callable[[], object], *, seconds: float = DEADLINE) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def main(folder: Path, cuts: int) -> None:
    run("ip link set lo up")
    run("ip link add bridge type bridge")
    run("ip link set bridge up")
    run("ip addr add 10.0.0.254/24 dev bridge")
    with ExitStack() as stack:
        machines = [Machine(number, folder) for number in range(1, COUNT + 1)]
        for machine in machines:
            stack.callback(machine.close)
            machine.start()
        people = [Person(name, machine.address) for name, machine in zip(NAMES, machines, strict=True)]
        for person in people:
            stack.callback(person.client.close, 1.0)

        def talk(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for person in people:
                    person.say()
                time.sleep(0.2)

        def everybody_has_everything() -> bool:
            return all(len(one.heard) == sum(len(other.said) for other in people) for one in people)

        talk(2.0)
        for number in range(cuts):
            machine = machines[number % COUNT]
            machine.cut()
            talk(AWAY)
            until(everybody_has_everything)  # without the one that is cut off
            machine.join()
            talk(2.0)
            until(everybody_has_everything)
            until(lambda: machines[0].said() == machines[1].said() == machines[2].said())
            print(f"machine {machine.number}: {len(people[0].heard)} heard", flush=True)
        assert all(one.heard == people[0].heard for one in people), "they heard it in another order"
        assert sorted(people[0].heard) == sorted(text for one in people for text in one.said), "not each once"
        print("moves", [one.moves for one in people])
        assert sum(one.moves for one in people) >= min(cuts, COUNT) - 1, "nobody had to go to another server"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
