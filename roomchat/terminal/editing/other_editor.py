"""Editing what is typed in the person's own editor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from prompt_toolkit.application import get_app
from prompt_toolkit.application.run_in_terminal import in_terminal

from roomchat.errors import RoomchatError
from roomchat.terminal.editing.editor import Editor

FALLBACK = "vi"  # POSIX has no other


class NoEditor(RoomchatError):
    """It could not be started, or what it left can't be read; the sentence says what to do."""


class OtherEditor:
    """Belongs to the main thread.

    Args:
        editor: of the line.
        tell: shows why it can't be done.
        environ: says which editor it is.
    """

    def __init__(
        self, editor: Editor, tell: Callable[[str], None], environ: Mapping[str, str] = os.environ
    ) -> None:  # fmt: skip
        self._editor = editor
        self._tell = tell
        self._command = environ.get("VISUAL") or environ.get("EDITOR") or FALLBACK
        self._process: asyncio.subprocess.Process | None = None
        self._is_closed = False

    async def edit(self) -> None:
        """Have what is typed edited; it has the terminal meanwhile, and nothing is painted."""
        draft = self._editor.draft
        try:
            async with in_terminal():
                text = await self._edited(self._editor.text)
        except NoEditor as error:
            self._tell(str(error))
        else:
            self._editor.replace(text, draft)
            get_app().invalidate()  # no key has changed it

    def close(self) -> None:
        """End it, also if it is about to start: the application ends, but not before it has the terminal back."""
        self._is_closed = True
        self._terminate()

    def _terminate(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    async def _edited(self, text: str) -> str:
        """The text as the person leaves it; the same if the editor fails.

        As long as it runs, the text is in a file that only this person can read.
        """
        fd, name = tempfile.mkstemp(prefix="roomchat-", suffix=".txt")
        path = Path(name)
        try:
            with open(fd, "w", encoding="utf-8") as file:
                file.write(text)
            failed = await self._run(name)
            return text if failed else path.read_bytes().decode(errors="replace").removesuffix("\n")
        except OSError as error:
            raise NoEditor(f"Can't edit elsewhere: {error.strerror}.") from error
        finally:
            path.unlink(missing_ok=True)

    async def _run(self, name: str) -> int:
        try:
            self._process = await asyncio.create_subprocess_exec(*shlex.split(self._command), name)
        except (OSError, ValueError) as error:
            raise NoEditor(f"Can't start {self._command}: set EDITOR to an editor that is installed.") from error
        if self._is_closed:  # meanwhile
            self._terminate()
        try:
            with _waiting():
                return await self._process.wait()
        finally:
            self._process = None


@contextlib.contextmanager
def _waiting() -> Iterator[None]:
    """What the keyboard sends to both is the editor's: Ctrl-C is no reason for us to end; Ctrl-Z stops both."""
    handlers: dict[signal.Signals, Any] = {
        signal.SIGINT: lambda *_: None,
        signal.SIGQUIT: lambda *_: None,
        signal.SIGTSTP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
