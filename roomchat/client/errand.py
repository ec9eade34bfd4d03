"""A client for one errand of a program: the same one each time, but it takes nothing up from the last."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from roomchat.client.client import Client, Shown
from roomchat.client.state import Unkept
from roomchat.errors import BadName, ConnectError, Denied, NameTaken

OTHER_ANSWER = "The server answered with something else than was asked; it is not a roomchat server."
NUMBERS = 100  # names that are tried; as many errands of one kind may be under way at a time


def errand(
    address: str,
    name: str,
    *,
    others: bool,
    request_timeout: float,
    on_event: Callable[[Shown], None] | None = None,
    presence: bool = True,
) -> Client:
    """A client that is connected.

    Who it is is kept, or else each errand would use a UID up for ever, and a job that runs each minute would make
    everyone's numbers long. What it said is not: its caller has been told whether that arrived, may have tried
    again, and must not have it doubled by the next errand. Where nothing can be kept (no home, a read-only disk)
    the errand is somebody new.

    Args:
        address: HOST or HOST:PORT.
        name: how to be called.
        others: whether ``name-2``, ``name-3``, ... will do if the name is taken.
        request_timeout: seconds that it waits for an answer.
        on_event, presence: as for ``Client``.
    Raises:
        ConnectError: nobody answers, or the address is none.
        Denied: the server does not let us in.
    """
    for number in count(1):
        try:
            called = name if number == 1 else f"{name}-{number}"
            return _client(
                address, called, request_timeout=request_timeout, on_event=on_event, presence=presence
            ).open()
        except Denied as error:
            if error.code == NameTaken.code and others and number < NUMBERS:
                continue
            if error.code in {BadName.code, NameTaken.code}:
                raise Denied(error.code, f"{error} Choose one with --name.") from None
            raise
    raise AssertionError("it has returned or raised")


def _client(
    address: str, name: str, *, request_timeout: float, on_event: Callable[[Shown], None] | None, presence: bool
) -> Client:  # fmt: skip
    make = partial(
        Client, address, name, request_timeout=request_timeout, on_event=on_event, presence=presence, resume=False
    )
    try:
        try:
            return make()
        except Unkept:
            return make(state=False)
    except ValueError as error:
        raise ConnectError(str(error)) from None
