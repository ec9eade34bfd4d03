"""The server: the chat, the log, the wires and the sockets put together."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType

from roomchat.chat.effects import Effects
from roomchat.chat.hub import Hub
from roomchat.chat.names import normal_room
from roomchat.chat.registry import Registry
from roomchat.chat.sessions import Shutdown
from roomchat.errors import BadName, LogError, StartError, StorageUnavailable
from roomchat.net.audience import Audience
from roomchat.net.delivery import deliver
from roomchat.net.inbox import Inbox
from roomchat.net.listener import Listener
from roomchat.net.loop import Loop, ToHub
from roomchat.net.readers import Readers
from roomchat.settings import WIRES, Settings
from roomchat.store.log import Log, SegmentRow, StoredClient
from roomchat.wires.detect import Dialects
from roomchat.wires.native import encode_entries

logger = logging.getLogger("roomchat")

EXPIRE_SEGMENTS = 500  # removed at a time, some milliseconds
EXPIRE_GUESTS = 100  # likewise
EXPIRE_PAUSE = 1.0  # seconds between two times while there is more to remove
EXPIRE_EVERY = 600.0  # seconds between two looks when there is nothing
CHECK_EVERY = 1.0  # seconds between two looks whether the database file is still there, when nothing is stored
DAY = 86_400_000  # milliseconds


class Server:
    """A chat server in this process.

    ``start`` returns when it can be connected to, ``stop`` when nothing of it is left; as a context manager it
    does both. Any thread may call its methods.

        with Server(Settings(port=0)) as server:
            host, port = server.address
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()  # someone should call stop()
        self._inbox: Inbox[ToHub] = Inbox(settings.inbox_limit)
        self._storing = True  # whether the disk took what was written last
        self._last_wall = 0.0  # seconds since 1970: the time of the last batch; in the log time never goes back
        self.failed = False  # whether it ended because of a fault in itself
        self.why = ""  # why it ended by itself

    # ------------------------------------------------------------ its life

    def start(self) -> None:
        """Open the log, claim the address, start the threads.

        Raises:
            StartError: with nothing left behind.
        """
        settings = self._settings
        if not settings.wires or set(settings.wires) - set(WIRES):
            raise StartError(f"Name one or more --wires out of: {', '.join(WIRES)}.")
        try:
            normal_room(settings.lobby or Settings.lobby, settings.max_name)
        except BadName as error:
            raise StartError(f"{error} Choose another --lobby.") from None
        self._log = Log(settings.db, settings.sync)
        self._readers = Readers(self._log.path)
        dialects = Dialects(settings, lambda: _timestamp(time.time()))
        self._loops = [Loop(settings, self._inbox, self._readers, dialects) for _ in range(settings.io_threads)]
        try:
            self._hub = self._make_hub()
            self._listener = Listener(settings, self._loops)
        except BaseException:
            for loop in self._loops:
                loop.close()
            self._log.close()
            raise
        self._next_expiry = self._next_check = self._now()
        self._reader_threads = [
            self._spawn(f"reader-{i}", self._readers.run) for i in range(settings.reader_threads)
        ]
        self._hub_thread = self._spawn("hub", self._run_hub)
        self._loop_threads = [self._spawn(f"io-{i}", loop.run) for i, loop in enumerate(self._loops)]
        self._listener_thread = self._spawn("listener", self._listener.run)

    def stop(self, text: str = "The server is stopping.") -> None:
        """Tell everyone, write out what waits for at most ``Settings.drain`` seconds, and end all threads."""
        self._listener.stop()
        self._listener_thread.join()
        self._listener.close()
        self._inbox.put([(None, Shutdown(text))])
        self._hub_thread.join()
        for loop in self._loops:
            loop.stop(self._settings.drain)
        for thread in self._loop_threads:
            thread.join()
        for _ in self._reader_threads:
            self._readers.stop()
        for thread in self._reader_threads:
            thread.join()
        for loop in self._loops:
            loop.close()
        self._log.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it should be stopped: ``end`` was called, it was idle for too long, or it failed."""
        return self._ending.wait(timeout)

    def end(self) -> None:
        """Make ``wait`` return."""
        self._ending.set()

    @property
    def ending(self) -> bool:
        """Whether ``wait`` returns at once."""
        return self._ending.is_set()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""
        return self._listener.address

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ------------------------------------------------------------ the hub's thread

    def _run_hub(self) -> None:
        """Take what waits, apply it, store it, deliver it; over and over."""
        over = False
        while not over:
            inputs = self._inbox.take(self._patience())
            now, wall = self._now(), self._wall()
            timestamp = _timestamp(wall)
            effects = self._hub.apply(inputs, now, timestamp)
            for segment in effects.segments:
                segment.encoded = encode_entries(segment.entries)
            if effects.stored and not self._store(effects, wall):
                self._hub.rollback()
                effects = self._hub.apply(inputs, now, timestamp, storing=False)
            self._hub.commit()
            deliver(effects.deliveries)
            for note in effects.notes:
                logger.info("%s", note)
            over = effects.over
            if effects.stop and not self._ending.is_set():
                self.why = effects.stop
                self._ending.set()
            if self._expires and now >= self._next_expiry:
                self._expire(wall)
            if now >= self._next_check:
                self._next_check = now + CHECK_EVERY
                self._check_log()

    def _wall(self) -> float:
        """Seconds since 1970 for what is said now: never less than for what was said before."""
        self._last_wall = max(time.time(), self._last_wall)
        return self._last_wall

    def _patience(self) -> float:
        """Seconds until something is due though nothing comes in."""
        due = [self._next_check]
        if (deadline := self._hub.deadline()) is not None:
            due.append(deadline)
        if self._expires:
            due.append(self._next_expiry)
        return max(0.0, min(due) - self._now())

    def _store(self, effects: Effects, wall: float) -> bool:
        """Write what belongs on disk; False if the disk did not take it."""
        segments = [
            SegmentRow(one.room.key, one.room.name, one.entries[0].seq, one.entries[-1].seq, one.encoded)
            for one in effects.segments
        ]
        identities = [(one.uid, one.name, one.token_hash) for one in effects.identities.values()]
        try:
            self._log.append(
                int(wall * 1000),
                segments,
                identities,
                effects.counters.items(),
                effects.next_room,
                effects.seats.items(),
                effects.guests.items(),
            )
        except LogError as error:
            self._note_storing(error)
            return False
        self._note_storing(None)
        return True

    def _check_log(self) -> None:
        """Notice that the file is gone also while nothing is said."""
        try:
            self._log.check()
        except LogError as error:
            self._note_storing(error)

    def _note_storing(self, error: LogError | None) -> None:
        """Say once that the disk takes nothing, and once that it does again."""
        if error is not None and self._storing:
            logger.error("nothing can be stored: %s", error)
        elif error is None and not self._storing:
            logger.warning("messages are stored again")
        self._storing = error is None

    @property
    def _expires(self) -> bool:
        return bool(self._settings.keep_days or self._settings.guest_days)

    def _expire(self, wall: float) -> None:
        """Remove some of what is older than it is to be kept.

        A clock that is wrong once must not delete the log: time is believed to have passed only as far as the last
        message of the log showed when we started, and as we have been running since, and a day more.
        """
        believed = min(wall, self._wall_at_start + DAY / 1000 + self._now() - self._started)
        try:
            more = self._expire_messages(believed) | self._expire_guests(believed, wall)
        except LogError as error:
            logger.error("what is old can't be removed: %s", error)
            more = False
        self._next_expiry = self._now() + (EXPIRE_PAUSE if more else EXPIRE_EVERY)

    def _expire_messages(self, now: float) -> bool:
        """Whether more is to be removed."""
        if not self._settings.keep_days:
            return False
        before = now - self._settings.keep_days * DAY / 1000
        removed = self._log.expire(int(before * 1000), EXPIRE_SEGMENTS)
        if removed:
            logger.warning("removed %d pieces of what was said before %s", removed, _timestamp(before))
        return removed == EXPIRE_SEGMENTS

    def _expire_guests(self, now: float, wall: float) -> bool:
        """Whether more may be removed. Who is here is needed, and who has been whispered to."""
        if not self._settings.guest_days:
            return False
        before = now - self._settings.guest_days * DAY / 1000
        registry = self._hub.registry
        found, removed = self._log.forget_guests(
            int(before * 1000),
            int(wall * 1000),
            EXPIRE_GUESTS,
            lambda uid: uid in registry.clients or uid in registry.pairs,
        )
        if removed:
            logger.info("forgot %d who never said anything, last here before %s", removed, _timestamp(before))
        return found == EXPIRE_GUESTS

    # ------------------------------------------------------------ inside

    def _make_hub(self) -> Hub:
        log = self._log
        try:
            self._begin_time(log.last_time() / 1000)
            said = {key: _timestamp(time / 1000) for key, time in log.last_said().items()}
            registry = Registry(
                next_uid=log.next_uid(),
                next_room=log.next_room(),
                rooms=[(*row, said.get(row[0])) for row in log.rooms()],
                make_audience=Audience,
            )
            return Hub(
                registry,
                self._settings,
                epoch=log.epoch(),
                new_token=_new_token,
                find_client=self._find_client,
                find_name=self._find_name,
                seats=log.seats() if self._settings.linger else [],
                now=self._now(),
            )
        except LogError as error:
            raise StartError(
                f"The database can't be read ({error}); restore it from a backup, or name another file with --db."
            ) from None

    def _begin_time(self, last: float) -> None:
        """Go on from the time of the last message in the log, in seconds since 1970; 0: there is none."""
        self._started, wall = self._now(), time.time()
        self._last_wall = last
        self._wall_at_start = last or wall
        if last > wall + 60:
            logger.warning(
                "the last message in the log is from %s, which is ahead of this machine's clock; new messages get "
                "that time until the clock has caught up",
                _timestamp(last),
            )

    def _find_client(self, token_hash: bytes) -> StoredClient | None:
        try:
            return self._log.find_client(token_hash)
        except LogError:
            raise StorageUnavailable from None

    def _find_name(self, uid: int) -> str | None:
        try:
            return self._log.find_name(uid)
        except LogError:
            raise StorageUnavailable from None

    @staticmethod
    def _now() -> float:
        return time.monotonic()

    def _spawn(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """A thread whose failure ends the server: a part of it missing, it must not go on as if it were whole."""

        def guarded() -> None:
            try:
                work()
            except BaseException:
                self.failed = True  # first: writing to a log may fail, too
                self._ending.set()
                logger.critical("a fault in the server's %s thread; the server ends", name, exc_info=True)

        thread = threading.Thread(target=guarded, name=f"roomchat-{name}")
        thread.start()
        return thread


def _new_token() -> str:
    return secrets.token_urlsafe(24)  # 192 bits: not to be guessed, ever


def _timestamp(wall: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    seconds, milliseconds = divmod(int(wall * 1000), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"
