"""The words of the chat: what a client asks (commands) and what the server states (events).

These are plain values. How they look as bytes is the wires' business; docs/protocol.md describes the native
wire, on which they are JSON objects with the same field names. Field types and bounds are checked where bytes
become commands, so that nothing behind it meets a value of another type.
"""

from __future__ import annotations

from roomchat.protocol.commands import *  # noqa: F403
from roomchat.protocol.entries import *  # noqa: F403
from roomchat.protocol.events import *  # noqa: F403
from roomchat.protocol.values import *  # noqa: F403
