"""``python -m roomchat``, and the ``roomchat`` command."""

from __future__ import annotations

import sys


def run() -> None:
    """Imports inside: Ctrl-C may come while they run, and is no fault."""
    try:
        from roomchat.cli import main

        main(prog_name="roomchat")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
