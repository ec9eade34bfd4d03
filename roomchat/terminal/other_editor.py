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
from roomchat.terminal.editor import Editor

FALLBACK = "vi"  # POSIX has no other


class NoEditor(RoomchatError):
    """It could not be started, or what it left can't be read; the sentence says what to do."""


async def edit_elsewhere(editor: Editor, tell: Callable[[str], None]) -> None:
    """Have what is typed edited; meanwhile nothing is painted, but what comes is taken.

    Args:
        editor: of the line.
        tell: shows why it can't be done.
    """
    draft = editor.draft
    try:
        async with in_terminal():
            text = await edited(editor.text)
    except NoEditor as error:
        tell(str(error))
    else:
        editor.replace(text, draft)
        get_app().invalidate()  # no key has changed it


async def edited(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """A text as the person leaves it in their editor, which has the terminal meanwhile; the same if it fails.

    The text is in a file that only this person can read, as long as the editor runs.

    Raises:
        NoEditor: there is none.
    """
    command = environ.get("VISUAL") or environ.get("EDITOR") or FALLBACK
    fd, name = tempfile.mkstemp(prefix="roomchat-", suffix=".txt")
    path = Path(name)
    try:
        with open(fd, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            process = await asyncio.create_subprocess_exec(*shlex.split(command), name)
        except (OSError, ValueError) as error:
            raise NoEditor(f"Can't start {command}: set EDITOR to an editor that is installed.") from error
        with _waiting():
            failed = await process.wait()
        return text if failed else path.read_bytes().decode(errors="replace").removesuffix("\n")
    except OSError as error:
        raise NoEditor(f"Can't edit elsewhere: {error.strerror}.") from error
    finally:
        path.unlink(missing_ok=True)


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
