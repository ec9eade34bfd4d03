"""A whole copy of one server's log for another one, which is new, or was away for longer than the stream keeps.

It goes by NATS, in pieces that are asked for one after the other; the stream has nothing of it.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import shutil
import sqlite3
import struct
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from roomchat.cluster.nats import Connection
from roomchat.cluster.nats_protocol import Message
from roomchat.cluster.stream import Cluster
from roomchat.errors import LogError, StreamError, StreamUnknown
from roomchat.store.backup import back_up

logger = logging.getLogger("roomchat")

PIECE = 512 * 1024  # bytes; below the max_payload of every nats-server
MAKING = 120.0  # seconds that the other server has to make the copy
KEPT = 60.0  # seconds that it keeps one that nobody asks for
FINDING = 1.0  # seconds until nobody is taken to be there

_HEAD = struct.Struct(">QQ")  # before each piece: bytes of the whole, and which copy it is of


def subject(cluster: Cluster, server: str) -> str:
    """Where that server is asked for pieces; "": where all are asked who they are."""
    return f"{cluster.plan.name}.copies.{server.encode().hex()}" if server else f"{cluster.plan.name}.copies"


class Copies:
    """Gives them away: a thread of its own, and one copy at a time, for whoever asks meanwhile."""

    def __init__(self, cluster: Cluster, path: Path) -> None:
        """``path``: of this server's log."""
        self._cluster = cluster
        self._path = path
        self._asked: queue.SimpleQueue[tuple[Connection, Message] | None] = queue.SimpleQueue()
        self._folder = path.with_name(f"{path.name}.copies")
        self._number = 0  # of the copy that there is: no other one, of whatever life, has it; 0: there is none
        self._drop()  # it may have been killed while it made one
        self._thread = threading.Thread(target=self._run, name="roomchat-copies")
        self._thread.start()

    def listen(self, connection: Connection) -> None:
        """Be found over this connection, too. Raises StreamError."""
        for server in ("", self._cluster.server):
            connection.subscribe(
                subject(self._cluster, server), lambda message: self._asked.put((connection, message))
            )

    def close(self) -> None:
        """End the thread."""
        self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                asked = self._asked.get(timeout=KEPT if self._number else None)
            except queue.Empty:
                self._drop()
                continue
            if asked is None:
                self._drop()
                return
            connection, message = asked
            with suppress(StreamError):  # who asked has gone, or asks again
                if answer := self._answer(message):
                    connection.publish(message.reply, answer)

    def _answer(self, message: Message) -> bytes:
        try:
            if message.subject == subject(self._cluster, ""):
                who = str(json.loads(message.body)["server"])
                return b"" if who == self._cluster.server else self._cluster.server.encode()
            asked = json.loads(message.body)
            at, number = int(asked["at"]), int(asked["copy"])
            if not number and not self._number:
                self._make()
            if number not in (0, self._number):
                return b""  # it was not asked for in time
            with open(self._folder / "copy.db", "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(at)
                return _HEAD.pack(size, self._number) + file.read(PIECE)
        except (ValueError, KeyError, TypeError):
            return b""  # nobody of ours
        except (OSError, LogError) as error:
            logger.error("no copy can be made for another server: %s", error)
            return b""

    def _make(self) -> None:
        self._drop()
        self._folder.mkdir(0o700)
        back_up(self._path, self._folder / "copy.db")
        self._number = time.time_ns()

    def _drop(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._number = 0


def fetch(cluster: Cluster, path: Path) -> str:
    """Have the log replaced by a copy of another server's, if there is one; what was there is kept beside it.

    Returns:
        Whose it is; "": nobody has answered.
    Raises:
        StreamError: the copy has not come, or can't be read. OSError.
    """
    for address in cluster.addresses:
        connection = Connection(address, cluster.login, tls=cluster.tls)
        try:
            connection.wait_open()
            asked = json.dumps({"server": cluster.server}).encode()
            server = connection.request(subject(cluster, ""), asked, FINDING).body.decode()
        except (StreamUnknown, UnicodeDecodeError):
            continue
        else:
            _fetch(cluster, connection, server, path)
            return server
        finally:
            connection.close()
            connection.join()
    return ""


def _fetch(cluster: Cluster, connection: Connection, server: str, path: Path) -> None:
    part = path.with_name(f"{path.name}.copy")
    try:
        with open(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            size, at, number = 1, 0, 0
            while at < size:
                asked = json.dumps({"at": at, "copy": number}).encode()
                piece = connection.request(subject(cluster, server), asked, MAKING).body
                if len(piece) <= _HEAD.size:
                    raise StreamUnknown(f"{server} could not make a copy.")
                size, number = _HEAD.unpack_from(piece)
                file.write(piece[_HEAD.size :])
                at += len(piece) - _HEAD.size
            file.flush()
            os.fsync(file.fileno())
        _check(part)
        _put(part, path)
    finally:
        part.unlink(missing_ok=True)


def _check(part: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{part.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            whole = connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            known = connection.execute("SELECT count(*) FROM snapshots").fetchone()[0]
    except sqlite3.Error as error:
        raise StreamUnknown(f"The copy can't be read ({error}).") from None
    if not whole or not known:
        raise StreamUnknown("The copy is broken.")


def _put(part: Path, path: Path) -> None:
    """In the place of the log, which nobody has open; that is kept, under another name."""
    if path.exists():
        before = path.with_name(f"{path.name}.before-{int(time.time())}")
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{path}{ending}", f"{before}{ending}")
    os.replace(part, path)
