"""The default places of files."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path


def default_database() -> Path:
    """The log of a server, in the user's data folder."""
    return user_data_path("roomchat") / "roomchat.db"
