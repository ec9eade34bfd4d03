"""The threads that check passwords, so that the hub never sees one, and nobody waits for another's."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from roomchat.chat.inputs import EndOfAccount, Guessed, Input, Introduction, LoggedIn, NewAccount, NewPassword
from roomchat.chat.names import normal_person
from roomchat.dialect import Malformed
from roomchat.errors import (
    AccountsClosed,
    BadName,
    BadPassword,
    Busy,
    LogError,
    NoAccount,
    Refused,
    StorageUnavailable,
    TooManyAccounts,
    TooManyTries,
    WrongPassword,
)
from roomchat.net.hashing import Hashing, hashing, prepared
from roomchat.net.throttle import Throttle, origin
from roomchat.protocol import ChangePassword, Hello, Register, Unregister
from roomchat.settings import Settings
from roomchat.store.api import LogReader
from roomchat.store.clients import StoredPassword

Secret = Hello | Register | ChangePassword | Unregister  # what has a password in it

MAX_PER_ORIGIN = 4  # passwords from one origin that wait

MAX_WAIT = 5.0  # seconds for which passwords may wait: half of the time that a hello has
SMOOTH = 8  # passwords over which it is averaged how long one takes

logger = logging.getLogger("roomchat")


def has_password(command: object) -> bool:
    """Whether a command waits for a verdict on the password in it."""
    if type(command) is Hello:
        return command.register or (command.password is not None and command.token is None)
    return isinstance(command, Register | ChangePassword | Unregister)


class _Work(Struct, eq=False):
    """A password that waits."""

    origin: str  # from where it came
    check: Callable[[Judge], None]
    refuse: Callable[[], None]  # it can't wait


class Passwords:
    """A queue with a bound, and what its threads do, which are in ``run``. Any thread may call the rest.

    Args:
        open_reader: a connection to the log for each of the threads.
    """

    def __init__(self, settings: Settings, open_reader: Callable[[], LogReader]) -> None:
        self._settings = settings
        self._open_reader = open_reader
        self._changed = threading.Condition()
        self._waiting: deque[_Work] = deque()
        self._origins: Counter[str] = Counter()  # of those that wait, or are being checked
        self._throttle = Throttle()
        self._takes = 0.0  # seconds that a password takes, of late
        self._stopped = False
        self.tell: Callable[[Guessed], None] = lambda guess: None  # other servers with the same accounts
        # Waits, for so many seconds at the most, until the log has what those have said up to now.
        self.catch_up: Callable[[float], None] = lambda timeout: None
        self.results = Counter({"right": 0, "wrong": 0, "made": 0})  # any thread may look, without the lock

    # ------------------------------------------------------------ any thread

    def judge(
        self, command: Secret, address: str, uid: int, token_hash: bytes, done: Callable[[Input], None]
    ) -> None:  # fmt: skip
        """Have a password checked.

        Args:
            command: that has it.
            address: from which it came.
            uid: of the client that asks; 0: it has not said hello.
            token_hash: of the token that came with a hello, or of a new one.
            done: gets what the hub is to be given in the place of the command; on any thread, perhaps at once.
        """

        def check(judge: Judge) -> None:
            self.catch_up(MAX_WAIT)
            try:
                done(judge.verdict(command, address, uid, token_hash))
            except Refused as refusal:
                done(Malformed.of(refusal, command.id))

        self._submit(_Work(origin(address), check, lambda: done(Malformed.of(Busy(), command.id))))

    def hash(self, password: str, done: Callable[[str | Refused], None]) -> None:
        """What is kept of a password that an admin gives; as ``judge``."""

        def make(judge: Judge) -> None:
            try:
                done(judge.hash(password))
            except Refused as refusal:
                done(refusal)

        self._submit(_Work("", make, lambda: done(Busy())))

    def _submit(self, work: _Work) -> None:
        with self._changed:
            refused = self._put(work)
        if refused is not None:
            refused.refuse()

    def _put(self, work: _Work) -> _Work | None:
        """Let it wait. Returns what does not wait, or not any more: where there are too many, the last one of the
        origin with most of them, so that a few who guess keep nobody else out."""
        if self._stopped or self._origins[work.origin] >= MAX_PER_ORIGIN:
            return work
        self._origins[work.origin] += 1
        self._waiting.append(work)
        self._changed.notify()
        before = len(self._waiting) - 1
        if before < self._settings.password_queue and before * self._takes <= MAX_WAIT:
            return None
        last = max(reversed(self._waiting), key=lambda one: self._origins[one.origin])  # of as many, the latest
        self._waiting.remove(last)
        self._origins[last.origin] -= 1
        return last

    def heard(self, guess: Guessed) -> None:
        """A password was wrong on another server."""
        with self._changed:
            self._throttle.failed(guess.address, guess.account, known=guess.known, now=time.monotonic())

    def stop(self) -> None:
        """Have all threads end; who waits still gets no answer."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    # ------------------------------------------------------------ their threads

    def run(self) -> None:
        """Check passwords until the threads are stopped."""
        hasher = hashing(self._settings.password_cost)
        with closing(hasher), closing(self._open_reader()) as reader:
            judge = Judge(self._settings, reader, hasher, self._throttle, self._changed, self.results, self.tell)
            while (found := self._next()) is not None:
                begun = time.monotonic()
                found.check(judge)
                with self._changed:
                    self._takes += (time.monotonic() - begun - self._takes) / SMOOTH
                    self._origins[found.origin] -= 1
                    self._origins += Counter()  # without those of whom nothing waits

    def _next(self) -> _Work | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            return self._waiting.popleft() if self._waiting else None


class Judge:
    """Of one thread. All of its methods raise Refused."""

    def __init__(
        self,
        settings: Settings,
        reader: LogReader,
        hasher: Hashing,
        throttle: Throttle,
        lock: threading.Condition,
        results: Counter[str],
        tell: Callable[[Guessed], None] = lambda guess: None,
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._hasher = hasher
        self._throttle = throttle  # of all threads: under the lock
        self._lock = lock
        self._results = results  # likewise
        self._tell = tell

    def verdict(self, command: Secret, address: str, uid: int, token_hash: bytes) -> Input:
        """What the hub is to be given in the place of a command."""
        match command:
            case Hello(register=True):
                made, invite = self._new(command.password or "", address), _hash(command.invite)
                return Introduction(bare(command), token_hash, command.token is not None, made, invite)
            case Hello():
                password = command.password or ""
                stored = self._check_name(command.name or "", password, address)
                again = self._hasher.hash(password) if self._hasher.is_outdated(stored.password_hash) else ""
                return LoggedIn(bare(command), token_hash, stored.uid, stored.changed, again)
            case Register():
                return NewAccount(self._new(command.password, address), _hash(command.invite), command.id)
            case ChangePassword():
                stored = self._check_own(uid, command.old, address)
                return NewPassword(self.hash(command.new), stored.changed, command.id)
            case Unregister():
                return EndOfAccount(self._check_own(uid, command.password, address).changed, command.id)

    def hash(self, password: str) -> str:
        """What is kept of a new password."""
        self._check_length(password)
        made = self._hasher.hash(password)
        with self._lock:
            self._results["made"] += 1
        return made

    def _check_length(self, password: str) -> None:
        shortest = self._settings.min_password
        if len(prepared(password)) < shortest:
            raise BadPassword(why=f"it has fewer than {shortest} characters")

    def _new(self, password: str, address: str) -> str:
        if self._settings.accounts == "closed":  # the hub says so, too; here it costs nothing
            raise AccountsClosed
        self._check_length(password)
        if self._settings.accounts == "open":  # else invites say how many
            with self._lock:
                wait = self._throttle.account(address, time.monotonic())
            if wait:
                raise TooManyAccounts(seconds=math.ceil(wait))
        return self.hash(password)

    def _check_name(self, name: str, password: str, address: str) -> StoredPassword:
        try:
            key = normal_person(name, self._settings.max_name)[1]
        except BadName:
            key = ""  # nobody is called so
        stored = self._stored(key)
        # A name that is nobody's is not told: people type their password there.
        self._check(stored, stored.uid if stored else key, repr(key) if stored else "nobody", password, address)
        assert stored is not None, "no password is right where there is no account"
        return stored

    def _check_own(self, uid: int, password: str, address: str) -> StoredPassword:
        stored = self._stored(uid)
        if stored is None:
            raise NoAccount
        self._check(stored, uid, f"UID {uid}", password, address)
        return stored

    def _stored(self, key: str | int) -> StoredPassword | None:
        try:
            return self._reader.password(key)
        except LogError:
            raise StorageUnavailable from None

    def _check(
        self, stored: StoredPassword | None, account: str | int, name: str, password: str, address: str
    ) -> None:  # fmt: skip
        known = stored is not None and origin(address) in map(origin, stored.addresses)
        with self._lock:
            wait = self._throttle.wait(address, account, known=known, now=time.monotonic())
        if wait:
            raise TooManyTries(seconds=math.ceil(wait))
        right = self._hasher.is_right(stored.password_hash if stored else None, password)
        with self._lock:
            self._results["right" if right else "wrong"] += 1
            if right:
                self._throttle.succeeded(address, account)
                return
            count = self._throttle.failed(address, account, known=known, now=time.monotonic())
        self._tell(Guessed(address, stored.uid if stored else 0, known))
        logger.warning("a wrong password for %s from %s, %d from there so far", name, address, count)
        raise WrongPassword


def bare(hello: Hello) -> Hello:
    """Without what proves anything."""
    return replace(hello, token=None, new_token=None, password=None, invite=None)


def _hash(invite: str | None) -> bytes | None:
    return None if invite is None else sha256(invite.encode()).digest()
