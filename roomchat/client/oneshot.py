"""A client for a command that does one thing and ends: it is the same one each time, but sends nothing again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent
from roomchat.client.state import Unkept
from roomchat.errors import BadName, ConnectError, Denied, NameOwned, NameTaken

OTHER_ANSWER = "The server answered with something else; it is not a roomchat server."
MAX_SUFFIX = 100  # names that are tried; so many commands with one name may run at a time


def connect_once(
    address: str,
    name: str,
    *,
    others: bool,
    request_timeout: float,
    on_event: Callable[[ClientEvent], None] | None = None,
    presence: bool = True,
    trust: bool | str = False,
    password: str | None = None,
) -> Client:
    """Connect a client that does not resume.

    The identity is kept between runs, so that a cron job does not consume a new UID every minute. Where it can't
    be kept (no home, a read-only disk) each run is somebody new. Unacknowledged messages are dropped: the caller
    has already reported success or failure and may have tried again; sending them again would double them.

    Args:
        address: HOST or HOST:PORT.
        name: how to be called.
        others: whether ``name-2``, ``name-3``, ... will do if the name is taken.
        request_timeout, on_event, presence, trust, password: as for ``Client``.
    Raises:
        ConnectError: nobody answers, or the address is none.
        Denied: the server does not let us in.
    """
    for number in count(1):
        try:
            called = name if number == 1 else f"{name}-{number}"
            return _client(
                address, called, request_timeout=request_timeout, on_event=on_event, presence=presence,
                trust=trust, password=password,
            ).open()  # fmt: skip
        except Denied as error:
            if error.code in {NameTaken.code, NameOwned.code} and others and number < MAX_SUFFIX:
                continue
            if error.code == NameTaken.code:
                raise Denied(error.code, f"{str(error).removesuffix('.')} with --name.") from None
            if error.code == BadName.code:
                raise Denied(error.code, f"{error} Choose one with --name.") from None
            raise
    raise AssertionError("it has returned or raised")


def _client(
    address: str,
    name: str,
    *,
    request_timeout: float,
    on_event: Callable[[ClientEvent], None] | None,
    presence: bool,
    trust: bool | str,
    password: str | None,
) -> Client:
    make = partial(
        Client, address, name, request_timeout=request_timeout, on_event=on_event, presence=presence, resume=False,
        trust=trust, password=password,
    )  # fmt: skip
    try:
        try:
            return make()
        except Unkept:
            return make(state=False)
    except ValueError as error:
        raise ConnectError(str(error)) from None
