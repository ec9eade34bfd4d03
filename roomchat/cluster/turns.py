"""Which NATS server is dialled next, and when."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from roomchat.cluster.nats_address import Address, parse
from roomchat.errors import StreamRefused

ROUND = 0.25  # seconds between two rounds over all NATS servers, while none is of use
MOST = 100  # servers of one cluster that are remembered


class Turns:
    """The servers that we were told take turns. While none of them is of use each round ends with one that they
    have told of: it may be all that is left, or have an address that is no use here. One thread at a time."""

    def __init__(self, told: Sequence[Address]) -> None:
        self._told = told
        self._heard: dict[Address, None] = {}  # the next one first
        self._at = random.randrange(len(told))  # so that not all servers of a chat are at the same one
        self._failures = 0  # since one was of use
        self.due = 0.0  # when the next is to be dialled, as ``now``

    def next(self) -> Address:
        """Whose turn it is."""
        if self._heard and self._failures % self._round == len(self._told):
            address = next(iter(self._heard))
            self._heard[address] = self._heard.pop(address)
            return address
        self._at = (self._at + 1) % len(self._told)
        return self._told[self._at]

    def is_told(self, address: Address) -> bool:
        """Whether somebody has named it to us. If not, it may be none that we are let in by."""
        return replace(address, name="") in self._told

    def hear(self, of: Address, urls: Iterable[str]) -> None:
        """The server ``of`` says that those of its cluster are there (HOST:PORT)."""
        for url in urls:
            try:
                (address,), _ = parse(f"{'tls' if of.is_tls else 'nats'}://{url}")
            except (StreamRefused, ValueError):
                continue
            if len(self._heard) < MOST and not self.is_told(address):
                # A certificate names a host, but most servers tell numbers: then it has to name theirs.
                self._heard[replace(address, name=of.certified if _is_number(address.host) else "")] = None

    def lost(self, now: float, was_of_use: bool) -> None:
        """The one that was dialled is of no use any more. Where it was, the next need not wait."""
        self._failures = 0 if was_of_use else self._failures + 1
        self.due = now + (ROUND if self._failures and self._failures % self._round == 0 else 0.0)

    @property
    def _round(self) -> int:
        return len(self._told) + bool(self._heard)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
