"""Writes down all that the hub is given and what comes of it: ``roomchat serve --record``."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

import msgspec

from roomchat.chat.effects import Effects
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import Inputs
from roomchat.chat.record import Beginning, step
from roomchat.errors import StartError

logger = logging.getLogger("roomchat")

STATE_EVERY = 100  # steps between two fingerprints of the whole state; each step has one of its effects


class Recorder:
    """A file of JSON lines that only its owner can read: it holds what people say. Only the hub's thread calls it.

    A disk that takes no more ends the record, not the server.
    """

    def __init__(self, path: str, beginning: Beginning) -> None:
        """Raises StartError; a file that is there already is not replaced."""
        try:
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise StartError(f"Can't write a record to {path}: {error.strerror}.") from None
        self._encoder = msgspec.json.Encoder()
        self._steps = 0
        self._write(beginning)

    def add(self, inputs: Inputs, effects: Effects, stored: bool, hub: Hub) -> None:
        """A batch, when the hub has committed it or taken it back."""
        if self._file.closed:
            return
        self._steps += 1
        whole = self._steps % STATE_EVERY == 0 or effects.over
        self._write(step(inputs, effects, stored, hub if whole else None))

    def close(self) -> None:
        """Write what is left."""
        with suppress(OSError):
            self._file.close()

    def _write(self, value: object) -> None:
        try:
            self._file.write(self._encoder.encode(value) + b"\n")
            self._file.flush()
        except OSError as error:
            logger.error("the record ends here, it can't be written: %s", error.strerror)
            self.close()
