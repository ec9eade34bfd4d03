"""The figures as a picture: bars, a panel for each shape, readable on light and on dark pages."""

from __future__ import annotations

from xml.sax.saxutils import escape

from results import Figure, Results
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
        bars = _bars(results, shape)
        if bars:
            parts.append(_panel(shape, bars, top))
            top += HEAD + len(bars) * (BAR + GAP) + GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + MARGIN}" '
        f'viewBox="0 0 {WIDTH} {top + MARGIN}" role="img" aria-label="roomchat beside other servers">'
    )
    page = f'<rect class="page" width="{WIDTH}" height="{top + MARGIN}" rx="8"/>'
    return "\n".join([head, f"<style>\n{STYLE}\n</style>", page, *parts, "</svg>\n"])


def _bars(results: Results, shape: Shape) -> list[tuple[str, Figure]]:
    """Servers and their figures, the best first."""
    found = [(server, results.figure(shape.name, server, shape.chart)) for server in results.servers(shape.name)]
    return sorted([(server, figure) for server, figure in found if figure], key=lambda bar: bar[1].median)


def _panel(shape: Shape, bars: list[tuple[str, Figure]], top: int) -> str:
    """One shape. Bars longer than eight times the median one are cut, or they would flatten all others."""
    longest = min(bars[-1][1].median, 8 * bars[len(bars) // 2][1].median)
    scale = (WIDTH - 2 * MARGIN - LABEL - VALUE) / longest
    lines = [
        f'<text class="title" x="{MARGIN}" y="{top + 18}">{escape(shape.title)} '
        f'<tspan class="unit">{escape(UNITS[shape.chart])}, less is better</tspan></text>'
    ]
    y = top + HEAD - 14
    for server, figure in bars:
        middle = y + BAR // 2
        shown = min(figure.median, longest)
        end = MARGIN + LABEL + shown * scale
        kind = "ours" if server.startswith("roomchat") else "peer"
        cut = " (bar cut)" if figure.median > longest else ""
        lines += [
            f'<text x="{MARGIN + LABEL - 8}" y="{middle + 4}" text-anchor="end">{escape(server)}</text>',
            f'<rect class="{kind}" x="{MARGIN + LABEL}" y="{y}" width="{shown * scale:.1f}" height="{BAR}"/>',
        ]
        if figure.low < figure.high and not cut:
            low, high = (MARGIN + LABEL + min(value, 1.2 * longest) * scale for value in (figure.low, figure.high))
            lines.append(f'<path class="range" d="M{low:.1f} {middle}H{high:.1f}"/>')
            end = max(end, high)
        lines.append(f'<text class="spread" x="{end + 8:.1f}" y="{middle + 4}">{figure.median:.3g}{cut}</text>')
        y += BAR + GAP
    return "\n".join(lines)
