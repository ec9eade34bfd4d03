"""Logging in by hand: a name, then a password that telnet does not show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roomchat.dialect import Answer, Malformed
from roomchat.protocol import Command

# RFC 857: who says that it will echo, and does not, has the other side show nothing.
HIDE, SHOW = b"\xff\xfb\x01", b"\xff\xfc\x01"
ASK = b"Password (netcat shows what you type): "
IN_CLEAR = (
    "A password is not taken over clear text from another machine. Come encrypted: "
    "openssl s_client -quiet -connect HOST:PORT."
)

Typed = Sequence[Command | Malformed | Answer]


class PlainLogin:
    """Of one connection.

    Args:
        hello: makes one, with a name and a password.
        wrong: makes the refusal of what was typed.
    """

    def __init__(self, hello: Callable[[str, str], Command], wrong: Callable[[str], Malformed]) -> None:
        self.private = False  # whether nobody on the way can read what is typed: the net knows
        self._hello = hello
        self._wrong = wrong
        self._name: str | None = None

    @property
    def asks(self) -> bool:
        """Whether the next line is a password."""
        return self._name is not None

    def begin(self, words: Sequence[str]) -> Typed:
        """``/login`` and these words were typed in place of a name."""
        if len(words) != 1:
            return [self._wrong("Usage: /login NAME.")]
        if not self.private:
            return [self._wrong(IN_CLEAR)]
        self._name = words[0]
        return [Answer(data=HIDE + ASK)]

    def take(self, line: str) -> Typed:
        """What was typed then."""
        assert self._name is not None
        name, self._name = self._name, None
        password = line.removesuffix("\r")
        shown = Answer(data=SHOW + b"\n")
        return [shown, self._hello(name, password) if password else self._wrong("You are not logged in.")]
