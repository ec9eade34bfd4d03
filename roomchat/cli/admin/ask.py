"""Asking a server on this machine, over its admin socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from roomchat.cli.paths import default_database
from roomchat.harmless import harmless, harmless_json
from roomchat.peer_user import user_of
from roomchat.protocol.admin_answers import (
    AccountsAnswer,
    AdminAnswer,
    Answers,
    AuditAnswer,
    Failure,
    RoomAnswer,
    RoomsAnswer,
)
from roomchat.protocol.administration import ENDING, AdminCommand

T = TypeVar("T", bound=AdminAnswer)
Page = TypeVar("Page", AccountsAnswer, AuditAnswer, RoomAnswer, RoomsAnswer)

PATIENCE = 30.0  # seconds that the server may take for an answer

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Answers)


def admin_options(command: Callable[..., None]) -> Callable[..., None]:
    """With --db and --json."""
    command = click.option("--json", is_flag=True, help="Print one JSON object a line.")(command)
    return click.option(
        "--db",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="ROOMCHAT_ADMIN_DB",
        show_default="in the user's data folder",
        help="The log file of the server, as for `roomchat serve`.",
    )(command)


class Admin:
    """A connection to the server of a log. Everything raises click.ClickException with a sentence.

    Args:
        db: the log; None: the default one.
    """

    def __init__(self, db: Path | None) -> None:
        self.log = Path(os.path.realpath(db or default_database()))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        try:
            self._socket.connect(f"{self.log}{ENDING}")
        except PermissionError:
            raise self._fault("only its owner may rule the server of {}") from None
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            raise self._fault("no server runs with {}; start it, or name its database with --db") from None
        except OSError as error:
            raise self._fault(f"can't reach the server of {{}}: {error.strerror or error}") from None
        if not may_answer(user_of(self._socket), self.log):
            raise self._fault("somebody else answers in the place of the server of {}; nothing was sent")
        self._file = self._socket.makefile("rb")

    def ask(self, command: AdminCommand, kind: type[T]) -> T:
        """The answer, of that kind."""
        try:
            self._socket.sendall(msgspec.json.encode(command) + b"\n")
            answer = _decoder.decode(self._file.readline())
        except OSError as error:
            raise self._fault(f"the server of {{}} gives no answer: {error.strerror or error}") from None
        except msgspec.MsgspecError:
            raise self._fault("the server of {} has ended, or is of another version") from None
        if isinstance(answer, Failure):
            raise click.ClickException(harmless(answer.message))
        if not isinstance(answer, kind):
            raise self._fault("the server of {} is of another version")
        return answer

    def pages(
        self, command: Callable[[Any], AdminCommand], kind: type[Page], first: object = None
    ) -> Iterator[Page]:
        """All pages of a list, asked for one by one.

        Args:
            command: asks for the page that begins there.
            kind: of the answers.
            first: where the first one begins.
        """
        page = self.ask(command(first), kind)
        yield page
        while page.next is not None:
            page = self.ask(command(page.next), kind)
            yield page

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._file.close()
        self._socket.close()

    def __enter__(self) -> Admin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fault(self, sentence: str) -> click.ClickException:
        self._socket.close()
        text = sentence.format(self.log)
        return click.ClickException(harmless(f"{text[0].upper()}{text[1:]}."))


def may_answer(uid: int | None, log: Path) -> bool:
    """Whether the server of a log runs as that user of the system; None: it does not tell. In a folder
    that all may write to, others can put a socket of their own, and passwords are sent over it."""
    try:
        return uid in {None, 0, os.geteuid(), log.stat().st_uid}
    except OSError:
        return False


def json_line(row: object) -> bytes:
    """A row as a line."""
    return harmless_json(msgspec.json.encode(row) + b"\n")


def line(*parts: object) -> bytes:
    """Words with spaces between them; those that are None or empty are left out."""
    return f"{harmless(' '.join(str(one) for one in parts if one not in (None, '')))}\n".encode()
