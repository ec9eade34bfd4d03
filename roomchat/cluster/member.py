"""A server as one of several: its settings read, its hub as it was, and the order that they share."""

from __future__ import annotations

import itertools
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from roomchat.chat import snapshot
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import Arrived
from roomchat.chat.record import Beginning
from roomchat.chat.servers import LOGIC, shared
from roomchat.chat.snapshot import SnapshotError
from roomchat.cluster import copying
from roomchat.cluster.frames import MAX_SERVER
from roomchat.cluster.nats import Connection
from roomchat.cluster.nats_address import Login, parse
from roomchat.cluster.order import ClusterOrder
from roomchat.cluster.stream import Cluster, Plan, ensure
from roomchat.cluster.turns import ROUND
from roomchat.errors import LogError, StartError, StreamError, StreamRefused
from roomchat.net.connections import ToHub
from roomchat.net.inbox import Inbox
from roomchat.net.passwords import Passwords
from roomchat.settings import Settings
from roomchat.store.claim import Claim
from roomchat.store.log import Log
from roomchat.store.shared import is_wanting

logger = logging.getLogger("roomchat")

MAX_BYTES = 1024**3  # that the stream takes on each NATS server's disk at the most; it is set aside at once


def find(settings: Settings, is_ending: Callable[[], bool]) -> Cluster:
    """Before this server's log is opened: the stream is there, and the log may go on from where it stands.

    Args:
        settings: of this server.
        is_ending: whether nobody waits for that any more.
    Raises:
        StartError: with a sentence.
    """
    if settings.idle_exit:
        raise StartError("A server of several has no --idle-exit.")
    cluster = cluster_of(settings)
    make_stream(cluster, is_ending)
    if settings.db != ":memory:":
        take_copy(cluster, Path(settings.db).resolve())
    return cluster


def cluster_of(settings: Settings) -> Cluster:
    """Where the stream is, and who this server is there.

    Raises:
        StartError: a setting can't be used; the sentence says which and why.
    """
    try:
        addresses, login = parse(settings.cluster)
        if settings.cluster_login:
            login = _login(_read(settings.cluster_login))
    except StreamRefused as error:
        raise StartError(str(error)) from None
    name = settings.server_name or f"{socket.gethostname()}-{settings.port}"
    if len(name.encode()) > MAX_SERVER:
        raise StartError(f"--server-name may have {MAX_SERVER} bytes.")
    tls = _tls(settings) if any(one.is_tls for one in addresses) or settings.cluster_ca else None
    plan = Plan(settings.cluster_name, settings.cluster_replicas, settings.cluster_keep * 3600, MAX_BYTES)
    return Cluster(addresses, plan, name, int(time.time() * 1000), login, tls)


def make_stream(cluster: Cluster, is_ending: Callable[[], bool]) -> None:
    """Have the stream made, if there is none; waits for a NATS server that answers.

    Raises:
        StartError: they do not let this server in, or the stream is another program's; or it is to end.
    """
    told = False
    for address in itertools.cycle(cluster.addresses):
        connection = Connection(address, cluster.login, tls=cluster.tls)
        try:
            connection.wait_open()
            for warning in ensure(connection, cluster.plan).warnings:
                logger.warning("%s", warning)
            return
        except StreamRefused as error:
            raise StartError(str(error)) from None
        except StreamError as error:
            if not told:
                logger.warning("waiting for the NATS servers: %s", error)
                told = True
        finally:
            connection.close()
            connection.join()
        if is_ending():
            raise StartError("No NATS server has answered.")
        time.sleep(ROUND)


def take_copy(cluster: Cluster, path: Path) -> None:
    """If this server is new, or its log is not what the others' are: replace it by a copy of one of theirs.

    Args:
        path: of its log, which is not open.
    Raises:
        StartError: it needs one and there is none, or it has not come.
    """
    with closing(Claim(path)):
        wants, needs = is_wanting(path)
        if not wants:
            return
        try:
            server = copying.fetch(cluster, path)
        except (StreamError, OSError) as error:
            raise StartError(f"No copy of another server's log could be taken: {error}") from None
        if server:
            logger.warning("the log is a copy of that of %s", server)
        elif needs:
            raise StartError("This server needs a copy of another one's log, and none answers: start one first.")


def join(
    cluster: Cluster,
    settings: Settings,
    log: Log,
    beginning: Beginning,
    inbox: Inbox[ToHub],
    addresses: Callable[[], list[str]],
    tell: Callable[[str], None],
    passwords: Passwords,
) -> tuple[Hub, ClusterOrder]:
    """A hub that knows what it knew, or what this server's log knows, and what orders its inputs.

    Args:
        beginning: what the log knows, of which a hub is made if this server has never been one of several.
        addresses: where clients find this server; asked for when it arrives.
        tell: tells everybody on this server.
        passwords: those that are checked here.
    Raises:
        StartError: the log can't be read.
    """
    try:
        kept = log.kept()
        hub = beginning.hub() if kept is None else snapshot.hub(kept.snapshot.state, settings)
    except (LogError, SnapshotError, json.JSONDecodeError) as error:
        raise StartError(
            f"What this server knew of the chat can't be read: {error} Start it with the roomchat that wrote it, "
            "or name a new database with --db, into which another server's is copied."
        ) from None
    has_past = kept is None and (beginning.next_uid > 1 or bool(beginning.rooms))

    def arrived() -> Arrived:
        return Arrived(LOGIC, shared(settings), addresses(), beginning.epoch, has_past)

    copies = copying.Copies(cluster, log.path)
    return hub, ClusterOrder(cluster, hub, log, kept, inbox, arrived, tell, copies, passwords)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} can't be read: {error}.") from None


def _login(text: str) -> Login:
    if text.startswith("SU") and ":" not in text:
        return Login(seed=text)
    user, colon, password = text.partition(":")
    return Login(user=user, password=password) if colon else Login(token=text)


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.cluster_ca or None)
        if settings.cluster_cert:
            context.load_cert_chain(settings.cluster_cert)
    except (OSError, ssl.SSLError) as error:
        raise StartError(f"The certificates for NATS can't be used: {error}.") from None
    return context
