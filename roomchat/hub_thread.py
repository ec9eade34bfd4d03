"""The thread that owns the chat: takes what waits, applies it, stores it, hands it out; over and over."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from roomchat.chat.effects import Effects, LookUp
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import SERVER, Found, Inputs, Key, Link, Place, Row
from roomchat.chat.state import ServerBan
from roomchat.clock import Clock
from roomchat.dialect import Malformed
from roomchat.errors import LogError
from roomchat.figures import HubFigures
from roomchat.net.delivery import deliver, joined
from roomchat.net.readers import Readers
from roomchat.net.routes import Routes
from roomchat.net.trouble import Trouble
from roomchat.order import Order
from roomchat.protocol import Spoken, Tombstone
from roomchat.protocol.admin_answers import AdminAnswer
from roomchat.recorder import Recorder
from roomchat.retention import Retention
from roomchat.store.api import AccountRow, Changes, LogReader, LogWriter, SegmentRow
from roomchat.wiping import Wiping
from roomchat.wires.native import decode_entries, encode, encode_entries

logger = logging.getLogger("roomchat")

FAULT = "internal_error"
CHECK_EVERY = 1.0  # seconds between two looks whether the database file is still there, when nothing is stored


class _Done(NamedTuple):
    """What the hub has carried out."""

    inputs: Inputs
    effects: Effects
    changes: Changes | None  # to be stored


class HubThread:
    """Everything that the hub, which has no clock, disk or socket, is given and gives. ``run`` is the thread.

    Args:
        answer: called with what an admin is to be told, and the number of their question.
        end: called with the reason when the hub finds that the server should be stopped.
    """

    def __init__(
        self, hub: Hub, log: LogWriter, clock: Clock, retention: Retention, order: Order, readers: Readers,
        routes: Routes, answer: Callable[[Link, AdminAnswer], None], recorder: Recorder | None,
        end: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._hub = hub
        self._log = log
        self._clock = clock
        self._retention = retention
        self._wiping = Wiping(log, clock)
        self._order = order
        self._readers = readers
        self._routes = routes
        self._answer = answer
        self._recorder = recorder
        self._end = end
        self.figures = HubFigures()
        self.unstored = Trouble("nothing can be stored: %s", "messages are stored again, after %d failures")
        self._next_check = clock.now()

    def run(self) -> None:
        """Until the hub says that it is over."""
        while not self._order.over:
            came = self._order.take(self._patience())
            now = self.figures.awake = self._clock.now()
            self._carry_out(came)
            self._retention.run()
            self._wiping.run()
            self._check_log(now)
        if self._order.why:
            self._end(self._order.why)

    def _carry_out(self, came: Iterable[Inputs]) -> None:
        """Have the hub carry out what came, store and deliver what follows."""
        done: list[_Done] = []
        for inputs in came:
            done += self._apply(inputs)
            if done[-1].effects.over:
                break
        if not done:
            return
        if not self._store([(one.inputs.time, one.changes) for one in done if one.changes is not None]):
            if done[0].inputs.origin is not None:  # the others have stored it: there is no way back
                self._order.why = "its disk takes nothing, and the other servers go on without it"
                self._order.over = True
                return
            done = [self._take_back(*done)]
        if done[0].inputs.origin is None:
            self._commit(done[0])
        effects = [one.effects for one in done]
        deliver(effects[0].deliveries if len(effects) == 1 else joined(effects, self._routes), self._routes)
        for one in effects:
            self._see_to(one)
        self._order.done(done[-1].inputs)

    def _apply(self, inputs: Inputs) -> list[_Done]:
        """What the hub makes of it. What all of several servers do is committed at once, and stored with what
        follows."""
        try:
            effects = self._hub.apply(inputs)
        except Exception as fault:
            if inputs.origin is None or not inputs.items:
                raise
            return self._apply_apart(inputs, fault)
        _encode(effects)
        done = _Done(inputs, effects, _changes(inputs, effects) if effects.stored and not inputs.stored else None)
        if inputs.origin is not None:
            self._commit(done)
        return [done]

    def _commit(self, done: _Done) -> None:
        self._hub.commit()
        self._count(len(done.inputs.items), done.effects)
        self._record(done, stored=True)

    def _take_back(self, refused: _Done) -> _Done:
        """The disk does not take it: what does not need the disk is done."""
        self._hub.rollback()
        self._record(refused, stored=False)
        inputs = refused.inputs
        inputs.storing = False
        effects = self._hub.apply(inputs)
        _encode(effects)
        return _Done(inputs, effects, None)

    def _apply_apart(self, inputs: Inputs, fault: Exception) -> list[_Done]:
        """A fault in the chat's own code would end all servers, and again at each start. So what has led to
        it is refused, and the rest is done: all servers come to the same fault, and do the same. Raises it where
        nothing can be refused."""
        self._hub.rollback()
        if len(inputs.items) > 1:  # all of them are stored together
            return [done for one in inputs.items for done in self._apply(replace(inputs, items=[one]))]
        ((link, item),) = inputs.items
        logger.critical("a fault in the chat, which could not carry out: %s", type(item).__name__, exc_info=fault)
        if link == SERVER or isinstance(item, Malformed):
            raise fault
        refused = Malformed(FAULT, "The server has a fault, and could not do that.", closes=True)
        return self._apply(replace(inputs, items=[(link, refused)]))

    def _see_to(self, effects: Effects) -> None:
        """What follows besides what is stored and delivered."""
        for number, answer in effects.answers:
            if self._order.owns(number):
                self._answer(number, answer)
        for look_up in [one for one in effects.lookups if self._order.owns(one.link)]:
            self._readers.submit(partial(self._look_up, look_up))
        for line in effects.log_lines:
            logger.info("%s", line)
        if effects.stop:
            self._end(effects.stop)
        if effects.over:
            self._order.over = True

    def _patience(self) -> float:
        """Seconds until something is due though nothing comes in."""
        deadline = self._order.due(self._hub.deadline())
        due = [self._next_check, deadline, self._retention.due, self._wiping.due]
        return max(0.0, min(moment for moment in due if moment is not None) - self._clock.now())

    def _count(self, commands: int, effects: Effects) -> None:
        """For whoever watches: once a batch, whatever is in it."""
        figures = self.figures
        if commands:
            figures.batches.observe(commands)
        messages = deliveries = 0
        for segment in effects.segments:
            count = len(segment.entries)
            messages += count
            deliveries += count * len(segment.audience)
        figures.messages += messages
        figures.deliveries += deliveries
        if effects.refusals:
            figures.refused.update(effects.refusals)

    def _record(self, done: _Done, *, stored: bool) -> None:
        if self._recorder is not None:
            self._recorder.add(done.inputs, done.effects, stored, self._hub)

    def _look_up(self, look_up: LookUp, reader: LogReader) -> None:
        """On a reader thread: what the hub asked for comes to it as an input."""
        try:
            found = _found(reader, look_up.key)
        except LogError:
            found = Found(look_up.key, failed=True)
        self._order.submit([(look_up.link, found)])

    # ------------------------------------------------------------ the disk

    def _store(self, batches: Sequence[tuple[int, Changes]]) -> bool:
        """Write what belongs on disk, with its times; False if the disk did not take it."""
        if not batches:
            return True
        begun = self._clock.now()
        try:
            self._log.append_all(batches)
        except LogError as error:
            self.unstored.failed(error)
            return False
        self.figures.commits.observe(self._clock.now() - begun)
        self.unstored.worked()
        if any(changes.deletions or changes.purges for _, changes in batches):
            self._wiping.deleted()
        return True

    def _check_log(self, now: float) -> None:
        """Notice that the file is gone also while nothing is said, and that all is well again."""
        if now < self._next_check:
            return
        self._next_check = now + CHECK_EVERY
        self.figures.log_bytes = self._log.size()
        if self.unstored.lasts:
            with contextlib.suppress(LogError):  # it is known
                self._log.probe()
                self.unstored.worked()
            return
        try:
            self._log.check()
        except LogError as error:
            self.unstored.failed(error)


def _found(reader: LogReader, key: Key) -> Found:
    """What the log says. Raises LogError."""
    if isinstance(key, tuple):
        return Found(key, holder=reader.owner(key))
    if not isinstance(key, Place):
        client = reader.client(key)
        return Found(key, Row.of(client) if client else None)
    line = reader.entry(key.room, key.seq)
    try:
        entries = [] if line is None else decode_entries(line)
    except ValueError as error:
        raise LogError(f"an entry of {key.room} is broken: {error}") from error
    for entry in entries:
        if isinstance(entry, Spoken | Tombstone):
            return Found(key, words=Tombstone.of(entry), deleted=isinstance(entry, Tombstone))
    return Found(key)


def _changes(inputs: Inputs, effects: Effects) -> Changes:
    """What belongs on disk."""
    return Changes(
        segments=[
            SegmentRow(one.room.key, one.room.name, one.entries[0].seq, one.entries[-1].seq, one.encoded)
            for one in effects.segments
        ],
        clients=effects.names.items(),
        sessions=[(one.client.uid, one.device, one.token_hash) for one in effects.sessions],
        counters=[(one.client.uid, one.device, n) for one, n in effects.counters.items()],
        next_uid=effects.next_uid,
        next_room=effects.next_room,
        purges=effects.purges.items(),
        rules=[(key, msgspec.json.encode(room.rules)) for key, room in effects.rules.items()],
        seats=effects.seats.items(),
        guests=effects.guests.items(),
        reads=[(uid, room, seq) for (uid, room), seq in effects.reads.items()],
        members=[(uid, room, name) for (uid, room), name in effects.members.items()],
        bans=[(who, (ban.until, ban.reason) if ban is not None else None) for who, ban in effects.bans.items()],
        audit=[(who, msgspec.json.encode(change)) for who, change in effects.audit],
        blocks=[(uid, whom, blocked) for (uid, whom), blocked in effects.blocks.items()],
        deletions=[(at.room, at.seq, encode(line)) for at, line in effects.deletions.items()],
        accounts=[
            AccountRow(uid, one.key, one.looks, one.account, one.password_hash)
            for uid, one in effects.accounts.items()
        ],
        visits=[(one.client.uid, one.device, *visit) for one, visit in effects.visits.items()],
        ended=[(one.client.uid, one.device) for one in effects.ended],
        forgotten=effects.forgotten,
        invites=effects.invites.items(),
        position=inputs.position,
        epoch=effects.epoch,
    )


def _encode(effects: Effects) -> None:
    for segment in effects.segments:
        segment.encoded = encode_entries(segment.entries)


def _ban(ban: ServerBan | None) -> tuple[int | None, str] | None:
    return None if ban is None else (ban.until, ban.reason)
