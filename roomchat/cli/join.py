"""``roomchat join``."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from roomchat.cli.addresses import ServerAddress, WrongValue
from roomchat.cli.client_options import login_name
from roomchat.cli.fault import fault
from roomchat.cli.group import INTERRUPTED
from roomchat.cli.output import no_more_output, not_written, note
from roomchat.cli.passwords import password_option, proof_of
from roomchat.cli.text import Text
from roomchat.cli.trusting import trust_options
from roomchat.client.interrupt import run_interruptible
from roomchat.client.same import room_names
from roomchat.errors import ConnectError, StateError
from roomchat.protocol import Command, Join
from roomchat.terminal.device.calls import split_command
from roomchat.terminal.proof import Proof
from roomchat.terminal.shown.lines import BELL_LEVELS, Line
from roomchat.terminal.shown.render import CLOCK
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.typed.input import StandardInput
from roomchat.terminal.windows.display import PlainDisplay

# What a terminal must be able to do for the screen; these can't move a cursor.
DUMB_TERMINALS = {"", "dumb", "unknown"}


class CommandLine(Text):
    """A command. Its value is what was written, which ``split_command`` takes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        try:
            split_command(text)
        except ValueError as error:
            raise WrongValue(f"--on-mention needs a command: {error}.") from None
        return text


@click.command()
@click.argument("address", metavar="[HOST[:PORT]]", type=ServerAddress(), default="localhost")
@click.option("--name", "-n", help="Your name; roomchat asks for it if not given.")
@click.option(
    "--room",
    "-r",
    metavar="ROOM",
    multiple=True,
    help="A room to enter; give it several times for several rooms, or write --room tea,ops.",
)
@click.option("--dial", metavar="UID|NAME", help="The person to chat with.")
@click.option(
    "--plain",
    is_flag=True,
    help="Print whole lines only, for screen readers; this is the default without a terminal.",
)
@click.option("--colour/--no-colour", default=None, help="Colours or none.", show_default="from NO_COLOR")
@click.option(
    "--bell",
    type=click.Choice(list(BELL_LEVELS)),
    default="mentions",
    help="Which messages ring the terminal's bell; mentions: whispers, and messages with your name.",
)
@click.option(
    "--notify/--no-notify",
    default=True,
    help="Have the terminal show a notice for whispers and messages with your name, if it can.",
)
@click.option(
    "--on-mention",
    metavar="COMMAND",
    type=CommandLine(),
    help="Run COMMAND for whispers and messages with your name; see docs/terminal.md.",
)
@click.option("--mouse", is_flag=True, help="Scroll with the mouse wheel; selecting text then takes Shift.")
@click.option("--fresh", is_flag=True, help="Begin anew: without the rooms, windows and drafts of the last time.")
@trust_options
@click.option("--login", is_flag=True, help="Log in to your account; your password is asked for.")
@click.option("--register", is_flag=True, help="Make an account; a password is asked for.")
@click.option("--invite", metavar="INVITE", help="Make an account with an invite that you were given.")
@password_option
@click.option("--time-format", default=CLOCK, metavar="FORMAT", help="The format of times, as for strftime.")
def join(
    address: str, name: str | None, room: tuple[str, ...], dial: str | None, plain: bool, colour: bool | None,
    bell: str, notify: bool, on_mention: str | None, mouse: bool, fresh: bool, trust: bool | str, login: bool,
    register: bool, invite: str | None, password: str | None, time_format: str,
) -> None:  # fmt: skip
    """Chat in the terminal, on the server at HOST (this machine, port 5050, if not given).

    What you type goes to everyone in your current room; /help lists the commands. It also works with a pipe:

    \b
        printf '/join tea\\nhello\\n' | roomchat join --name bot
    """
    first: list[Command | str] = [Join(room=one) for one in room_names(",".join(room))] if room else []
    if dial is not None:
        first.append(f"/dial {dial}")  # read as if it were typed: only the chat knows who is called so
    if sys.stdin is None or sys.stdout is None:
        raise click.ClickException("join needs standard input and output; give it </dev/null or >/dev/null.")
    name, trust, proof = proof_of(
        name, trust, password, login=login, register=register, invite=invite, offered=login_name()
    )
    can_paint = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in DUMB_TERMINALS
    try:
        if can_paint and not plain:
            _paint(
                address, name, first, fresh, trust, proof,
                colour=colour, bell=bell, clock=time_format, notify=notify, on_mention=on_mention, mouse=mouse,
            )  # fmt: skip
        else:
            _print(address, name, first, bell, fresh, trust, proof, time_format)
    except (ConnectError, StateError) as error:
        raise click.ClickException(str(error)) from None


def _paint(
    address: str, name: str | None, first: list[Command | str], fresh: bool, trust: bool | str,
    proof: Proof | None, *, colour: bool | None, bell: str, clock: str, notify: bool, on_mention: str | None,
    mouse: bool,
) -> None:  # fmt: skip
    from roomchat.terminal.screen.screen import (
        Screen,  # its library takes a tenth of a second that pipes need not spend
    )

    screen = Screen(
        colour=colour,
        bell=bell,
        clock=clock,
        notify=notify,
        mouse=mouse,
        on_mention=split_command(on_mention) if on_mention else (),
    )
    terminal = Terminal(
        address, screen.input, screen.windows, interactive=True, login=login_name(), changed=screen.changed,
        trust=trust,
    )  # fmt: skip
    try:
        screen.run(terminal, lambda: terminal.run(name, first, is_fresh=fresh, proof=proof))
    except (ConnectError, StateError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it has been kept from the screen until now
        if unsent := terminal.unsent():
            click.echo(unsent)
        raise fault(error) from None
    if unsent := terminal.unsent():
        click.echo(unsent)
    click.echo("Goodbye.")
    if screen.interrupted and not terminal.display.roster.is_welcomed:
        sys.exit(INTERRUPTED)


def _print(
    address: str, name: str | None, first: list[Command | str], bell: str, fresh: bool, trust: bool | str,
    proof: Proof | None, clock: str,
) -> None:  # fmt: skip
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # names may be in any script
    source = StandardInput(sys.stdin.fileno())
    failure: OSError | None = None
    bell_level = BELL_LEVELS[bell if sys.stdout.isatty() else "never"]

    def show(text: str) -> None:
        """A whole line at once: two threads show things. Ends the chat when nobody takes them any more."""
        nonlocal failure
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError as error:
            failure = None if isinstance(error, BrokenPipeError) else error
            no_more_output()
            source.stop()

    def show_line(line: Line) -> None:
        show(line.plain + ("\a" if line.ring >= bell_level else ""))

    terminal = Terminal(
        address, source, PlainDisplay(show_line, clock=clock), interactive=sys.stdin.isatty(), login=login_name(),
        trust=trust,
    )  # fmt: skip
    interrupted = run_interruptible(
        lambda: terminal.run(name, first, is_fresh=fresh, proof=proof), terminal.interrupt
    )  # fmt: skip
    if interrupted:
        show("Goodbye.")
    for complaint in terminal.complaints:
        note(complaint)
    if unsent := terminal.unsent():
        note(unsent)
    if failure is not None:
        raise not_written(failure)
    if interrupted and not terminal.display.roster.is_welcomed:
        sys.exit(INTERRUPTED)
    if (unsent or terminal.complaints) and not sys.stdin.isatty():
        sys.exit(1)
