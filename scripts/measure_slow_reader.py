"""What one member that reads nothing costs the others of its room, and the server: see docs/measurements.md.

Turns with it and turns without it alternate on one server. In each, much is first said quickly, which carries the
stuck one far over the limit of its outbox; then the latency is measured under a steady load.
"""

from __future__ import annotations

import argparse
import multiprocessing
import selectors
import statistics
import tempfile
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from measuring import MIB, PATIENCE, Event, MeasuringError, Peer, ServerProcess, percentile, report

from roomchat.settings import Settings

ROOM = "lobby"
WATCHERS = 2  # processes that the members who only listen are spread over
FRAME = 130  # bytes of a message's line around its text, roughly
FILL_SPEED = 1.2 * MIB  # bytes a second; each goes to every member
FILL_RATE = 3000  # messages a second at the most, if they are small
STUCK_BUFFER = 4096  # bytes, SO_RCVBUF of the stuck one; the system doubles it
LOOK = 0.02  # seconds between two looks at the server's memory
ALLOWED = 5.0  # times the outbox limit; docs/measurements.md says what comes on top of its bytes


@dataclass
class Turn:
    """What one turn has shown."""

    latencies: list[float] = field(default_factory=list)  # seconds, of each message at each listener
    peak: int = 0  # bytes of memory that the server had at the most, until the stuck one began to read
    said: int = 0  # bytes of messages, as they are sent, since the stuck one came
    caught_up: float = 0.0  # seconds in which the stuck one read it all


def enter(address: tuple[str, int], name: str, receive_buffer: int = 0) -> Peer:
    """A new member of the room, that has read everything so far."""
    peer = Peer(address, receive_buffer)
    join = {"type": "join", "room": ROOM, "history": 0}
    peer.ask({"type": "hello", "protocol": 1, "name": name}, join)
    return peer


# ---------------------------------------------------------------- those who listen


class Listener:
    """A member that holds what it gets against what it must get: every seq, once, in order."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.seq = 0

    def messages(self) -> Iterator[Event]:
        """The messages that have come."""
        for event in self.peer.receive():
            if event.type == "message":
                if self.seq and event.seq != self.seq + 1:
                    raise MeasuringError(f"a listener got {event.seq} after {self.seq}")
                self.seq = event.seq
                yield event


def watch(pipe: Connection, address: tuple[str, int], names: list[str]) -> None:
    """Members that listen, in a process of their own.

    Told a seq, it answers when all have got the messages up to there, with the latencies in nanoseconds.
    """
    listeners = [Listener(enter(address, name)) for name in names]
    latencies = array("q")
    upto = 0
    pipe.send(b"")
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        for listener in listeners:
            selector.register(listener.peer.socket, selectors.EVENT_READ, listener)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    upto = pipe.recv()
                    continue
                for event in key.data.messages():
                    due = int(event.text.partition(" ")[0])
                    if due:
                        latencies.append(time.monotonic_ns() - due)
            if upto and all(listener.seq >= upto for listener in listeners):
                pipe.send(latencies.tobytes())
                latencies, upto = array("q"), 0


# ---------------------------------------------------------------- those who talk, and the stuck one


class Lobby:
    """The room: its senders are in this process, its listeners in others."""

    def __init__(self, server: ServerProcess, members: int, senders: int) -> None:
        self.server = server
        self.seq = 0  # that all senders have seen
        self.bytes = 0  # of all messages, as they are sent
        self._senders = [Listener(enter(server.address, f"sender-{i}")) for i in range(senders)]
        self._pipes: list[Connection] = []
        self._processes = []
        context = multiprocessing.get_context("spawn")
        for i in range(WATCHERS):
            names = [f"listener-{j}" for j in range(i, members - senders, WATCHERS)]
            ours, theirs = context.Pipe()
            process = context.Process(target=watch, args=(theirs, server.address, names), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._answers()

    def say(self, count: int, rate: float, size: int, *, measured: bool) -> int:
        """Say messages at a steady rate; each carries the time at which it was due to be sent.

        Returns:
            The most memory that the server had meanwhile, in bytes.
        """
        most, next_look = 0, 0.0
        begun = time.monotonic()
        for i in range(count):
            due = begun + i / rate
            while (now := time.monotonic()) < due:
                if now >= next_look:
                    most, next_look = max(most, self.server.rss), now + LOOK
                self._listen()
                time.sleep(max(0.0, min(due - time.monotonic(), 0.001)))
            stamp = int(due * 1e9) if measured else 0
            self._senders[i % len(self._senders)].peer.send(
                {"type": "say", "room": ROOM, "text": f"{stamp} ".ljust(size, "x")}
            )
        self.seq += count
        give_up = time.monotonic() + PATIENCE
        while any(sender.seq < self.seq for sender in self._senders):
            if time.monotonic() > give_up:
                raise MeasuringError("the senders do not get what they said")
            self._listen()
            time.sleep(0.001)
        return max(most, self.server.rss)

    def latencies(self) -> list[float]:
        """Of all that was said since the last time, at each listener, in seconds."""
        for pipe in self._pipes:
            pipe.send(self.seq)
        return [nanoseconds / 1e9 for answer in self._answers() for nanoseconds in array("q", answer)]

    def close(self) -> None:
        """Everyone leaves."""
        for sender in self._senders:
            sender.peer.close()
        for process in self._processes:
            process.kill()
            process.join()

    def _listen(self) -> None:
        for sender in self._senders:
            for event in sender.messages():
                if sender is self._senders[0]:
                    self.bytes += len(event.text) + FRAME

    def _answers(self) -> list[bytes]:
        answers = []
        for pipe in self._pipes:
            if not pipe.poll(PATIENCE):
                raise MeasuringError("listeners do not get what was said")
            answers.append(pipe.recv())
        return answers


def catch_up(stuck: Peer, after: int, upto: int) -> None:
    """The stuck one reads until it has everything: each seq behind ``after`` up to ``upto``, once, in order.

    And it is told anew who is there, which a server does when it has dropped comings and goings: so it was over
    its limit.
    """
    events: list[Event] = []
    stuck.send({"type": "ping"})
    with selectors.DefaultSelector() as selector:
        selector.register(stuck.socket, selectors.EVENT_READ)
        while not any(event.type == "pong" for event in events[-2:]):  # only a `who` may come behind it
            if not selector.select(PATIENCE):
                raise MeasuringError("the stuck one gets nothing more")
            events += stuck.receive()
    events += stuck.ask()
    seqs = [event.seq for event in events if event.type == "message"]
    if seqs != list(range(after + 1, upto + 1)):
        raise MeasuringError(f"the stuck one got {len(seqs)} messages, not each of {after + 1} to {upto} in order")
    if not any(event.type == "who" for event in events):
        raise MeasuringError("the stuck one was never over the limit of its outbox: use a larger --fill")


# ---------------------------------------------------------------- turns


def take_turn(lobby: Lobby, options: argparse.Namespace, name: str) -> Turn:
    """Fill, load and measure; with a stuck member if it has a name."""
    stuck = enter(lobby.server.address, name, STUCK_BUFFER) if name else None
    seq, said = lobby.seq, lobby.bytes
    half = int(options.fill * MIB / (options.fill_text + FRAME) / 2)
    rate = min(FILL_RATE, FILL_SPEED / (options.fill_text + FRAME))
    peaks = [lobby.say(half, rate, options.fill_text, measured=False)]
    passer_by = enter(lobby.server.address, "passer-by")
    passer_by.ask({"type": "leave", "room": ROOM})
    passer_by.send({"type": "bye"})
    peaks.append(lobby.say(half, rate, options.fill_text, measured=False))
    lobby.latencies()  # so that the load begins when the fill has reached everyone
    peaks.append(lobby.say(int(options.seconds * options.load), options.load, options.text, measured=True))
    turn = Turn(lobby.latencies(), max(*peaks, lobby.server.rss), lobby.bytes - said)
    passer_by.close()
    if stuck:
        begun = time.monotonic()
        catch_up(stuck, seq, lobby.seq)
        turn.caught_up = time.monotonic() - begun
        stuck.send({"type": "bye"})
        stuck.close()
    return turn


def warm_up(lobby: Lobby, options: argparse.Namespace) -> int:
    """A turn that does not count, and a newcomer that reads the log from its beginning, so that what reading costs
    the server once is there already.

    Returns:
        The server's memory from which it may grow, in bytes.
    """
    peak = take_turn(lobby, options, "").peak
    newcomer = enter(lobby.server.address, "newcomer")
    newcomer.ask({"type": "join", "room": ROOM, "after": 0})
    newcomer.send({"type": "bye"})
    newcomer.close()
    return max(peak, lobby.server.rss)


def measure(options: argparse.Namespace) -> None:
    """All rounds; prints them side by side."""
    limit = Settings.outbox_limit
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder, "chat.db")) as server:
        lobby = Lobby(server, options.members, options.senders)
        try:
            before = warm_up(lobby, options)
            _print_head(options)
            turns: dict[bool, list[Turn]] = {False: [], True: []}
            for i in range(options.rounds):
                for with_stuck in (False, True) if i % 2 == 0 else (True, False):
                    turns[with_stuck].append(take_turn(lobby, options, f"stuck-{i}" if with_stuck else ""))
                print(_row(str(i + 1), turns[False][-1], turns[True][-1]), flush=True)
        finally:
            lobby.close()
        logged = server.logged()
    _summarize(turns[False], turns[True])
    grown = max(turn.peak for turn in turns[True]) - before
    print(
        f"The server's memory: {before / MIB:.2f} MiB before the first was stuck, {grown / MIB:.2f} MiB more at "
        f"its peak since; outbox limit {limit / MIB:g} MiB."
    )
    if logged:
        raise MeasuringError(f"the server logged: {logged}")
    if grown > ALLOWED * limit:
        raise MeasuringError(f"the server grew by more than {ALLOWED:g} times the outbox limit")


def _print_head(options: argparse.Namespace) -> None:
    print(
        f"{options.members} members, {options.senders} of them say {options.load:g} messages/s of {options.text} "
        f"bytes.\nRounds of {options.seconds:g} s without and {options.seconds:g} s with a member that reads "
        f"nothing, each after {options.fill:g} MiB\nin messages of {options.fill_text} bytes. Latency in ms, "
        f"memory in MiB.\n"
    )
    print("         p50              p99              server's peak")
    print("round  without   with    without   with    without   with     read by the stuck one")


def _row(label: str, without: Turn, stuck: Turn) -> str:
    cells = [label.ljust(5)]
    for percent in (50, 99):
        cells += [f"{percentile(turn.latencies, percent) * 1000:9.2f}" for turn in (without, stuck)]
    cells += [f"{turn.peak / MIB:9.2f}" for turn in (without, stuck)]
    return "".join(cells) + f"     {stuck.said / MIB:.1f} MiB in {stuck.caught_up:.2f} s"


def _summarize(without: list[Turn], stuck: list[Turn]) -> None:
    for percent in (50, 99):
        pairs = zip(stuck, without, strict=True)
        ratios = [percentile(a.latencies, percent) / percentile(b.latencies, percent) for a, b in pairs]
        low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
        all_without, all_stuck = (
            percentile([one for turn in turns for one in turn.latencies], percent) * 1000
            for turns in (without, stuck)
        )
        print(
            f"p{percent}: {all_without:.2f} ms without, {all_stuck:.2f} ms with; ratio "
            f"{all_stuck / all_without:.2f}, of single rounds {low:.2f} to {high:.2f}, median {middle:.2f}"
        )
    print("The stuck one then read everything: each seq, once, in order.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Latency and memory with and without a member that reads nothing."
    )
    parser.add_argument("--members", type=int, default=100, help="in the room, the stuck one comes on top (100)")
    parser.add_argument("--senders", type=int, default=5, help="of them who talk (5)")
    parser.add_argument("--load", type=float, default=300, help="messages a second, of all senders together (300)")
    parser.add_argument("--text", type=int, default=100, help="bytes of a message (100)")
    parser.add_argument("--seconds", type=float, default=5, help="that the load of one turn lasts (5)")
    parser.add_argument("--rounds", type=int, default=4, help="of a turn without and a turn with (4)")
    parser.add_argument("--fill", type=float, default=12, help="MiB said before the load of each turn (12)")
    parser.add_argument("--fill-text", type=int, default=4000, help="bytes of each message of that (4000)")
    options = parser.parse_args()
    report(lambda: measure(options))


if __name__ == "__main__":
    main()
