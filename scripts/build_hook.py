"""What a build of roomchat does beside copying its files. Source: hatchling's "build hook" plugins."""

from __future__ import annotations

import platform
import runpy
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKERS = ("brotli", "minify-go")


class PackPage(BuildHookInterface):  # type: ignore[misc]
    """Makes the page small, and puts it into the wheel."""

    def dependencies(self) -> list[str]:
        """What does it, where there are wheels of both. Elsewhere they would have to be compiled first, which is
        too much for a page that is there without, only larger; a wheel that is built here is small everywhere."""
        if platform.libc_ver()[0] != "glibc":  # which the requirements themselves can't say
            return []
        return [one for one in self.metadata.core.optional_dependencies["dev"] if one.startswith(PACKERS)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the files are copied; also where they are not, for an editable install."""
        sys.path += [self.root, str(Path(self.root, "scripts"))]
        runpy.run_module("pack_page", run_name="__main__")
        build_data["artifacts"].append("roomchat/site/page.built")
