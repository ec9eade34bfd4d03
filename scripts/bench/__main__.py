"""roomchat beside the servers that people use: ``make bench``, ``make bench-quick``; see docs/performance.md."""

from __future__ import annotations

import resource
import signal
import sys
import time
from pathlib import Path

import click
from chart import draw
from crew import Pace
from results import Results
from servers import INSPIRCD, KINDS, NATS_CORE, ROOMCHAT, ROOT, BenchError, Kind, describe
from shapes import SHAPES, Shape

KEPT = ROOT / "docs" / "performance.json"
QUICK_SHAPES = ("room-100", "rooms-10", "room-1000", "load", "idle")
QUICK_SERVERS = (ROOMCHAT.name, INSPIRCD.name, NATS_CORE.name)


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=3, help="How often each server has its turn.")
@click.option("--only", multiple=True, type=click.Choice([one.name for one in SHAPES]), help="Only these shapes.")
@click.option("--servers", multiple=True, type=click.Choice(list(KINDS)), help="Only these servers.")
@click.option("--seconds", default=4.0, help="How long a talk is measured.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for performance.md, .json and .svg.")
@click.option("--quick", is_flag=True, help="In under two minutes, and compared with docs/performance.json.")
def main(
    rounds: int, only: tuple[str, ...], servers: tuple[str, ...], seconds: float, out: Path | None, quick: bool
) -> None:
    """Measure roomchat beside other servers on this machine, in turns."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for us and for the servers
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left behind
    pace = Pace(1.0, seconds)
    if quick:
        rounds, pace = 1, Pace(0.5, 1.5)
        only, servers = only or QUICK_SHAPES, servers or QUICK_SERVERS
    shapes = [one for one in SHAPES if not only or one.name in only]
    kinds = [KINDS[name] for name in servers or KINDS if any(KINDS[name] in shape.kinds for shape in shapes)]
    present = [kind for kind in kinds if not kind.absent]
    results = Results(describe(present), notes=[kind.absent for kind in kinds if kind.absent])
    for number in range(rounds):
        for shape in shapes:
            turn = [kind for kind in shape.kinds if kind in present]
            first = number % max(1, len(turn))
            for kind in turn[first:] + turn[:first]:
                _measure(results, shape, kind, pace, f"round {number + 1}")
    table = results.render(shapes)
    click.echo(f"\n{table}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "performance.md").write_text(table)
        (out / "performance.svg").write_text(draw(results, shapes))
        results.save(out / "performance.json")
    if quick:
        click.echo(results.compare(Results.load(KEPT)))


def _measure(results: Results, shape: Shape, kind: Kind, pace: Pace, when: str) -> None:
    """One server in one shape. What fails is told in the table, and the others go on."""
    begun = time.monotonic()
    try:
        figures = shape.measure(kind, pace)
    except (BenchError, OSError, EOFError, AssertionError) as error:
        results.notes.append(f"{shape.title}, {when}: {error}")
        figures, shown = {}, f"failed: {error}"
    else:
        shown = "  ".join(f"{name} {value:,.3f}" for name, value in figures.items())
    for name, value in figures.items():
        results.add(shape.name, kind.name, name, value)
    click.echo(f"{when}  {shape.name:<11} {kind.name:<22} {time.monotonic() - begun:5.1f} s  {shown}", err=True)


if __name__ == "__main__":
    main()
