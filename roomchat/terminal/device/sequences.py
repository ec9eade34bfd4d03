"""What a terminal sends for keys that nobody knows: nothing of it gets into the line.

prompt_toolkit takes what it does not know for a lone Escape, and the rest for letters that were typed.
"""

from __future__ import annotations

import re

from prompt_toolkit.input import Input
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyPress

PASTE, PASTE_END = "\x1b[200~", "\x1b[201~"

# ECMA-48, 5.4: parameters, intermediates, a final one (the console of Linux has two brackets for some keys); what
# keypads send; commands, which end in ST or a bell.
_WHOLE = re.compile(r"\x1b(?:\[\[?[0-?]*[ -/]*[@-~]|O[0-9;]*[@-~]|[]P][^\x1b\x07]*(?:\x07|\x1b\\))", re.DOTALL)
_BEGUN = re.compile(r"\x1b(?:\[\[?[0-?]*[ -/]*|\[M.{0,2}|O[0-9;]*|[]P][^\x1b\x07]*\x1b?)?\Z", re.DOTALL)
# Reports of the mouse and of the cursor's place, which prompt_toolkit knows by their form.
_REPORT = re.compile(r"\x1b\[(?:<[0-9;]+[Mm]|[0-9;]+M|M...|\d+;\d+R)", re.DOTALL)


class Known:
    """What comes, without what has no meaning. A sequence may come in pieces."""

    def __init__(self) -> None:
        self._rest = ""  # of a sequence that has begun
        self._pasting = False

    def feed(self, data: str) -> str:
        """What of this, and of what waited, is to be read as keys."""
        data, self._rest = self._rest + data, ""
        kept: list[str] = []
        at = 0
        while at < len(data):
            if self._pasting:
                end = data.find(PASTE_END, at)
                self._pasting = end < 0
                if self._pasting:
                    end = len(data) - _begun(PASTE_END, data)
                    self._rest = data[end:]
                kept.append(data[at:end])
                at = end + len(self._rest)
                continue
            escape = data.find("\x1b", at)
            if escape < 0:
                kept.append(data[at:])
                break
            kept.append(data[at:escape])
            at = self._sequence(data, escape, kept)
        return "".join(kept)

    def flush(self) -> str:
        """Nothing more comes soon: what has begun was no sequence. The end of a paste still comes."""
        if self._pasting:
            return ""
        rest, self._rest = self._rest, ""
        return rest[:1] if rest.startswith(("\x1b[", "\x1bO")) else rest

    def _sequence(self, data: str, at: int, kept: list[str]) -> int:
        """Where what begins there ends."""
        if found := _REPORT.match(data, at):
            kept.append(found[0])
            return found.end()
        if _BEGUN.match(data, at):
            self._rest = data[at:]
            return len(data)
        found = _WHOLE.match(data, at)
        if found is None:  # Alt with a key
            kept.append(data[at])
            return at + 1
        self._pasting = found[0] == PASTE
        if found[0] in ANSI_SEQUENCES or found[0] in {PASTE, PASTE_END}:
            kept.append(found[0])
        return found.end()


def _begun(sequence: str, data: str) -> int:
    """How many characters of the sequence stand at the end of the data."""
    return next(count for count in range(len(sequence) - 1, -1, -1) if data.endswith(sequence[:count]))


def guard(source: Input) -> None:
    """Have what comes from a terminal read so."""
    if not isinstance(source, Vt100Input):  # no terminal
        return
    known, read, flush = Known(), source.stdin_reader.read, source.flush_keys

    def read_known(count: int = 1024) -> str:
        return known.feed(read(count))

    def flush_known() -> list[KeyPress]:
        source.vt100_parser.feed(known.flush())
        return flush()

    source.stdin_reader.read = read_known  # type: ignore[method-assign]
    source.flush_keys = flush_known  # type: ignore[method-assign]
