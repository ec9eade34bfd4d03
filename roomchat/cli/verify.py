"""``roomchat verify``."""

from __future__ import annotations

import secrets
import shutil
import signal
from pathlib import Path
from typing import Any

import click

from roomchat.chat.fingerprint import of_state
from roomchat.chat.record import Difference, play
from roomchat.cli.addresses import ServerAddress
from roomchat.cli.output import check_stdout, write_stdout
from roomchat.cli.text import Whole
from roomchat.client.address import parse_address
from roomchat.client.same import is_encrypted
from roomchat.errors import ConnectError, LogError
from roomchat.harmless import harmless
from roomchat.verify.options import Options
from roomchat.verify.processes import VerifyError
from roomchat.verify.report import summary
from roomchat.verify.run import Run


@click.command()
@click.argument("address", metavar="[HOST[:PORT]]", type=ServerAddress(), required=False)
@click.option("--seconds", type=click.FloatRange(1), default=Options.seconds, help="How long to inject faults.")
@click.option(
    "--seed",
    type=Whole(0),
    help="The seed of the faults and the messages; the same seed repeats a run.",
    show_default="a random one",
)
@click.option("--clients", type=Whole(2), default=Options.clients, help="Number of clients.")
@click.option("--rooms", type=Whole(1), default=Options.rooms, help="Number of rooms; all clients are in each.")
@click.option(
    "--kills",
    type=Whole(0),
    help="How many times to kill the server; not available with HOST.",
    show_default="one every three seconds",
)
@click.option(
    "--tls", is_flag=True, help="Have the clients come encrypted; to another machine they do in any case."
)
@click.option(
    "--cluster",
    is_flag=True,
    help="Three servers that share one chat, and three NATS servers; all are killed, hang, and are parted.",
)
@click.option("--websocket", is_flag=True, help="Have every other client come over a WebSocket, as browsers do.")
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Do none of this, but play a file of `serve --record` again: every step must have the same result.",
)
def verify(address: str | None, seed: int | None, replay: Path | None, tls: bool, **options: Any) -> None:
    """Prove that nothing is lost and nothing comes twice.

    This starts a server of its own, or uses the one at HOST, and clients that talk in a few rooms. It kills server
    and clients (kill -9) and starts them again, cuts and stalls connections, and makes readers slow. Then it
    compares the messages that every client has seen with the log. If anything is wrong, the exit code is 1, and
    the evidence is kept.
    """
    if replay is not None:
        _replay(replay)
        return
    target = None if address is None else parse_address(address)
    if target is not None:
        tls = tls or is_encrypted(target)
    for number in (signal.SIGINT, signal.SIGTERM):  # ends it in good order, also where a shell has it ignored
        signal.signal(number, signal.default_int_handler)
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    check_stdout()
    run = Run(Options(address=target, seed=seed, tls=tls, **options), _show)
    try:
        _show(f"Seed {seed}. Press Ctrl-C to stop.")
        result = run.run()
    except (KeyboardInterrupt, click.ClickException) as error:  # the latter: its output takes no more
        shutil.rmtree(run.folder, ignore_errors=True)
        if isinstance(error, click.ClickException):
            raise
        raise click.ClickException("Stopped before the end, so nothing is proven.") from None
    except (VerifyError, ConnectError, LogError) as error:
        raise click.ClickException(f"{error}\nThe records are in {run.folder}.") from None
    write_stdout(f"{line}\n".encode() for line in summary(result))
    if not result.passed:
        raise click.ClickException(
            f"Not proven. The records are in {run.folder}; repeat the run with --seed {seed}."
        )
    write_stdout([f"Nothing was lost, and nothing came twice. Repeat the run with --seed {seed}.\n".encode()])


def _replay(path: Path) -> None:
    """Play a record again, and say whether the same came of it."""
    steps = items = 0
    state = ""
    try:
        with path.open("rb") as lines:
            for step, hub in play(lines):  # noqa: B007 - the last one is looked at below
                steps, items = steps + 1, items + len(step.items)
            if steps:
                state = f" The state has the fingerprint {of_state(hub)}."
    except Difference as error:
        raise click.ClickException(harmless(str(error))) from error
    except OSError as error:
        raise click.ClickException(harmless(f"Can't read {path}: {error.strerror}.")) from None
    except (ValueError, TypeError) as error:
        raise click.ClickException(harmless(f"{path} can't be played as a record: {error}")) from None
    write_stdout(
        [f"Played {steps} steps with {items} inputs again, and every step had the same result.{state}\n".encode()]
    )


def _show(line: str) -> None:
    """Raises KeyboardInterrupt when nobody reads it any more: 0 would say that something is proven."""
    if not write_stdout([f"{line}\n".encode()]):
        raise KeyboardInterrupt
