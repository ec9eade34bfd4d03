"""What a server puts into the stream, without I/O: which frames are sent when, and sent again (go back N).

Done is what this server's own reader has accepted, not what was acknowledged: where 5 was lost, 6 is stored and
acknowledged, and ignored by everybody.
"""

from __future__ import annotations

from collections import deque

from roomchat.cluster.frames import Frame, Verdict, encode
from roomchat.errors import StreamRefused

EAGER = 4  # frames under way up to which whatever waits is sent at once
WINDOW = 16  # frames under way at the most
FULL = 16 * 1024  # bytes of inputs: worth a frame of its own while others are under way
LARGEST = 64 * 1024  # bytes of inputs in one frame; a single larger one has a frame for itself
STUCK = 0.3  # seconds without progress, then it goes back to the first that is under way


class Publisher:
    """One incarnation of one server. One thread at a time; it gets the time in seconds, as ``now``."""

    def __init__(self, server: str, incarnation: int) -> None:
        self.server = server
        self.incarnation = incarnation
        self.waiting = 0  # bytes of inputs that are in no frame yet
        self._inputs: deque[bytes] = deque()
        self._under_way: deque[bytes] = deque()  # frames, the oldest is number accepted + 1
        self._accepted = 0
        self._sent = 0  # how many of those under way have been sent since the last going back
        self._moved = 0.0  # when one was accepted, or it went back
        self._gone_back = False  # and none accepted since: the first is sent alone
        self._oldest = 0.0  # since when the oldest under way is that

    def __len__(self) -> int:
        """Frames that are made and not accepted yet."""
        return len(self._under_way)

    def offer(self, inputs: bytes) -> None:
        """Something to be put into the stream, behind all that was offered before."""
        self._inputs.append(inputs)
        self.waiting += len(inputs)

    def take(self, now: float, is_behind: bool = False) -> list[bytes]:
        """The frames to be sent now, in this order. ``is_behind``: not all that came was heard of yet, so that
        nothing can be said of what did not come."""
        if self._under_way and now >= self._moved + STUCK and not is_behind:
            self._go_back(now)
        while self._inputs and len(self._under_way) < WINDOW:
            if len(self._under_way) >= EAGER and self.waiting < FULL:
                break
            if not self._under_way:
                self._moved = self._oldest = now
            self._under_way.append(self._frame())
        # Whatever delays or loses the first does so to all. It alone shows when that is over, and a stream that is
        # only slow is not given all of it three times a second.
        upto = min(1, len(self._under_way)) if self._gone_back else len(self._under_way)
        # Not sliced: most often it is one of sixteen.
        frames = [self._under_way[at] for at in range(self._sent, upto)]
        self._sent = upto
        return frames

    def heard(self, n: int, verdict: Verdict, now: float) -> None:
        """A frame of this incarnation came out of the stream, and what it is to this server's own reader.

        Raises:
            StreamRefused: it is none of ours.
        """
        if verdict is Verdict.ACCEPTED:
            if not self._under_way or n != self._accepted + 1:
                raise StreamRefused(f"Another server speaks as {self.server}: each needs a name of its own.")
            self._accepted = n
            self._under_way.popleft()
            self._sent = max(self._sent - 1, 0)
            self._moved = self._oldest = now
            self._gone_back = False
        elif verdict is Verdict.GAP and not self._gone_back:
            # Those that were behind the lost one come one after the other: each is a gap, but once is enough.
            self._go_back(now)

    def again(self, now: float) -> None:
        """Whatever is under way may be lost, as after a new connection: it is sent again."""
        self._go_back(now)

    def due(self) -> float | None:
        """When ``take`` has something to send although nothing happens; None: never."""
        return self._moved + STUCK if self._under_way else None

    def stalled(self, now: float) -> float:
        """Seconds since anything of ours was accepted, while something is to be; 0.0: nothing is."""
        return now - self._oldest if self._under_way else 0.0

    def _go_back(self, now: float) -> None:
        self._sent = 0
        self._moved = now
        self._gone_back = bool(self._under_way)

    def _frame(self) -> bytes:
        inputs = [self._inputs.popleft()]
        size = len(inputs[0])
        while self._inputs and size + len(self._inputs[0]) <= LARGEST:
            size += len(self._inputs[0])
            inputs.append(self._inputs.popleft())
        self.waiting -= size
        n = self._accepted + len(self._under_way) + 1
        return encode(Frame(self.server, self.incarnation, n, inputs))
