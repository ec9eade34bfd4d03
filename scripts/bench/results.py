"""The figures of a run, and on what it was measured: kept, condensed to medians, written as JSON."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from servers import ROOT, Kind


@dataclass(frozen=True)
class Figure:
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
        return Figure(statistics.median(values), min(values), max(values)) if values else None

    def servers(self, shape: str) -> list[str]:
        """Those that were measured in a shape, in the order in which they came first."""
        return list(self.values.get(shape, {}))

    def save(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(vars(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Results:
        """What ``save`` wrote."""
        return cls(**json.loads(path.read_text()))


def describe_machine(kinds: Sequence[Kind]) -> dict[str, object]:
    """Machine, system and the versions of all servers."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    git = ["git", "rev-parse", "--short", "HEAD"]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": subprocess.run(git, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip(),
        "load_before": os.getloadavg()[0],
        "versions": {kind.name: kind.find_version() for kind in kinds},
    }
