"""The order of a server that shares its chat: what it is given goes into the stream, and what all servers have put
there comes out of it, for the hub, in one order."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256

from roomchat.chat import snapshot
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import SERVER, Arrived, Barrier, Beat, Guessed, Inputs, Link, Origin, Shutdown
from roomchat.chat.servers import differences, first_link, slot_of
from roomchat.cluster import codec
from roomchat.cluster.absence import Absence
from roomchat.cluster.barriers import Barriers
from roomchat.cluster.copying import Copies
from roomchat.cluster.frames import Reader
from roomchat.cluster.shared_order import Accepted, SharedOrder
from roomchat.cluster.stream import Cluster
from roomchat.cluster.witness import Witness
from roomchat.errors import LogError, StartError, StreamCut, StreamError, StreamRefused
from roomchat.net.connections import ToHub
from roomchat.net.inbox import Inbox
from roomchat.net.passwords import Passwords
from roomchat.net.trouble import Trouble
from roomchat.store.api import Kept, LogWriter, Snapshot
from roomchat.times import timestamp

logger = logging.getLogger("roomchat")

BEAT = 1.0  # seconds between two signs of life
# Milliseconds of the chat's time between two states that are compared, and kept: with ten thousand people each
# takes 80 ms, in which everybody waits. What lies behind the last one is carried out again at a start.
MARK = 60_000
FRAMES = 5000  # that may lie behind it at the most
# Milliseconds by which a server's clock may be ahead of the stream's leader's. The chat's time never goes back: a
# server whose clock is in the next year would stop it for a year, and all deadlines with it.
AHEAD = 10_000
COMING = 0.02  # seconds between two looks whether all that was in the stream is known, and at the least
HITCH = 0.5  # seconds that our own may wait for the stream before no more signs of life are added to them
LEAVING = 3.0  # seconds that a server which ends has to say so in the stream
FAREWELL = 1.0  # likewise, for one that can't go on


class ClusterOrder:
    """One life of one server. Its hub's thread calls it; any thread ``submit``, ``wait`` and what is read.

    Before it counts, it reads all that was in the stream; then it says that it has arrived, and gets its place.
    """

    def __init__(
        self,
        cluster: Cluster,
        hub: Hub,
        log: LogWriter,
        kept: Kept | None,
        inbox: Inbox[ToHub],
        arrived: Callable[[], Arrived],
        tell: Callable[[str], None],
        copies: Copies,
        passwords: Passwords,
    ) -> None:
        """
        Args:
            cluster: where the stream is, and who we are.
            hub: knows what it knew at the position of ``kept``.
            log: of this server.
            kept: what that goes on from; None: it has never been one of several.
            inbox: what comes from this server's own connections.
            arrived: what it says of itself when it arrives.
            tell: tells everybody on this server.
            copies: gives the log to others.
            passwords: who guesses here has no more tries on the others.
        """
        self.over = self.comes_back = self.leaving = False  # see ``Order``
        self.why = ""
        self.slot = 0  # the number of this life, once it has arrived
        self.trouble: StreamError | None = None  # why it could not
        self.origin = Origin(cluster.server, cluster.incarnation)
        self._hub, self._log = hub, log
        self._arrived = arrived
        self._inbox = inbox
        self._is_new = kept is None
        self._stored = kept.position if kept else 0
        self._kept_at = kept.snapshot.position if kept else 0
        known = kept.snapshot if kept else Snapshot(0, "", b"{}", b"")
        marks = {name: (life, n) for name, (life, n) in json.loads(known.marks).items()}
        self._shared = SharedOrder(
            cluster, known.position, Reader(marks), known.stream or None, self._feed, copies.listen
        )
        self._copies, self._passwords = copies, passwords
        self._is_astray = False  # nothing can go on from this log
        self._frames: deque[Accepted] = deque()
        self._said = False  # that it arrives
        self._ready = threading.Event()
        self._witness = Witness(cluster.server)
        self._mark = (0, "")  # the last digest: where, and what
        self._beat_at = self._ends_at = 0.0  # the second: when it ends, though nobody has heard of that
        self._absence = Absence(tell)
        self._clock = Trouble("this machine's clock is %s seconds ahead of the NATS servers': set it right", "")
        self._unwell = Trouble("the stream can't be used: %s", "the stream is back, after %d failures")
        self._barriers = Barriers(lambda barrier: self.submit([(SERVER, barrier)]))
        passwords.catch_up = self._barriers.wait
        passwords.tell = lambda guess: self.submit([(SERVER, guess)])
        inbox.wake = self._shared.wake
        self.submit = inbox.put

    # ------------------------------------------------------------ for others

    def wait(self, timeout: float) -> int | None:
        """See ``Order``: until it has arrived."""
        self._ready.wait(timeout)
        if self.trouble is not None:
            raise StartError(str(self.trouble)) from None
        return first_link(self.slot) if self.slot else None

    def owns(self, link: Link) -> bool:
        """See ``Order``."""
        return slot_of(link) == self.slot

    def due(self, deadline: float | None) -> float | None:
        """See ``Order``. Signs of life come every second from each server, and each is later than the last."""
        return None

    @property
    def position(self) -> int:
        """Of the stream, up to where the hub has applied it. Any thread may ask: so of a copy."""
        return frames[0].position - 1 if (frames := self._frames.copy()) else self._shared.position

    def figures(self) -> dict[str, float | dict[str, float]]:
        """See ``Order``."""
        position, lives = self.position, [*self._hub.servers.living.values()]
        return {
            "roomchat_cluster_position": position,
            "roomchat_cluster_behind": {life.name: max(0, position - life.position) for life in lives},
            "roomchat_cluster_waiting_seconds": self._shared.stalled(),
            "roomchat_cluster_reachable": self._shared.is_live,
        }

    # ------------------------------------------------------------ what comes

    def take(self, timeout: float) -> Iterator[Inputs]:
        """See ``Order``. All that is there, up to where the hub's state is to be kept, which needs a log
        that is as far; but one after the other until it has a place among the servers."""
        if not self._frames:
            self._read(timeout)
        return self._following()

    def _following(self) -> Iterator[Inputs]:
        is_first = True
        while self._frames and not self.over:
            try:
                inputs = self._inputs(self._frames[0], is_stored=is_first)
            except StreamError as error:
                self._end(error)
                return
            if inputs is None:
                return
            self._frames.popleft()
            yield inputs
            if self._said and not self.slot:
                return
            is_first = False

    def _read(self, timeout: float) -> None:
        now = time.monotonic()
        if self._ends_at and now > self._ends_at:
            self.over = True
            return
        if self.leaving and not (self._ends_at or self._shared.is_live):
            self._ends_at = now + LEAVING
        try:
            if self._shared.is_live and not self._said:
                self._arrive()
            patience = max(COMING, self._beat_at - now)  # without the stream that is due all the time
            self._frames += self._shared.take(min(timeout, patience))
            self._unwell.worked()
        except StreamError as error:
            if not self.slot or isinstance(error, StreamCut):
                self._end(error)
            else:
                self._unwell.failed(error)  # whoever runs the NATS servers may set it right
        shared = self._shared
        self._absence.look(is_live=shared.is_live, stalled=shared.stalled(), counts=bool(self.slot))

    def _inputs(self, accepted: Accepted, *, is_stored: bool) -> Inputs | None:
        """Of the first of the frames. ``is_stored``: all before it is; None: it must be.

        Raises:
            StreamError: this server can't be one of them.
        """
        came, items = codec.decode(accepted.frame.inputs)
        if self._is_new and not self._said:
            self._check_past(accepted.position, items)
        before = self._hub.servers.time
        stored = accepted.time // 1_000_000
        now = max(min(came, stored + AHEAD), before)
        if came > stored + AHEAD and accepted.frame.server == self.origin.server:
            self._clock.failed((came - stored) // 1000)
        if before // MARK != now // MARK and self._said:
            if not is_stored:
                return None
            self._take_mark(now // MARK)
        origin = Origin(accepted.frame.server, accepted.frame.incarnation)
        for _, item in items:
            if isinstance(item, Beat) and item.mark:
                self._witness.note(item.mark, origin.server, item.digest)
                self._compare(item.mark)
            elif isinstance(item, Guessed) and self.slot and origin != self.origin:
                self._passwords.heard(item)
            elif isinstance(item, Barrier) and origin == self.origin:
                self._barriers.hear(item)
        return Inputs(
            items, now / 1000, now, timestamp(now / 1000), True, origin, accepted.position,
            accepted.position <= self._stored,
        )  # fmt: skip

    def done(self, inputs: Inputs) -> None:
        """See ``Order``."""
        self._barriers.stored()
        if not self._said:
            return
        life = self._hub.servers.find(self.origin)
        if not self.slot:
            if life is not None:
                self.slot = life.slot
                self._ready.set()
            elif inputs.origin == self.origin:
                servers = self._hub.servers
                why = differences(self._arrived(), servers.logic, self._hub._settings)
                others = ", ".join(servers.living)
                self._end(
                    StreamRefused(
                        f"This server does not fit {others}: {'; '.join(why)}. "
                        "Stop all of them, then start all alike."
                    )
                )
        elif life is None:
            self.over = True
            if not self._ends_at:
                self._end_of_life()
            self._keep()
        elif inputs.position - self._kept_at > FRAMES:
            self._keep()

    def _end_of_life(self) -> None:
        """Nobody has asked for it."""
        if (name := self.origin.server) in self._hub.servers.living:  # two would end each other again and again
            self.why = f"another server has come as {name}, and each needs a --server-name of its own"
            return
        self.why = "the other servers did not hear of this one for too long, and go on without it"
        self.comes_back = True

    # ------------------------------------------------------------ what goes

    def _feed(self) -> Iterable[bytes]:
        """What is to be put into the stream now."""
        if not self.slot:
            return ()
        now, wall = time.monotonic(), int(time.time() * 1000)
        items = [] if self._inbox.empty else self._inbox.take(0)
        for link, item in items:
            if link == SERVER and isinstance(item, Shutdown):
                self._ends_at = now + LEAVING
        if now >= self._beat_at and self._shared.stalled() < HITCH:
            self._beat_at = now + BEAT
            mark, self._mark = self._mark, (0, "")
            items = [*items, (SERVER, Beat(self.position, self._kept_at, *mark))]
        return codec.encode(wall, items)

    def _arrive(self) -> None:
        """All that was in the stream is known: say that this server is there."""
        known, _ = self._shared.reader.last.get(self.origin.server, (0, 0))
        if known >= self.origin.incarnation:
            raise StreamRefused("This machine's clock is behind what it was at the last start; set it right.")
        if self._is_new:
            self._keep()
        self._said = True
        self._beat_at = time.monotonic() + BEAT
        for one in codec.encode(int(time.time() * 1000), [(SERVER, self._arrived())]):
            self._shared.submit(one)

    # ------------------------------------------------------------ what is kept, and compared

    def _keep(self) -> bytes:
        """Have this server go on from here, where all that it has carried out is stored. Returns the state."""
        state = snapshot.of(self._hub)
        self._kept_at = self.position
        marks = {**self._shared.reader.last}
        for accepted in reversed(self._frames):
            marks[accepted.frame.server] = (accepted.frame.incarnation, accepted.frame.n - 1)
        try:
            self._log.keep(Snapshot(self._kept_at, self._shared.created or "", json.dumps(marks).encode(), state))
        except LogError as error:
            self.over = True
            self.why = f"its disk takes nothing ({error})"
        return state

    def _take_mark(self, mark: int) -> None:
        digest = sha256(self._keep()).hexdigest()[:16]
        self._mark = (mark, digest)
        self._witness.note(mark, self.origin.server, digest)
        self._compare(mark)

    def _compare(self, mark: int) -> None:
        if self.slot and self._witness.is_astray(mark, self._hub.servers.living):
            raise StreamCut("This server knows something else than the others: it needs a copy of one of them.")

    # ------------------------------------------------------------ what goes wrong

    def _end(self, error: StreamError) -> None:
        self.over = True
        self.why = str(error)
        self.comes_back = self._is_astray = isinstance(error, StreamCut)
        if not self.slot:
            self.trouble = error
            self._ready.set()

    def _check_past(self, position: int, items: list[ToHub]) -> None:
        """What there was before the stream is in no stream."""
        first = items[0][1] if position == 1 and items else None
        if isinstance(first, Arrived) and first.has_past:
            raise StreamCut(
                "The chat is older than the stream: this server needs a copy of another one's database."
            )
        if self._arrived().has_past:
            raise StreamRefused("The database has another chat than the stream; name a new one with --db.")

    def close(self) -> None:
        """See ``Order``. If this server ends by itself, the others need not wait until they miss it."""
        self._barriers.end()
        if self.slot and self._hub.servers.find(self.origin) is not None and not self._ends_at:
            for one in codec.encode(int(time.time() * 1000), [(SERVER, Shutdown(""))]):
                self._shared.submit(one)
            until = time.monotonic() + FAREWELL
            with suppress(StreamError):
                self._shared.take(0.0)
                while self._shared.stalled() and time.monotonic() < until:
                    self._shared.take(0.1)
        self._shared.close()
        self._copies.close()
        if self._is_astray:
            with suppress(LogError):  # it comes back, and finds out the same
                self._log.forget()
