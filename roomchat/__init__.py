"""Chat rooms in one command: a server, a terminal client, and nothing lost between them.

For programs: ``roomchat.Client``, and the events that it gives.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from roomchat.version import __version__ as __version__

if TYPE_CHECKING:
    from roomchat.client.client import Client as Client
    from roomchat.client.client_events import ConnectionBack as ConnectionBack
    from roomchat.client.client_events import ConnectionLost as ConnectionLost
    from roomchat.client.session import Refusal as Refusal
    from roomchat.errors import ConnectError as ConnectError
    from roomchat.errors import Denied as Denied
    from roomchat.protocol import Error as Error
    from roomchat.protocol import Gap as Gap
    from roomchat.protocol import Joined as Joined
    from roomchat.protocol import MemberJoined as MemberJoined
    from roomchat.protocol import MemberLeft as MemberLeft
    from roomchat.protocol import Message as Message
    from roomchat.protocol import Unknown as Unknown

# The same once more, imported when they are asked for: whoever imports any part of roomchat imports this file, and
# neither a server nor `roomchat --version` needs the client.
_HOMES = {
    "Client": "roomchat.client.client",
    **dict.fromkeys(["ConnectionBack", "ConnectionLost"], "roomchat.client.client_events"),
    "Refusal": "roomchat.client.session",
    **dict.fromkeys(["ConnectError", "Denied"], "roomchat.errors"),
    **dict.fromkeys(
        ["Error", "Gap", "Joined", "MemberJoined", "MemberLeft", "Message", "Unknown"], "roomchat.protocol"
    ),
}
_PARTS = {"client", "errors", "protocol"}  # to be had as `roomchat.protocol` as well
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - all of them are texts

if not TYPE_CHECKING:  # it would take any name for one of ours

    def __getattr__(name):
        if name in _PARTS:
            return import_module(f"roomchat.{name}")
        if name in _HOMES:
            return getattr(import_module(_HOMES[name]), name)
        raise AttributeError(f"module 'roomchat' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__, *_PARTS})
