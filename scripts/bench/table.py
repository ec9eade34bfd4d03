"""The figures as Markdown: a table for each shape."""

from __future__ import annotations

from results import Results
from shapes import GROWTH, Shape

# Figures that are shown, in this order: name, title, format, and what they are divided by.
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
LOG_ROWS = (
    ("start_s", "start, s", "{:.2f}"),
    ("join_ms", "join with 50 messages, ms", "{:.2f}"),
    ("page_ms", "a page of 100, ms", "{:.2f}"),
    ("appends", "messages appended a second", "{:,.0f}"),
    ("memory_mib", "memory, MiB", "{:.0f}"),
    ("mib", "file, MiB", "{:.0f}"),
)


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
    parts += [_render_shape(results, shape) for shape in shapes if results.servers(shape.name)]
    parts += [f"- {note}" for note in results.notes]
    return "\n\n".join(parts) + "\n"


def _render_shape(results: Results, shape: Shape) -> str:
    if shape.name == "log":
        return f"### {shape.title.capitalize()}\n\n{_log_table(results, shape)}"
    found = {name for figures in results.values[shape.name].values() for name in figures}
    columns = [column for column in COLUMNS if column[0] in found]
    others = sorted(found - {column[0] for column in COLUMNS})
    columns += [(name, name.replace("_", " "), "{:,.2f}", 1) for name in others]
    rows = [["server", *(title for _, title, _, _ in columns)]]
    for server in results.servers(shape.name):
        rows.append(
            [server, *(_cell(results, shape.name, server, name, form, by) for name, _, form, by in columns)]
        )
    return f"### {shape.title.capitalize()}\n\n{_markdown(rows)}"


def _log_table(results: Results, shape: Shape) -> str:
    rows = [["", "empty", "200,000 messages", "5 million"]]
    for name, title, form in LOG_ROWS:
        cells = [
            _cell(results, shape.name, "roomchat", f"{log}_{name}", form, 1) for log in ("empty", "short", "long")
        ]
        rows.append([title, *cells])
    return _markdown(rows)


def _cell(results: Results, shape: str, server: str, name: str, form: str, by: float) -> str:
    figure = results.figure(shape, server, name)
    if figure is None:
        return ""
    shown = form.format(figure.median / by)
    if figure.low == figure.high:
        return shown
    low, high = (form.format(value / by).removesuffix(" M") for value in (figure.low, figure.high))
    return f"{shown} ({low}-{high})"


def _markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
