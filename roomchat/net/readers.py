"""The threads that read the log for connections that are catching up or ask for history."""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import closing

from roomchat.errors import LogError
from roomchat.net.outbox import LogRead, Packet, PageRequest
from roomchat.protocol import Gap, HistoryPage
from roomchat.store.api import LogReader
from roomchat.wires.native import decode_entries, without
from roomchat.wires.wire import Wire

Job = Callable[[LogReader], None]  # must not raise: it tells whoever asked

PAGE_BYTES = 56 * 1024  # of messages in a page, so that with its frame it still fits into a line


class Readers:
    """A few threads, each with its own connection to the log: each is in ``run``. Any may call the rest."""

    def __init__(self, open_reader: Callable[[], LogReader]) -> None:
        self._open_reader = open_reader
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()

    def stop(self) -> None:
        """Have one thread end when all jobs before are done."""
        self._jobs.put(None)

    def submit(self, job: Job) -> None:
        """Do it when a thread is free."""
        self._jobs.put(job)

    def run(self) -> None:
        """Read until the thread is stopped."""
        with closing(self._open_reader()) as reader:
            while (job := self._jobs.get()) is not None:
                job(reader)


Found = HistoryPage | tuple[list[Packet], int]  # of a range: its next piece, and the cursor which that reaches


def read(reader: LogReader, wire: Wire, wanted: LogRead, max_bytes: int) -> Found:
    """What an outbox has a place-holder for; of a range, a piece of about ``max_bytes``. Raises LogError."""
    if isinstance(wanted, PageRequest):
        return _read_page(reader, wanted)
    after = wanted.after
    if after is None:
        after = reader.start_of_last(wanted.room, wanted.history, wanted.origin)
    return _read_range(reader, wire, wanted.room, after, wanted.upto, max_bytes)


def _read_range(
    reader: LogReader, wire: Wire, room: str, after: int, upto: int, max_bytes: int
) -> tuple[list[Packet], int]:
    result = reader.after(room, after, upto, max_bytes)
    packets = []
    if result.gap is not None:
        after, before = result.gap
        packets.append(Packet(wire.encode(Gap(room=result.room_name, after=after, before=before))))
    try:
        for part in result.slices:
            lines = without(part.lines, wire.no_echo) if wire.no_echo else part.lines
            if lines and (data := wire.encode_log(lines)):
                packets.append(Packet(data, room, part.first_seq, part.last_seq))
    except ValueError as error:
        raise LogError(f"a message of {result.room_name} is broken: {error}") from error
    return packets, result.reached


def _read_page(reader: LogReader, request: PageRequest) -> HistoryPage:
    lines, more = reader.page(request.room, request.before, request.after, request.limit, PAGE_BYTES)
    try:
        entries = decode_entries(b"\n".join(lines))
    except ValueError as error:
        raise LogError(f"a message of {request.room_name} is broken: {error}") from error
    return HistoryPage(room=request.room_name, entries=entries, more=more, re=request.re)
