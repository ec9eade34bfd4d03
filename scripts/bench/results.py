"""The figures of a run: kept; their medians as tables in Markdown, one a shape, and beside those of a kept run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from shapes import GROWTH, Shape

# Figures that are shown, in this order: name, title, format; others come behind them.
COLUMNS = {
    "deliveries": ("deliveries/s", "{:,.2f} M"),
    "cpu_us": ("CPU µs a delivery", "{:.3f}"),
    "nats_us": ("CPU µs a delivery, NATS", "{:.3f}"),
    "behind": ("on their way at the end", "{:,.2f} M"),
    "p50_ms": ("p50 ms", "{:.2f}"),
    "p99_ms": ("p99 ms", "{:.2f}"),
    "kib_each": ("KiB a connection", "{:.1f}"),
    "seconds": ("seconds", "{:.2f}"),
    "cpu_s": ("CPU seconds", "{:.2f}"),
    **{f"cpu_us_{members}": (f"CPU µs a delivery, {members:,} members", "{:.2f}") for members in GROWTH},
    "storm_s": ("all in after, s", "{:.2f}"),
    "pages": ("pages/s", "{:,.0f}"),
    "memory_mib": ("memory MiB", "{:.0f}"),
    "cpu": ("server's cores", "{:.2f}"),
    "nats": ("cores, NATS", "{:.2f}"),
    "load_cpu": ("busiest load process, cores", "{:.2f}"),
}
NOTEWORTHY = 1.25  # times worse than kept: more than the noise of a quiet machine
# What is compared: the figure, and whether more of it is better.
COMPARED = {"deliveries": True, "cpu_us": False, "p50_ms": False, "p99_ms": False, "kib_each": False}


class Figure(NamedTuple):
    """One figure over all rounds."""

    median: float
    low: float
    high: float


@dataclass
class Results:
    """Figures by shape, server and name, one for each round."""

    machine: dict[str, object]
    values: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # sentences: what was left out, what went wrong

    def add(self, shape: str, server: str, name: str, value: float) -> None:
        """One more round of one figure."""
        self.values.setdefault(shape, {}).setdefault(server, {}).setdefault(name, []).append(value)

    def figure(self, shape: str, server: str, name: str) -> Figure | None:
        """One figure; None if it was not measured."""
        values = self.values.get(shape, {}).get(server, {}).get(name)
        return Figure(median(values), min(values), max(values)) if values else None

    def save(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(vars(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Results:
        """What ``save`` wrote."""
        return cls(**json.loads(path.read_text()))

    def render(self, shapes: list[Shape]) -> str:
        """All tables, and what they were measured on."""
        versions = self.machine["versions"]
        assert isinstance(versions, dict)
        head = (
            "{cores} cores of {processor}, {memory_gib} GiB, Linux {kernel}, Python {python}, {date}, "
            "commit {commit}. "
        ).format_map(self.machine)
        head += ", ".join(f"{name} {version}" for name, version in versions.items() if "," not in name)
        parts = [f"{head}. Medians; in brackets the lowest and the highest round."]
        parts += [f"### {one.title}\n\n{self._table(one.name)}" for one in shapes if one.name in self.values]
        return "\n\n".join([*parts, *(f"- {note}" for note in self.notes)]) + "\n"

    def _table(self, shape: str) -> str:
        """A row for each server, or, if there is only one, for each figure."""
        found = {name for figures in self.values[shape].values() for name in figures}
        names = [name for name in COLUMNS if name in found] + sorted(found - COLUMNS.keys())
        looks = {name: COLUMNS.get(name, (name.replace("_", " "), "{:,.2f}")) for name in names}
        rows = [["server", *(title for title, _ in looks.values())]]
        for server in self.values[shape]:
            cells = [_cell(self.figure(shape, server, name), form) for name, (_, form) in looks.items()]
            rows.append([server, *cells])
        head, *body = rows if len(rows) > 2 else list(zip(*rows, strict=True))
        lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

    def compare(self, kept: Results) -> str:
        """roomchat's figure over each peer's, now and in the kept run, a line each. Only ratios between servers of
        the same run are compared, since figures of two days, or two machines, are not the same."""
        lines = []
        for shape, servers in self.values.items():
            for peer in [one for one in servers if one != "roomchat"]:
                for name, more in COMPARED.items():
                    ours, theirs = (one.ratio(shape, peer, name) for one in (self, kept))
                    if ours and theirs:
                        worse = theirs / ours if more else ours / theirs
                        remark = f"  {worse:.2f} times worse" if worse > NOTEWORTHY else ""
                        what = f"{shape:<10} {name:<10} roomchat / {peer:<18}"
                        lines.append(f"{what} {ours:8.2f}   kept {theirs:8.2f}{remark}")
        return "\n".join(lines) or "There is nothing to compare with the kept run."

    def ratio(self, shape: str, peer: str, name: str) -> float:
        """0 if there is none."""
        ours, theirs = self.figure(shape, "roomchat", name), self.figure(shape, peer, name)
        return ours.median / theirs.median if ours and theirs and theirs.median else 0.0


def _cell(figure: Figure | None, form: str) -> str:
    if figure is None:
        return ""
    shown, low, high = (form.format(value / (1e6 if "M" in form else 1)) for value in figure)
    return (
        shown if figure.low == figure.high else f"{shown} ({low}-{high})".replace(" M-", "-").replace(" M)", ")")
    )
