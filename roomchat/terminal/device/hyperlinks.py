"""Links that a terminal can open (OSC 8), as an attribute of the cells on the screen, like bold.

prompt_toolkit writes only the cells that have changed. An escape sequence beside a cell is written with that cell
or not at all, so sequences before and behind a link would part: the link would be lost, or go on over all that is
painted later. Here a cell's style has the address, ``LinkStyle`` hands it on with the attributes, and the output
opens and closes links when it changes attributes. It resets them before it goes to another row, and at the end of
a painting.

Source: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda (OSC 8).
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.styles import DEFAULT_ATTRS, Attrs, BaseStyle

from roomchat.terminal.shown.links import safe_url

MAX_LINKS = 5000  # styles with links that are remembered; then all are forgotten, and the screen is painted anew
_MARK = "[link:"  # prompt_toolkit passes over what stands in brackets in a style
END = "\x1b]8;;\x1b\\"


def link_style(style: str, url: str) -> str:
    """A style as prompt_toolkit writes it, of cells that lead to that address; unchanged if it is none."""
    url = safe_url(url)  # no blank, no bracket: nothing in it is taken for another style
    return f"{style} class:link {_MARK}{url}]".lstrip() if url else style


def link_fragments(style: str, text: str, url: str) -> StyleAndTextTuples:
    """Text that leads to that address, in one row or in several."""
    return [(link_style(style, url), text)]


def begin(url: str) -> str:
    """The sequence that opens a link. Pieces with the same id are one link, in whatever rows they stand."""
    return f"\x1b]8;id={zlib.crc32(url.encode()):08x};{url}\x1b\\"


class LinkedAttrs(Attrs):
    """Attributes of cells that lead somewhere: they differ from those that lead elsewhere."""

    url: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LinkedAttrs) and self.url == other.url and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.url, tuple(self)))


class LinkStyle(BaseStyle):
    """A style that also tells where cells lead. It belongs around that of a renderer: ``app.renderer.style``."""

    def __init__(self, style: BaseStyle) -> None:
        self._style = style
        self._links = 0

    def get_attrs_for_style_str(self, style_str: str, default: Attrs = DEFAULT_ATTRS) -> Attrs:
        """Attributes for a style; asked once for each, until the hash changes."""
        attrs = self._style.get_attrs_for_style_str(style_str, default)
        mark = style_str.rfind(_MARK)
        if mark < 0:
            return attrs
        self._links += 1
        linked = LinkedAttrs(*attrs)
        linked.url = style_str[mark + len(_MARK) :].partition("]")[0]
        return linked

    @property
    def style_rules(self) -> list[tuple[str, str]]:
        """Those of the style within."""
        return self._style.style_rules

    def invalidation_hash(self) -> Hashable:
        """Another one when what is remembered of styles is to be forgotten."""
        return self._style.invalidation_hash(), self._links // MAX_LINKS
