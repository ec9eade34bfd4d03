"""The dialects that are spoken: how a wire of each is made, and whether a person types in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from roomchat.settings import Settings
from roomchat.wires.channels import ChannelsWire
from roomchat.wires.ktn import Ktn2014Wire, KtnWire
from roomchat.wires.native import NativeWire
from roomchat.wires.plain import PlainWire
from roomchat.wires.wire import Wire

Now = Callable[[], str]  # the time as messages have it: RFC 3339 in UTC with milliseconds


class WireSpec(Struct, frozen=True):
    """One dialect.

    ``begins`` tells from the members of a JSON object whether it is the first one of a peer that speaks it.
    ``typed``: a person types the name by hand, so who says nothing may be one who thinks.
    """

    make: Callable[[Settings, Now], Wire]
    begins: Callable[[Mapping[str, object]], bool] = lambda first: False
    typed: bool = True


def _is_of_2014(first: Mapping[str, object]) -> bool:
    return not first.keys().isdisjoint({"username", "message"})


def _websocket(settings: Settings, now: Now) -> Wire:
    from roomchat.wires.websocket import WebSocketWire  # only here: what it needs takes time to import

    return WebSocketWire(settings.max_line)


# By name; "ktn-2014" is a form of "ktn". In this order they are likely of somebody who has begun to say something.
DIALECTS: dict[str, WireSpec] = {
    "native": WireSpec(lambda settings, now: NativeWire(settings.max_line), typed=False),
    "websocket": WireSpec(_websocket, typed=False),
    "ktn": WireSpec(KtnWire, lambda first: "request" in first and not _is_of_2014(first)),
    "ktn-2014": WireSpec(Ktn2014Wire, lambda first: "request" in first and _is_of_2014(first)),
    "channels": WireSpec(
        lambda settings, now: ChannelsWire(settings),
        lambda first: "request" not in first and first.get("type") in ("command", "message"),
    ),
    "plain": WireSpec(lambda settings, now: PlainWire(settings)),
}


def dialect_of(first: Mapping[str, object]) -> str:
    """The dialect of a peer that begins with an object of these members; one that no other claims is native."""
    return next((name for name, dialect in DIALECTS.items() if dialect.begins(first)), "native")


class Dialects:
    """Makes wires. One for the whole server."""

    def __init__(self, settings: Settings, now: Now) -> None:
        self.settings = settings
        self._now = now

    def make(self, dialect: str) -> Wire:
        """A wire for one connection."""
        return DIALECTS[dialect].make(self.settings, self._now)

    def likely(self, begun: bool) -> Wire:
        """A wire for one that has not shown yet what it speaks; it may be wrong.

        Who says nothing is a person, at a bare line or at a program that waits for a name to be typed.

        Args:
            begun: whether it has said something.
        """
        spoken = [name for name in DIALECTS if name in self.settings.wires]
        typed = [name for name in spoken if DIALECTS[name].typed]
        if begun or not typed:
            return self.make(spoken[0])
        return self.make("plain" if "plain" in typed and self.settings.greet_after else typed[0])
