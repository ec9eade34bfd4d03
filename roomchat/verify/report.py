"""The lines about a run for a person: during it, and at its end. Pure: no I/O in here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from roomchat.verify.check import Log, Records
from roomchat.verify.faults import LONG, Kind
from roomchat.verify.records import Lost, Marked, Refused, Said, Saying, Seen, Started
from roomchat.verify.slow_disk import TAKES

MAX_SHOWN = 20  # violations that are shown; where there are more, the first tell what is wrong


@dataclass
class Result:
    """The result. ``untested``: why the run proves nothing, although nothing was wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[Kind] = field(default_factory=Counter)
    leader_hit: Counter[Kind] = field(default_factory=Counter)  # those that met the leader of a common stream
    violations: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every promise was kept, and really put to the test."""
        return not (self.violations or self.untested)


def progress(seconds: float, result: Result) -> str:
    """A line in between."""
    counts, faults = result.counts, result.faults
    return (
        f"{seconds:4.0f} s: {counts['said']:,} messages said, {counts['seen']:,} times seen, "
        f"server kills {faults[Kind.SERVER_KILL]}, other faults {faults.total() - faults[Kind.SERVER_KILL]}"
    )


def count(records: Records, log: Log) -> Counter[str]:
    """The figures of the whole run."""
    entries = [entry for entries in log.values() for entry in entries]
    counts: Counter[str] = Counter({"in the log": sum(not entry.of for entry in entries)})
    counts["deleted"] = sum(entry.gone for entry in entries)
    texts = {entry.text for entries in log.values() for entry in entries}
    back: set[tuple[str, int, int]] = set()  # room, seq, UID
    for own in records.values():
        uids = {record.uid for record in own if isinstance(record, Started)}
        shown = [record for record in own if isinstance(record, Seen) and not record.of]
        seen = {(record.room, record.seq): record.uid for record in shown}
        texts |= {record.text for record in shown if record.text}
        saying = {record.text for record in own if isinstance(record, Saying) and record.room in log}
        said = {record.text for record in own if isinstance(record, Said)} & saying
        counts["said"] += len(said | (saying & texts))
        back.update((*place, uid) for place, uid in seen.items() if uid in uids)  # once, on however many devices
        counts["marked"] += len({(one.room, one.read) for one in own if isinstance(one, Marked) and one.read})
        counts["seen"] += len(seen)
        counts["seen again"] += len(shown) - len(seen)
        counts["refused"] += sum(isinstance(record, Refused) and record.n is not None for record in own)
        counts["lost"] += sum(isinstance(record, Lost) for record in own)
    counts["came back"] = len(back)
    return counts


def summary(result: Result) -> Iterator[str]:
    """The last lines."""
    counts = result.counts
    faults = ", ".join(f"{kind.value} {result.faults[kind]}" for kind in Kind if result.faults[kind])
    yield (
        f"Messages said: {counts['said']:,}; came back: {counts['came back']:,}; refused: {counts['refused']:,}; "
        f"deleted: {counts['deleted']:,}. Read markers told: {counts['marked']:,}."
    )
    yield (
        f"Seen by all clients together: {counts['seen']:,}; once more after a crash: {counts['seen again']}. "
        f"Connections lost: {counts['lost']:,}."
    )
    if counts["kicked"] or counts["private rooms"]:
        yield (
            f"Put out of a room: {counts['kicked']:,}, banned: {counts['banned']:,}; "
            f"private rooms: {counts['private rooms']:,}."
        )
    if counts["passed over"]:
        yield f"Entries in the log that are not messages, and were not checked: {counts['passed over']:,}."
    yield f"Faults: {faults}."
    if counts["long"]:
        yield (
            f"Of these {counts['long']} lasted for {LONG[0]:g} s or more; "
            f"servers were given up by the others, and came back, {counts['given up']} times."
        )
    if counts["slow writes"]:
        least, most = (1000 * seconds for seconds in TAKES)
        yield f"Servers waited {counts['slow writes']:,} times for a disk that takes {least:g} to {most:g} ms."
    if result.leader_hit:
        hit = ", ".join(f"{kind.value} {result.leader_hit[kind]}" for kind in Kind if result.leader_hit[kind])
        yield f"The leader of the servers' common stream was hit {result.leader_hit.total()} times: {hit}."
    if counts["states compared"]:
        yield "The servers' states and logs were compared."
    for sentence in result.violations[:MAX_SHOWN]:
        yield f"  {sentence}"
    if len(result.violations) > MAX_SHOWN:
        yield f"  and {len(result.violations) - MAX_SHOWN:,} more."
    yield f"Violations: {len(result.violations):,}."
    yield from result.untested
