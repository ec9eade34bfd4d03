"""The default paths of files."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path, user_data_path


def default_database() -> Path:
    """The log of a server, in the user's data folder."""
    return user_data_path("roomchat") / "roomchat.db"


def default_settings() -> Path:
    """The person's settings file, in the user's config folder."""
    return user_config_path("roomchat") / "config.toml"
