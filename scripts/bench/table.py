"""The figures as text: in Markdown, a table for each shape, and as ratios beside those of a kept run."""

from __future__ import annotations

from results import Figure, Results
from shapes import GROWTH, Shape

# Figures that are shown, in this order: name, title, format, and what it is divided by; others come behind them.
COLUMNS = (
    ("deliveries", "deliveries/s", "{:,.2f} M", 1e6),
    ("cpu_us", "CPU µs a delivery", "{:.3f}", 1),
    ("behind", "on their way at the end", "{:,.2f} M", 1e6),
    ("p50_ms", "p50 ms", "{:.2f}", 1),
    ("p99_ms", "p99 ms", "{:.2f}", 1),
    ("kib_each", "KiB a connection", "{:.1f}", 1),
    ("seconds", "seconds", "{:.2f}", 1),
    ("cpu_s", "CPU seconds", "{:.2f}", 1),
    *((f"cpu_us_{members}", f"CPU µs a delivery, {members:,} members", "{:.2f}", 1) for members in GROWTH),
    ("storm_s", "all in after, s", "{:.2f}", 1),
    ("pages", "pages/s", "{:,.0f}", 1),
    ("memory_mib", "memory MiB", "{:.0f}", 1),
    ("cpu", "server's cores", "{:.2f}", 1),
    ("load_cpu", "busiest load process, cores", "{:.2f}", 1),
)
NOTEWORTHY = 1.25  # times worse than kept: more than the noise of a quiet machine
# What is compared: the figure, and whether more of it is better.
COMPARED = {"deliveries": True, "cpu_us": False, "p50_ms": False, "p99_ms": False, "kib_each": False}


def render(results: Results, shapes: list[Shape]) -> str:
    """All tables, and what they were measured on."""
    machine = results.machine
    versions = machine["versions"]
    assert isinstance(versions, dict)
    parts = [
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gib']} GiB, "
        f"Linux {machine['kernel']}, Python {machine['python']}, {machine['date']}, commit {machine['commit']}. "
        + ", ".join(f"{name} {version}" for name, version in versions.items() if "," not in name)
        + ". Medians; in brackets the lowest and the highest round."
    ]
    parts += [
        f"### {one.title.capitalize()}\n\n{_table(results, one.name)}"
        for one in shapes
        if results.servers(one.name)
    ]
    return "\n\n".join([*parts, *(f"- {note}" for note in results.notes)]) + "\n"


def _table(results: Results, shape: str) -> str:
    """A row for each server, or, if there is only one, for each figure."""
    found = {name for figures in results.values[shape].values() for name in figures}
    others = sorted(found - {name for name, *_ in COLUMNS})
    columns = [column for column in COLUMNS if column[0] in found]
    columns += [(name, name.replace("_", " "), "{:,.2f}", 1) for name in others]
    rows = [["server", *(title for _, title, _, _ in columns)]]
    for server in results.servers(shape):
        rows.append(
            [server, *(_cell(results.figure(shape, server, name), form, by) for name, _, form, by in columns)]
        )
    head, *body = rows if len(rows) > 2 else list(zip(*rows, strict=True))
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(figure: Figure | None, form: str, by: float) -> str:
    if figure is None:
        return ""
    shown = form.format(figure.median / by)
    if figure.low == figure.high:
        return shown
    low, high = (form.format(value / by).removesuffix(" M") for value in (figure.low, figure.high))
    return f"{shown} ({low}-{high})"


def compare(now: Results, kept: Results) -> str:
    """roomchat's figure over each peer's, now and in the kept run, a line each. Only ratios between servers of the
    same run are compared, since figures of two days, or two machines, are not the same."""
    lines = []
    for shape in now.values:
        for peer in now.servers(shape):
            for name, more in COMPARED.items():
                ours, theirs = _ratio(now, shape, peer, name), _ratio(kept, shape, peer, name)
                if peer != "roomchat" and ours and theirs:
                    worse = theirs / ours if more else ours / theirs
                    remark = f"  {worse:.2f} times worse" if worse > NOTEWORTHY else ""
                    what = f"{shape:<10} {name:<10} roomchat / {peer:<18}"
                    lines.append(f"{what} {ours:8.2f}   kept {theirs:8.2f}{remark}")
    return "\n".join(lines) or "There is nothing to compare with the kept run."


def _ratio(results: Results, shape: str, peer: str, name: str) -> float:
    """0 if there is none."""
    ours, theirs = results.figure(shape, "roomchat", name), results.figure(shape, peer, name)
    return ours.median / theirs.median if ours and theirs and theirs.median else 0.0
