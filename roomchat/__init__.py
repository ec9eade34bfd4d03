"""Chat rooms in one command: a server, a terminal client, and nothing lost between them.

For programs: ``roomchat.Client``, the events that it gives and the errors that it raises. The commands for
``Client.request`` are in ``roomchat.protocol``.
"""

from roomchat.version import __version__

TYPE_CHECKING = False  # True to type checkers; to import `typing` for it would take longer than all else here

if TYPE_CHECKING:
    from roomchat.client.client import Client
    from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionEnded, ConnectionLost, Refusal
    from roomchat.errors import (
        ChangedKey,
        ConnectError,
        Denied,
        Distrusted,
        NoTls,
        RoomchatError,
        StateError,
        UnknownServer,
    )  # fmt: skip
    from roomchat.protocol import (
        Action,
        Away,
        Back,
        Banned,
        Blocked,
        Deleted,
        Demoted,
        Device,
        DevicesPage,
        Done,
        Error,
        Event,
        Gap,
        Goodbye,
        HistoryPage,
        Invitation,
        Invited,
        Joined,
        Kicked,
        Left,
        Limits,
        LoggedOut,
        MemberJoined,
        MemberLeft,
        Message,
        Muted,
        Notice,
        OwnerChanged,
        PasswordChanged,
        Person,
        Pong,
        PresenceSummary,
        Promoted,
        ReadMarker,
        Registered,
        Renamed,
        RoomsPage,
        RoomSummary,
        RulesPage,
        StatsPage,
        Tombstone,
        TopicChanged,
        Unbanned,
        Unblocked,
        Unknown,
        Unmuted,
        Unregistered,
        Welcome,
        WhoPage,
    )  # fmt: skip

__all__ = [
    "Action", "Away", "Back", "Banned", "Blocked", "ChangedKey", "Client", "ClientEvent", "ConnectError",
    "ConnectionBack", "ConnectionEnded", "ConnectionLost", "Deleted", "Demoted", "Denied", "Device",
    "DevicesPage", "Distrusted", "Done", "Error", "Event", "Gap", "Goodbye", "HistoryPage", "Invitation",
    "Invited", "Joined", "Kicked", "Left", "Limits", "LoggedOut", "MemberJoined", "MemberLeft", "Message",
    "Muted", "NoTls", "Notice", "OwnerChanged", "PasswordChanged", "Person", "Pong", "PresenceSummary",
    "Promoted", "ReadMarker", "Refusal", "Registered", "Renamed", "RoomSummary", "RoomchatError", "RoomsPage",
    "RulesPage", "StateError", "StatsPage", "Tombstone", "TopicChanged", "Unbanned", "Unblocked", "Unknown",
    "UnknownServer", "Unmuted", "Unregistered", "Welcome", "WhoPage", "__version__",
]  # fmt: skip

# Where they are, those that need the least first. They are imported when they are asked for: whoever imports any
# part of roomchat imports this file, and neither a server nor `roomchat --version` needs the client.
_HOMES = ("protocol", "errors", "client.client_events", "client.client")
_PARTS = {"client", "errors", "protocol"}  # to be had as `roomchat.protocol` as well

if not TYPE_CHECKING:  # it would take any name for one of ours

    def __getattr__(name):
        from importlib import import_module

        if name in _PARTS:
            return import_module(f"roomchat.{name}")
        if name in __all__:
            for home in _HOMES:
                if (found := getattr(import_module(f"roomchat.{home}"), name, None)) is not None:
                    globals()[name] = found  # from now on Python finds it by itself
                    return found
        raise AttributeError(f"module 'roomchat' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__, *_PARTS})
