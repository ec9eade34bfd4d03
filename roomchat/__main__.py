"""``python -m roomchat``, and the ``roomchat`` command."""

from __future__ import annotations

import os


def run() -> None:
    """Until a command looks after signals itself, Ctrl-C ends the process at once.

    An exception would come up anywhere, also where a library swallows it or Python prints it, and nothing has
    begun that could be left half done. So all imports are in here, behind that.
    """
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else whoever started us has it ignored
            signal.signal(signal.SIGINT, _end)
        from roomchat.cli import main

        main(prog_name="roomchat")
    except KeyboardInterrupt:
        os._exit(130)


def _end(number: int, frame: object) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    run()
