"""What a person typed before: by window for the arrow keys, all of it for Ctrl-R. Kept between runs, private."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_state_path

from roomchat.harmless import harmless

MAX_LINES = 1000  # lines that are kept
# What is behind these, by mistake or as on IRC, is a password or an invite.
_SECRET = re.compile(r"\s*/(?:register|password|passwd|unregister|identify|login\s+\S+)\s+\S", re.IGNORECASE)


class Before(NamedTuple):
    """A line that was typed before, and in which room; None: a line of every window."""

    text: str
    room: str | None


class InputHistory:
    """Lines in a file, one JSON object a line: a text may have line feeds in it. Belongs to the main thread, but
    for ``forget``.

    Earlier versions wrote no rooms, but a JSON string a line: these belong to every window. Several programs may
    add to the file. It is cut to ``MAX_LINES`` when one starts. Where it can't be read or written, there is no
    history but of this run: that must not keep anybody from chatting.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = user_state_path("roomchat") / "typed" if path is None else path
        self._lines: list[Before] | None = None  # read when it is first needed
        self._changing = threading.Lock()

    @property
    def lines(self) -> list[Before]:
        """All of them, the oldest first."""
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def of(self, room: str | None) -> list[str]:
        """What was typed in a window, the oldest first."""
        return [line.text for line in self.lines if line.room is None or line.room == room]

    def add(self, text: str, room: str | None) -> None:
        """One more; not what stands there already, nor what may be a password."""
        if _SECRET.match(text):
            return
        known = self.of(room)
        if known and known[-1] == text:
            return
        line = {"text": text} if room is None else {"room": room, "text": text}
        with self._changing:
            self.lines.append(Before(text, room))
            self._write(json.dumps(line) + "\n", os.O_APPEND)

    def forget(self, words: str) -> None:
        """Give up the lines by which these words were said, alone or behind a command. Any thread may call it."""
        words = _harmless(words)
        with self._changing:
            self._lines = [line for line in self.lines if not _says(line.text, words)]
            with contextlib.suppress(OSError):
                kept = self._path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
                left = [line for line in kept if not _says(_before(line).text, words)]
                if left != kept:
                    self._write("".join(left), os.O_TRUNC)

    def _read(self) -> list[Before]:
        try:
            kept = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
            if len(kept) > MAX_LINES:
                kept = kept[-MAX_LINES // 2 :]
                self._write("\n".join(kept) + "\n", os.O_TRUNC)
        except OSError:
            return []
        return [before for line in kept if (before := _before(line)).text]

    def _write(self, text: str, flag: int) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(self._path, os.O_CREAT | os.O_WRONLY | flag, 0o600)
            with open(fd, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            return


def _before(line: str) -> Before:
    """No text: it was cut off, or written by something else."""
    try:
        kept = json.loads(line)
    except (ValueError, RecursionError):
        return Before("", None)
    text, room = (kept.get("text"), kept.get("room")) if isinstance(kept, dict) else (kept, None)
    if not isinstance(text, str) or not (room is None or isinstance(room, str)):
        return Before("", None)
    return Before(_harmless(text), room)


def _harmless(text: str) -> str:
    return "\n".join(map(harmless, text.split("\n")))


def _says(typed: str, words: str) -> bool:
    """Whether a typed line says just these words: as they are, or behind ``/me``, ``/whisper bob`` or the like."""
    return typed == words or (typed.startswith("/") and typed.endswith((f" {words}", f"/{words}")))
