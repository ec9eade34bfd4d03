"""A quick run against a kept one: only ratios between servers of the same run are compared, since figures of two
days, or two machines, are not the same."""

from __future__ import annotations

from results import Results

NOTEWORTHY = 1.25  # times worse than kept: more than the noise of a quiet machine
# What is compared: the figure, and whether more of it is better.
COMPARED = {"deliveries": True, "cpu_us": False, "p50_ms": False, "p99_ms": False, "kib_each": False}


def compare(now: Results, kept: Results) -> str:
    """roomchat's figure over each peer's, now and in the kept run, a line each."""
    lines = []
    for shape in now.values:
        for peer in now.servers(shape):
            for name, more in COMPARED.items():
                ours, theirs = _ratio(now, shape, peer, name), _ratio(kept, shape, peer, name)
                if peer == "roomchat" or ours is None or theirs is None:
                    continue
                worse = theirs / ours if more else ours / theirs
                remark = f"  {worse:.2f} times worse" if worse > NOTEWORTHY else ""
                what = f"{shape:<10} {name:<10} roomchat / {peer:<18}"
                lines.append(f"{what} {ours:8.2f}   kept {theirs:8.2f}{remark}")
    return "\n".join(lines) or "There is nothing to compare with the kept run."


def _ratio(results: Results, shape: str, peer: str, name: str) -> float | None:
    ours, theirs = results.figure(shape, "roomchat", name), results.figure(shape, peer, name)
    if ours is None or theirs is None or not theirs.median or not ours.median:
        return None
    return ours.median / theirs.median
