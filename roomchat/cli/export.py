"""``roomchat export``."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, tzinfo
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import click

from roomchat.cli.output import check_no_part_of, check_target, end_in_good_order, note, write_file, write_stdout
from roomchat.cli.paths import default_database
from roomchat.errors import ExportError, LogError
from roomchat.export.find import find_room
from roomchat.export.formats import FORMATS
from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless
from roomchat.store.archive import BEGINNING, END, Archive, TimeRange
from roomchat.times import beginning, end


def _zone(context: click.Context, parameter: click.Parameter, name: str | None) -> tzinfo | None:
    if name is None:
        return None
    if name.upper() in {"UTC", "Z"}:
        return UTC  # also where there are no data
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last two: it is not even the form of a name
        raise click.ClickException(_no_zone(name, available_timezones())) from None


def _no_zone(name: str, known: set[str]) -> str:
    if not known:
        return f"This machine has no time zone data, so {name!r} is unknown; install tzdata, or write UTC."
    same = [zone for zone in known if zone.lower() == name.lower()]
    near = same or get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else "write UTC or Europe/Paris."
    return f"There is no time zone {harmless(name)!r}; {hint}"


@click.command()
@click.argument("room")
@click.option(
    "--format",
    "-f",
    type=click.Choice(list(FORMATS)),
    show_default="by the file's name, or txt",
    help="txt: to read; jsonl: the messages as they are; html: one page; mbox: a mailbox.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=str, allow_dash=True),
    show_default="standard output",
    help="A new file, which appears only when it is complete; -: standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists; it keeps its mode.")
@click.option("--since", metavar="TIME", help="Only messages from then on; with a date, that whole day included.")
@click.option("--until", metavar="TIME", help="Only messages before then; with a date, that whole day included.")
@click.option(
    "--timezone",
    metavar="NAME",
    callback=_zone,
    show_default="this machine's",
    help="The zone of the times shown, and of --since and --until without an offset: UTC, Europe/Paris.",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="in the user's data folder",
    help="The log file, as for `roomchat serve`.",
)
@click.option("--private", is_flag=True, help="ROOM may be one of whispers, @3-7, or a private one, +7/plans.")
def export(
    room: str,
    format: str | None,
    output: str | None,
    force: bool,
    since: str | None,
    until: str | None,
    timezone: tzinfo | None,
    db: Path | None,
    private: bool,
) -> None:
    """Write the messages of ROOM, as text, JSON Lines, a page or a mailbox.

    This reads the log itself, so run it on the server's machine, or on a copy; the server may be running and is
    not disturbed. Times are RFC 3339 (2024-05-01T08:00:00Z) or dates (2024-05-01).

    \b
        roomchat export tea --since 2024-05-01 -o tea.html
    """
    end_in_good_order()
    time_range = _time_range(since, until, timezone)
    log = db or default_database()
    target = None if output in {None, "-"} else Path(str(output))
    if target is not None:
        check_target(str(output), force=force)
        check_no_part_of(log, target)
    try:
        with closing(Archive(log)) as archive:
            found = find_room(room, archive.rooms(), private=private)
            transcript = Transcript(found.name, archive.epoch(), archive.lines(found, time_range), timezone)
            pieces = FORMATS[format or _form_of(target)](transcript)
            if target is None:
                write_stdout(pieces)
            else:
                write_file(target, pieces, private=private)
    except (ExportError, LogError) as error:
        raise click.ClickException(harmless(str(error))) from None
    if transcript.left_out:
        note(_left_out(transcript.left_out))
    if time_range.lost:
        note(f"Messages up to number {time_range.lost} are missing: the server no longer keeps them.")


def _left_out(count: int) -> str:
    entries = "1 entry whose kind" if count == 1 else f"{count} entries whose kinds"
    return f"The export leaves out {entries} this version does not know."


def _time_range(since: str | None, until: str | None, zone: tzinfo | None) -> TimeRange:
    try:
        return TimeRange(beginning(since, zone) if since else BEGINNING, end(until, zone) if until else END)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _form_of(output: Path | None) -> str:
    ending = output.suffix[1:].lower() if output else ""
    return {"htm": "html"}.get(ending, ending if ending in FORMATS else "txt")
