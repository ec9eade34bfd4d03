"""The server: the chat, the log, the wires and the sockets put together."""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from roomchat.chat.hub import Hub
from roomchat.chat.inputs import SERVER, Shutdown
from roomchat.chat.names import normal_room
from roomchat.chat.record import Beginning
from roomchat.chat.rules import Rules
from roomchat.chat.state import ServerBan
from roomchat.clock import Clock
from roomchat.errors import BadName, LogError, StartError
from roomchat.hub_thread import HubThread
from roomchat.monitoring import Monitoring
from roomchat.net import identity
from roomchat.net.addresses import addresses_of_host
from roomchat.net.admin_socket import AdminSocket, NoAdminSocket
from roomchat.net.administration import Administration
from roomchat.net.connections import ToHub
from roomchat.net.delivery import tell_all
from roomchat.net.inbox import Inbox
from roomchat.net.listener import Listener
from roomchat.net.loop import Loop
from roomchat.net.passwords import Passwords
from roomchat.net.readers import Readers
from roomchat.net.routes import Routes
from roomchat.order import EmbeddedOrder, Order
from roomchat.recorder import Recorder
from roomchat.retention import Retention
from roomchat.settings import WIRES, Settings
from roomchat.site.page import Page
from roomchat.site.token import read_token
from roomchat.site.web import Web
from roomchat.store.log import Log
from roomchat.store.reader import SqliteReader
from roomchat.times import timestamp
from roomchat.wires.table import Dialects

if TYPE_CHECKING:
    from roomchat.cluster.stream import Cluster

logger = logging.getLogger("roomchat")

# Seconds until the main thread looks up: a signal may go to any of our threads. That ends no wait here, and Python
# runs the handler at the next step of this one.
LOOKS_UP = 0.5


class Server:
    """A chat server in this process.

    ``start`` returns when it can be connected to, ``stop`` when nothing of it is left; as a context manager it
    does both. Any thread may call its methods.

        with Server(Settings(port=0)) as server:
            host, port = server.address
    """

    def __init__(self, settings: Settings, *, record: str | None = None) -> None:
        """``record``: a file to write down all that the hub is given, see docs/determinism.md."""
        self._settings = settings
        self._record = record
        self._threads: list[threading.Thread] = []
        self.ending = False  # someone should call stop(); then `wait` returns at once
        # No event: its lock may be held by the thread that waits, when a signal's handler calls `end` in it.
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._inbox: Inbox[ToHub] = Inbox(settings.inbox_limit)
        self.failed = False  # whether it ended because of a fault in itself
        self.why = ""  # why it ended by itself
        self.comes_back = False  # and whether a new start is of use

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
            normal_room(settings.only_room, settings.max_name)
        except BadName as error:
            raise StartError(f"{error} Choose another --lobby.") from None
        token = read_token(settings.metrics_token_file) if settings.metrics_token_file else b""
        cluster = self._find_cluster() if settings.cluster else None
        # With others the stream is what is acknowledged; the log is put together from it again.
        self._log = Log(settings.db, "normal" if settings.cluster else settings.sync)
        self._readers = Readers(partial(SqliteReader, self._log.path))
        self._passwords = Passwords(settings, partial(SqliteReader, self._log.path))
        self._routes = Routes()
        self._administration = Administration(self._inbox.put, self._readers, self._passwords, self._where)
        dialects = Dialects(settings, lambda: timestamp(time.time()))
        self._loops: list[Loop] = []
        self._recorder: Recorder | None = None
        try:
            self.identity = identity.of_server(settings.tls_cert, settings.tls_key, self._log.path, settings.host)
            hub_thread = self._make_hub_thread(cluster)
            self._monitoring = Monitoring(
                hub_thread.figures,
                self._hub.registry,
                hub_thread.unstored,
                self._loops,
                self._inbox,
                self._passwords.results,
                self._order,
            )
            page = Page.of_package() if "websocket" in settings.wires else Page.of({})
            site = Web(page, self._monitoring, token, lambda: self.identity.certified)
            self._loops += [
                Loop(
                    settings,
                    self._inbox,
                    self._readers,
                    dialects,
                    self._routes,
                    self._passwords,
                    site,
                    self.identity,
                )
                for _ in range(settings.io_threads)
            ]
            self._listener = Listener(settings, self._loops)
        except BaseException:
            for loop in self._loops:
                loop.close()
            if hasattr(self, "_order"):  # it may have threads
                self._order.close()
            self._close_files()
            raise
        self._admin_socket = self._make_admin_socket()
        self._reader_threads = [
            self._spawn(f"reader-{i}", self._readers.run) for i in range(settings.reader_threads)
        ]
        self._password_threads = [
            self._spawn(f"password-{i}", self._passwords.run) for i in range(settings.password_threads)
        ]
        self._hub_thread = self._spawn("hub", hub_thread.run)
        self._loop_threads = [self._spawn(f"io-{i}", loop.run) for i, loop in enumerate(self._loops)]
        try:
            self._begin()
        except StartError:
            self._order.over = True
            self.comes_back = self._order.comes_back
            self._listener.close()
            if self._admin_socket is not None:
                self._admin_socket.close()
            self._end_threads(drain=0.0)
            raise
        self._listener_thread = self._spawn("listener", self._listener.run)
        if self._admin_socket is not None:
            self._admin_thread = self._spawn("admin", self._admin_socket.run)

    def _begin(self) -> None:
        """Wait until the hub's order lets this server in. Raises StartError."""
        while (first := self._order.wait(LOOKS_UP)) is None:
            if self.ending:
                raise StartError(f"It was to end before it could begin{f': {self.why}' if self.why else ''}.")
        self._listener.count_from(first)
        self._administration.count_from(first)

    def stop(self, text: str = "The server is stopping.") -> None:
        """Tell everyone, write out what waits for at most ``Settings.drain`` seconds, and end all threads."""
        self._monitoring.stopping = self._order.leaving = True
        self._listener.stop()
        self._listener_thread.join()
        self._listener.close()
        if self._admin_socket is not None:
            self._admin_socket.stop()
            self._administration.stop()
            self._admin_thread.join()
            self._admin_socket.close()
        if self._order.over:
            tell_all(self._routes, text)
        self._inbox.put([(SERVER, Shutdown(text))])
        self._end_threads(self._settings.drain)

    def _end_threads(self, drain: float) -> None:
        """``drain``: seconds that outboxes have."""
        self._hub_thread.join()
        self._order.close()
        for loop in self._loops:
            loop.stop(drain)
        for thread in self._loop_threads:
            thread.join()
        for _ in self._reader_threads:
            self._readers.stop()
        self._passwords.stop()
        for thread in [*self._reader_threads, *self._password_threads]:
            thread.join()
        for loop in self._loops:
            loop.close()
        self._close_files()

    def _close_files(self) -> None:
        self._log.close()
        if self._recorder is not None:
            self._recorder.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it should be stopped: ``end`` was called, it was idle for too long, or it failed."""
        give_up = math.inf if timeout is None else time.monotonic() + timeout
        while not self.ending and (left := give_up - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                self._ended.put(self._ended.get(timeout=min(left, LOOKS_UP)))  # back, for others who wait
        return self.ending

    def end(self) -> None:
        """Make ``wait`` return. Any thread may call it, and the handler of a signal."""
        self.ending = True
        self._ended.put(None)

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

    # ------------------------------------------------------------ inside

    def _make_hub_thread(self, cluster: Cluster | None) -> HubThread:
        log, settings = self._log, self._settings
        try:
            state = self._log.state()
            rules = {key: msgspec.json.decode(one, type=Rules) for key, one in state.rules.items()}
        except (LogError, msgspec.MsgspecError) as error:
            raise StartError(
                f"The database can't be read ({error}); restore it from a backup, or name another file with --db."
            ) from None
        clock = Clock(state.last_time / 1000)
        now = clock.now() if not settings.cluster else time.time() if state.next_uid > 1 else 0.0
        said = {key: timestamp(time / 1000) for key, time in state.last_said.items()}
        beginning = Beginning.of(
            settings,
            epoch=state.epoch,
            now=now,
            next_uid=state.next_uid,
            next_room=state.next_room,
            rooms=[(*row, said.get(row[0])) for row in state.rooms],
            seats=state.seats if settings.resume_window else [],
            accounts=state.accounts,
            invites=state.invites,
            rules=rules,
            bans=[(who, ServerBan(until, reason)) for who, until, reason in state.bans],
        )
        if self._record is not None:
            self._recorder = Recorder(self._record, beginning)
        self._hub, self._order = self._make_hub(cluster, beginning, clock)
        return HubThread(
            self._hub,
            log,
            clock,
            Retention(settings, log, self._hub.registry, clock),
            self._order,
            self._readers,
            self._routes,
            self._administration.answered,
            self._recorder,
            self._end_because,
        )

    def _find_cluster(self) -> Cluster:
        from roomchat.cluster import member  # which a server alone does without

        if self._record is not None:
            raise StartError("A server of several has no --record.")
        return member.find(self._settings, lambda: self.ending)

    def _make_hub(self, cluster: Cluster | None, beginning: Beginning, clock: Clock) -> tuple[Hub, Order]:
        """Of a server that is alone, or of one of several."""
        settings = self._settings
        if cluster is None:
            return beginning.hub(), EmbeddedOrder(self._inbox, clock)
        from roomchat.cluster import member

        return member.join(
            cluster, settings, self._log, beginning, self._inbox, self._addresses,
            partial(tell_all, self._routes), self._passwords,
        )  # fmt: skip

    def _addresses(self) -> list[str]:
        """Where clients find this server, for the others to tell."""
        host, port, fingerprint = self._where()
        where = self._settings.advertise or (f"[{host}]:{port}" if ":" in host else f"{host}:{port}",)
        return [f"{one} {fingerprint}".rstrip() for one in where]

    def _where(self) -> tuple[str, int, str]:
        """What an invite says of the server: its host, its port, and the fingerprint of its key where no authority
        vouches for that."""
        host, port = self.address
        if self.identity.names:
            return self.identity.names[0], port, ""
        if host in {"0.0.0.0", "::"}:
            found = [one for one in addresses_of_host() if ":" not in one or host == "::"]
            host = found[0] if found else socket.gethostname()
        return host, port, self.identity.fingerprint

    def _make_admin_socket(self) -> AdminSocket | None:
        """None, if there can be none: the chat does without."""
        if self._settings.db == ":memory:":
            return None  # nobody could name it
        try:
            return AdminSocket(self._log.path, self._administration.respond)
        except NoAdminSocket as error:
            logger.warning("%s", error)
            return None

    def _end_because(self, why: str) -> None:
        if not self.ending:
            self.why, self.comes_back = why, self._order.comes_back
            self.end()

    def _spawn(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """A thread whose failure ends the server: a part of it missing, it must not go on as if it were whole."""

        def guarded() -> None:
            try:
                work()
            except BaseException:
                self.failed = True  # first: writing to a log may fail, too
                self.end()
                logger.critical("a fault in the server's %s thread; the server ends", name, exc_info=True)

        thread = threading.Thread(target=guarded, name=f"roomchat-{name}")
        thread.start()
        return thread
