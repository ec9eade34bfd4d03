"""Commands that are imported when they are asked for: all of them together take longer than most have to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

import click

from roomchat.cli.text import refuse_other_bytes


class Commands(Mapping[str, click.Command]):
    """Commands by their names; the names cost nothing.

    Args:
        targets: what to import for each, as ``module:function``.
    """

    def __init__(self, targets: dict[str, str]) -> None:
        self._targets = targets
        self._imported: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._imported:
            module, _, function = self._targets[name].partition(":")
            self._imported[name] = refuse_other_bytes(getattr(import_module(module), function))
        return self._imported[name]

    def __contains__(self, name: object) -> bool:
        return name in self._targets

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)
