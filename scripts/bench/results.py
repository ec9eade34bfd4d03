"""The figures of a run: kept, condensed to medians, written as JSON."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


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
