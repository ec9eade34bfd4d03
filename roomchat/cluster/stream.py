"""What is asked of JetStream: that the stream is there as it must be, and that something is put into it.

Source: https://docs.nats.io/nats-concepts/jetstream, https://docs.nats.io/reference/reference-protocols/nats_api_reference;
names of fields as nats-server 2.15 answers them.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from roomchat.cluster.nats import PATIENCE, Connection
from roomchat.cluster.nats_address import Address, Login
from roomchat.cluster.nats_protocol import Message
from roomchat.errors import StreamRefused, StreamUnknown

SECOND = 1_000_000_000  # JetStream's durations are in ns

PAYLOAD = 1024 * 1024  # bytes that a NATS server must take in one message; nobody sets it lower without need

NOT_FOUND = 10059
# These have codes as if it were our fault, but the same request may be taken later: a duplicate is in process; no
# peers for the replicas; the stream is offline.
_LATER = {10158, 10005, 10118}
# The API for a stream's users has no settings of the servers.
UNSEEN = (
    "The stream is new. NATS does not tell whether its servers have sync_interval: always; "
    "without it a power cut of all of them loses messages."
)
ALONE = 10074  # has a code as if it could be taken later, but a NATS server of no cluster never will


@dataclass(frozen=True)
class Plan:
    """How the stream is to be. Nobody takes messages out of it but age and size."""

    name: str = "roomchat"
    replicas: int = 3
    max_age: float = 0.0  # seconds that frames are kept; 0: for good
    max_bytes: int = -1  # of all frames; -1: as many as the disks take. The oldest give way

    @property
    def subject(self) -> str:
        """Where frames are published."""
        return f"{self.name}.frames"

    def config(self) -> dict[str, object]:
        """As JetStream wants it. No message may be taken out of the middle: positions have no holes. None is
        taken before its time: a server that was away would miss it."""
        return {
            "name": self.name,
            "subjects": [self.subject],
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "num_replicas": self.replicas,
            "max_age": int(self.max_age * SECOND),
            "max_bytes": self.max_bytes,
            "deny_delete": True,
            "deny_purge": True,
        }


@dataclass(frozen=True)
class Cluster:
    """Where the stream is, and who we are in it."""

    addresses: Sequence[Address]
    plan: Plan
    server: str  # our name among the chat's servers
    incarnation: int  # higher than at any earlier start of ours
    login: Login | None = None
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Stream:
    """What it is now."""

    created: str  # RFC 3339; another one is another stream under the same name
    first: int  # positions; first > last: it is empty
    last: int
    replicas: int
    leader: str  # the name of its server; "" while there is none, or there is no cluster
    warnings: tuple[str, ...] = ()


def ask(
    connection: Connection, verb: str, body: Mapping[str, object] | None = None, timeout: float = PATIENCE
) -> Any:
    """Ask JetStream's API, as ``STREAM.INFO.name``; returns its answer.

    Raises:
        StreamRefused, StreamUnknown: as ``answer``.
    """
    return answer(connection.request(f"$JS.API.{verb}", json.dumps(body).encode() if body else b"", timeout))


def answer(message: Message) -> Any:
    """What JetStream says.

    Raises:
        StreamRefused: no, and the same again would be refused again; with JetStream's own ``code``.
        StreamUnknown: not now; or it may have been done.
    """
    if message.status:
        raise StreamUnknown(
            f"JetStream does not answer now: {message.status} {message.description}".rstrip() + "."
        )
    try:
        content = json.loads(message.body)
        error = content.get("error")
        if error is None:
            return content
        status, code, said = int(error["code"]), int(error.get("err_code", 0)), str(error.get("description", ""))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise StreamUnknown("JetStream's answer can't be read.") from None
    sentence = f"JetStream says: {said} ({code or status})."
    if code == ALONE:
        raise StreamRefused(f"{sentence} One that is alone keeps a stream once: --cluster-replicas 1.", code)
    if code in _LATER or status >= 500 or status in (408, 429):
        raise StreamUnknown(sentence)
    raise StreamRefused(sentence, code)


def stored(message: Message) -> int:
    """At which position a message was stored, as its acknowledgement says. Raises as ``answer``."""
    content = answer(message)
    try:
        return int(content["seq"])
    except (KeyError, TypeError, ValueError):
        raise StreamUnknown("JetStream's acknowledgement can't be read.") from None


def look(connection: Connection, plan: Plan) -> Stream:
    """The stream as it is.

    Raises:
        StreamRefused: with code ``NOT_FOUND`` where there is none; or it is not as it must be, and what to do.
        StreamUnknown: no answer now.
    """
    return read(ask(connection, f"STREAM.INFO.{plan.name}"), plan)


def ensure(connection: Connection, plan: Plan) -> Stream:
    """The stream as it is; made, if there is none. Several servers may do so at once. Raises as ``look``.

    Who makes it is warned of what nobody can look up.
    """
    check(connection)
    try:
        return look(connection, plan)
    except StreamRefused as refused:
        if refused.code != NOT_FOUND:
            raise
    made = read(ask(connection, f"STREAM.CREATE.{plan.name}", plan.config(), 4 * PATIENCE), plan)
    return replace(made, warnings=(*made.warnings, UNSEEN))


def check(connection: Connection) -> None:
    """Whether the NATS server, which has let us in, takes what we may have to publish.

    Raises:
        StreamRefused: it does not.
    """
    if (info := connection.info) and info.max_payload < PAYLOAD:
        raise StreamRefused(f"{connection.address} has max_payload {info.max_payload}; it must be {PAYLOAD}.")


def read(content: Any, plan: Plan) -> Stream:
    """An answer that describes the stream. What would break the promise is refused; of the rest is warned.

    Raises:
        StreamRefused: it is not as it must be.
        StreamUnknown: it can't be read.
    """
    try:
        config, state = content["config"], content["state"]
        has = {name: config.get(name, default) for name, default in _DEFAULTS.items()}
        found = Stream(
            created=str(content["created"]),
            first=int(state["first_seq"]),
            last=int(state["last_seq"]),
            replicas=int(config["num_replicas"]),
            leader=str((content.get("cluster") or {}).get("leader", "")),
            warnings=tuple(_warnings(has, plan)),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StreamUnknown("JetStream's answer can't be read.") from None
    if wrong := [name for name, good in _MUST.items() if has[name] != good] + _wrong_subjects(has, plan):
        raise StreamRefused(
            f"The stream {plan.name} is not as it must be ({', '.join(wrong)}): remove it, or name another one."
        )
    return found


# Where one of these differs, frames are lost, hidden or refused.
_MUST: dict[str, object] = {"retention": "limits", "storage": "file", "max_msgs_per_subject": -1, "sources": None,
                            "mirror": None, "subject_transform": None, "sealed": False}  # fmt: skip
_DEFAULTS: dict[str, object] = _MUST | {"num_replicas": 1, "max_age": 0, "max_bytes": -1, "max_msgs": -1,
                                        "discard": "old", "persist_mode": "", "subjects": []}  # fmt: skip


def _wrong_subjects(has: Mapping[str, object], plan: Plan) -> list[str]:
    return [] if has["subjects"] == [plan.subject] else ["subjects"]


def _warnings(has: Mapping[str, object], plan: Plan) -> list[str]:
    found = []
    if has["num_replicas"] != plan.replicas:
        found.append(f"The stream has {has['num_replicas']} replicas, not {plan.replicas}.")
    if has["persist_mode"] == "async":
        found.append("The stream acknowledges before it writes (persist_mode async): a power cut loses messages.")
    for name in ("max_age", "max_bytes", "max_msgs", "discard"):
        if has[name] != plan.config().get(name, -1):
            found.append(f"The stream has {name} {has[name]}, not {plan.config().get(name, -1)}.")
    return found
