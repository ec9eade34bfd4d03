"""Whether servers that were given the same know the same: they compare digests of their states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

KEPT = 20  # marks that are remembered: an answer comes within seconds


class Witness:
    """What one server has heard of the others' states, and of its own. One thread."""

    def __init__(self, name: str) -> None:
        """``name``: of this server."""
        self._name = name
        self._digests: dict[int, dict[str, str]] = {}  # by mark, then by server

    def note(self, mark: int, server: str, digest: str) -> None:
        """A server, perhaps this one, has that state at the position ``mark``."""
        self._digests.setdefault(mark, {})[server] = digest
        for old in sorted(self._digests)[:-KEPT]:
            del self._digests[old]

    def is_astray(self, mark: int, living: Iterable[str]) -> bool:
        """Whether it is this server that went another way than the others.

        A strict majority of the living is right. Where all have spoken and there is none, the one whose name comes
        first is: somebody has to go on.
        """
        living = {*living}
        digests = {name: one for name, one in self._digests.get(mark, {}).items() if name in living}
        own = digests.get(self._name)
        if own is None or len({*digests.values()}) < 2:
            return False
        most, votes = Counter(digests.values()).most_common(1)[0]
        if 2 * votes > len(living):
            return most != own
        return digests.keys() == living and digests[min(digests)] != own
