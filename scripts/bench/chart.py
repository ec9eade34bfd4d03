"""The figures as a picture: bars, a panel for each shape, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from results import Results
from shapes import Shape

UNITS = {"cpu_us": "CPU µs a delivery", "p99_ms": "p99 in ms", "kib_each": "KiB a connection"}
WIDTH, MARGIN, LABEL, BAR, GAP, HEAD = 760, 16, 150, 18, 6, 44  # pixels
VALUE = 150  # pixels to the right of a bar, for its figure
# Colours follow the reader's; roomchat's own stands out.
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .unit, .spread { fill: #57606a }
.page { fill: #ffffff } .ours { fill: #0969da } .peer { fill: #afb8c1 }
.range { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .unit, .spread { fill: #9198a1 }
  .page { fill: #0d1117 } .ours { fill: #4493f8 } .peer { fill: #484f58 } .range { stroke: #e6edf3 }
}"""


def draw(results: Results, shapes: list[Shape]) -> str:
    """An SVG of the shapes that have something to show. Shorter bars are better in every panel."""
    parts: list[str] = []
    top = MARGIN
    for shape in shapes:
        panel = list(_panel(results, shape, top))
        parts += panel
        top += HEAD + (len(results.values.get(shape.name, {})) * (BAR + GAP) + GAP) if panel else 0
    height = top + MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' role="img" aria-label="roomchat beside other servers">',
        f'<style>\n{STYLE}\n</style>\n<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>',
        *parts,
        "</svg>\n",
    ])  # fmt: skip


def _panel(results: Results, shape: Shape, top: int) -> Iterator[str]:
    """The servers of one shape, the best first. Bars longer than eight times the median one are cut, or they would
    flatten all others."""
    found = [
        (server, results.figure(shape.name, server, shape.chart)) for server in results.values.get(shape.name, {})
    ]
    bars = sorted([(figure, server) for server, figure in found if figure])
    if not bars:
        return
    longest = min(bars[-1][0].median, 8 * bars[len(bars) // 2][0].median)
    left, scale = MARGIN + LABEL, (WIDTH - 2 * MARGIN - LABEL - VALUE) / longest
    yield f'<text class="title" x="{MARGIN}" y="{top + 18}">{escape(shape.title)}'
    yield f'<tspan class="unit">{UNITS[shape.chart]}, less is better</tspan></text>'
    for y, (figure, server) in enumerate(bars):
        y = top + HEAD - 14 + y * (BAR + GAP)
        middle, length = y + BAR // 2, min(figure.median, longest) * scale
        kind, end, cut = "ours" if server.startswith("roomchat") else "peer", left + length, ""
        yield f'<text x="{left - 8}" y="{middle + 4}" text-anchor="end">{escape(server)}</text>'
        yield f'<rect class="{kind}" x="{left}" y="{y}" width="{length:.1f}" height="{BAR}"/>'
        if figure.median > longest:
            cut = " (bar cut)"
        elif figure.low < figure.high:
            low, high = (left + min(value, 1.2 * longest) * scale for value in (figure.low, figure.high))
            yield f'<path class="range" d="M{low:.1f} {middle}H{high:.1f}"/>'
            end = max(end, high)
        yield f'<text class="spread" x="{end + 8:.1f}" y="{middle + 4}">{figure.median:.3g}{cut}</text>'
