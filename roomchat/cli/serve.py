"""``roomchat serve``."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import fields, replace
from ipaddress import ip_network
from pathlib import Path
from types import FrameType
from typing import Any

import click

from roomchat.cli.addresses import ListenHost
from roomchat.cli.greeting import greeting
from roomchat.cli.output import check_no_part_of, check_target, no_more_output, not_written, note
from roomchat.cli.paths import default_database
from roomchat.cli.text import Whole
from roomchat.cli.user_settings import read_toml
from roomchat.client.address import Address, parse_address
from roomchat.errors import SettingsError, StartError
from roomchat.harmless import harmless
from roomchat.server import Server
from roomchat.settings import ACCOUNTS, PLAINTEXT, WIRES, Settings
from roomchat.wires.gate import Place

MAX_NUMBER = 1e9  # seconds or days or messages a second: more than anybody means

# New containers until Python looks for cycles among them. There are hardly any, but with its own 700 it looked
# through what waited for the hub again and again: a tenth of the CPU time of 100 busy rooms of 10.
COLLECT_AFTER = 50_000


def _read_config(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Options from a TOML file become defaults, so that the environment and the command line win over them."""
    if path is None:
        return None
    try:
        table = read_toml(path)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if table is None:
        raise click.ClickException(f"There is no file {path}.")
    values = table.get("serve", {})
    if not isinstance(values, dict):
        raise click.ClickException(f"{path} has no table [serve]; its first line may be missing.")
    known = {option.name for option in context.command.params} - {"config"}
    unknown = sorted(key for key in values if key.replace("-", "_") not in known)
    if unknown:
        raise click.ClickException(f"{path} sets {unknown[0]!r}, but `roomchat serve` has no such option.")
    context.default_map = {key.replace("-", "_"): _typed(path, key, value) for key, value in values.items()}
    return path


def _typed(path: Path, key: str, value: object) -> str:
    """A value as it would be typed: it is looked at in the same way, and no number is a file descriptor."""
    if key in ("wires", "proxy-from", "proxy_from", "origin", "advertise", "cluster") and isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, list | dict):
        raise click.ClickException(f"{path} sets {key!r} to a list or a table; it takes one value.")
    return str(value)


class _Number(click.FloatRange):
    """A number from 0 on, and a real one: neither "inf" nor "nan" is a time."""

    def __init__(self) -> None:
        super().__init__(0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not number < MAX_NUMBER:
            self.fail(f"{value!r} is not a valid number here.", param, ctx)
        return number


def _listed(value: Any) -> list[str]:
    """What is written with commas between it; a value that was converted already is in pieces."""
    return [one.strip() for one in (value.split(",") if isinstance(value, str) else value)]


class _Wires(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows no parameter here
    """Names of wires, with commas between them."""

    name = "NAMES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        wires = tuple(dict.fromkeys(name.lower() for name in _listed(value)))
        for name in wires:
            if name not in WIRES:
                self.fail(f"{name!r} is not one of: {', '.join(WIRES)}.", param, ctx)
        return wires


class _Networks(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows no parameter here
    """Addresses and networks, with commas between them."""

    name = "NETWORKS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(one, strict=False)) for one in _listed(value) if one)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class _Origins(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows no parameter here
    """Web addresses, with commas between them."""

    name = "ADDRESSES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        origins = tuple(one.rstrip("/") for one in _listed(value) if one)
        for origin in origins:
            try:
                Place.of_origin(origin)
            except ValueError as error:
                self.fail(f"{error}.", param, ctx)
        return origins


class _Places(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows no parameter here
    """HOST:PORT, with commas between them."""

    name = "ADDRESSES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        try:
            return tuple(str(parse_address(one)) for one in _listed(value) if one)
        except ValueError as error:
            self.fail(str(error), param, ctx)


# What the option of a setting has besides what the setting says.
SPECIAL: dict[str, dict[str, Any]] = {
    "host": {"type": ListenHost()},
    "port": {"type": Whole(0, 65535)},
    "db": {"type": click.Path(dir_okay=False), "default": None, "show_default": "in the user's data folder"},
    "sync": {"type": click.Choice(["full", "normal"])},
    "tls_cert": {"type": click.Path(dir_okay=False)},
    "tls_key": {"type": click.Path(dir_okay=False)},
    "metrics_token_file": {"type": click.Path(dir_okay=False)},
    "proxy_from": {"type": _Networks(), "default": ""},
    "origin": {"type": _Origins(), "default": ""},
    "advertise": {"type": _Places(), "default": ""},
    "cluster_replicas": {"type": Whole(1, 5)},
    "cluster_login": {"type": click.Path(dir_okay=False)},
    "cluster_ca": {"type": click.Path(dir_okay=False)},
    "cluster_cert": {"type": click.Path(dir_okay=False)},
    "plaintext": {"type": click.Choice(PLAINTEXT)},
    "burst": {"type": Whole(1)},
    "accounts": {"type": click.Choice(ACCOUNTS)},
    "guests": {"type": click.BOOL, "metavar": "yes|no", "show_default": "yes"},
    "wires": {"type": _Wires(), "default": ",".join(Settings.wires)},
    "lobby": {"callback": lambda context, option, name: "" if name.casefold() == "none" else name},
    "ktn_history": {"type": click.Choice(["messages", "objects", "strings"])},
    "ktn_echo": {"is_flag": True},
}
TYPES = {float: _Number(), int: Whole(0)}  # of the others, by their defaults


def _of_settings(command: Callable[..., None]) -> Callable[..., None]:
    """With an option for each setting that has a help, in their order."""
    for one in reversed(fields(Settings)):
        if one.metadata:
            names = [f"--{one.name.replace('_', '-')}", *(["-p"] if one.name == "port" else [])]
            told = {"default": one.default, "help": one.metadata["help"], "metavar": one.metadata["unit"] or None}
            told |= {"type": TYPES.get(type(one.default))} | SPECIAL.get(one.name, {})
            command = click.option(*names, **told)(command)
    return command


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_read_config,
    help="A TOML file with any of these options in a table [serve].",
)
@_of_settings
@click.option(
    "--debug",
    "-d",
    type=Whole(0, 1),
    default=0,
    help="0: log errors and warnings; 1: also log the people who come and go, and their actions.",
)
@click.option(  # for `verify`, which has accounts that nobody needs protected
    "--password-cost", type=click.Choice(["recommended", "cheapest"]), default="recommended", hidden=True
)
@click.option("--log-file", type=click.Path(dir_okay=False), help="Append the log to a file instead of stderr.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False),
    help="Write what the server is given, with all that people say, to a new file for `verify --replay`.",
)
def serve(db: str | None, debug: int, log_file: str | None, record: str | None, **options: Any) -> None:
    """Run a server.

    Each option can also be set by an environment variable, ROOMCHAT_SERVE_ and its name (ROOMCHAT_SERVE_PORT), or
    in a TOML file. Ctrl-C stops the server: everyone is told, and waiting messages are sent.
    """
    settings = Settings(db=db or str(default_database()), **options)
    _check_files(settings.db, log_file, record)
    log = _start_logging(debug, log_file)
    _allow_many_connections()
    gc.set_threshold(COLLECT_AFTER)
    server = Server(settings, record=record)
    while _run(server, settings, log):
        settings = replace(settings, port=server.address[1])
        server = Server(settings)


def _run(server: Server, settings: Settings, log: _LogFile | None) -> bool:
    """From its start to its end; whether another one is to take its place."""
    _heed_signals(server, log, again=bool(settings.tls_cert))
    try:
        server.start()
    except StartError as error:
        if server.comes_back:
            _tell(f"{error} Coming back.")
            return True
        raise click.ClickException(str(error)) from None
    try:
        _tell(greeting(Address(*server.address), settings, server.identity))
        server.wait()
        _tell(f"Stopping: {server.why}." if server.why else "Stopping. Press Ctrl-C again to end at once.")
    finally:
        server.stop()
    if server.failed:
        raise click.ClickException("The server stopped because of an internal error; its log says more.")
    _tell("Coming back." if server.comes_back else "Stopped.")
    return server.comes_back


def _check_files(db: str, log_file: str | None, record: str | None) -> None:
    """Before anything is written: neither goes into a database. Raises click.UsageError."""
    for path in filter(None, (log_file, record)):
        check_target(path, force=True)
        if db != ":memory:":
            check_no_part_of(Path(db), Path(path))


def _tell(text: str) -> None:
    """Print it; where it can't be written, say why if that is no reader who had enough. The chat goes on."""
    try:
        click.echo(text)
    except OSError as error:
        no_more_output()
        if not isinstance(error, BrokenPipeError):
            note(f"{not_written(error).message} The server goes on.")


class _HarmlessFormatter(logging.Formatter):
    """Names are other people's text: a log is read in a terminal too. Tracebacks, our own, keep their lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = harmless(record.message)
        return super().formatMessage(record)


class _LogFile(logging.FileHandler):
    """A log file that another program may move away or remove: SIGHUP has it opened again under its name."""

    def __init__(self, path: str) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")

    def reopen(self) -> None:
        """Go on in the file that has the name now, or in a new one. Any thread may call it."""
        with self.lock:  # type: ignore[union-attr]
            old, self.stream = self.stream, None
            with contextlib.suppress(OSError):  # of a full disk
                if old is not None:
                    old.close()
            with contextlib.suppress(OSError):  # the next line tries again
                self.stream = self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """One line; lost if it can't be written."""
        with contextlib.suppress(OSError):
            super().emit(record)


def _start_logging(debug: int, log_file: str | None) -> _LogFile | None:
    """Begin to log. Returns the file, if the log goes to one."""
    try:
        handler = _LogFile(log_file) if log_file else logging.StreamHandler()
    except OSError as error:
        raise click.ClickException(f"Can't write to the log file {log_file}: {error.strerror}.") from None
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk costs lines, not more
    handler.setFormatter(_HarmlessFormatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("roomchat")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if debug else logging.WARNING)
    return handler if isinstance(handler, _LogFile) else None


def _allow_many_connections() -> None:
    """A connection is a file descriptor; the usual soft limit of 1024 is made for other programs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _heed_signals(server: Server, log: _LogFile | None, again: bool) -> None:
    """SIGHUP comes when the terminal is closed, which is an end like any other, or from a program that has moved
    the log file away or, ``again``, renewed the certificate. Where it is ignored, by nohup, it stays so."""

    def end(number: int, frame: FrameType | None) -> None:
        if server.ending:
            os._exit(130)  # asked twice: at once, whatever waits
        server.end()

    def hang_up(number: int, frame: FrameType | None) -> None:
        if log is not None:
            log.reopen()
        if again:
            server.identity.look(again=True)
        if log is None and not again:
            server.end()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hang_up)
