"""What a person typed before, for the arrow keys: kept between runs, private to the user."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_state_path
from prompt_toolkit.history import History

MAX_LINES = 1000  # lines that are kept


class InputHistory(History):
    """Lines in a file, one JSON string a line, since a line may have line feeds in it.

    Several programs may add to it. It is cut to ``MAX_LINES`` when one starts. Where it can't be read or written,
    there is no history: that must not keep anybody from chatting.
    """

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._path = user_state_path("roomchat") / "typed" if path is None else path

    def load_history_strings(self) -> Iterable[str]:
        """The newest first."""
        try:
            kept = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
            if len(kept) > MAX_LINES:
                kept = kept[-MAX_LINES // 2 :]
                self._write("\n".join(kept) + "\n", os.O_TRUNC)
        except OSError:
            return []
        return [text for line in reversed(kept) if (text := _text(line))]

    def store_string(self, string: str) -> None:
        """One more."""
        self._write(json.dumps(string) + "\n", os.O_APPEND)

    def _write(self, text: str, flag: int) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(self._path, os.O_CREAT | os.O_WRONLY | flag, 0o600)
            with open(fd, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            return


def _text(line: str) -> str:
    try:
        text = json.loads(line)
    except ValueError:  # cut off, or written by something else
        return ""
    return text if isinstance(text, str) else ""
