"""What a build of roomchat does beside copying its files. Source: hatchling's "build hook" plugins."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackPage(BuildHookInterface):  # type: ignore[misc]
    """Makes the page small, and puts it into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the files are copied; also where they are not, for an editable install."""
        sys.path += [self.root, str(Path(self.root, "scripts"))]
        runpy.run_module("pack_page", run_name="__main__")
        build_data["artifacts"].append("roomchat/site/page.built")
