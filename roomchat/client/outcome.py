"""What a session makes of an event."""

from __future__ import annotations

from dataclasses import dataclass, field

from roomchat.protocol import Command, Statement


@dataclass
class Outcome:
    """What follows from an event: what to show, what to send, whether to send what is pending again in a while."""

    show: list[Statement] = field(default_factory=list)
    send: list[Command] = field(default_factory=list)
    retry: bool = False
    found: list[int] = field(default_factory=list)  # numbers that came back in a page of history
