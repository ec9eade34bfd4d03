"""``python -m roomchat``: the same as the ``roomchat`` command."""

from roomchat.cli import main

if __name__ == "__main__":
    main(prog_name="roomchat")
