"""``roomchat`` of another version: the first word says which, the others are as ever."""

from __future__ import annotations

import sys

import roomchat.version

roomchat.version.__version__ = sys.argv.pop(1)
for module in [one for name, one in sys.modules.items() if name.startswith("roomchat.")]:
    if hasattr(module, "__version__"):  # where it has come to already: in a warm process that is everywhere
        module.__version__ = roomchat.version.__version__

from roomchat.cli import main  # noqa: E402 - all that it imports has the other version then

main()
