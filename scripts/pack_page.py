"""Make the page small: its modules one script, its styles one, both minified, and all packed.

A build of roomchat does it (``scripts/build_hook.py``), and ``make`` where the page was changed. Without it a
server has the page as well; it is larger, and comes in a hundred requests.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from bundle import NotBundled, bundle

from roomchat.site.page import BUILT, INDEX, WORKER, Page, digest, gzipped, read_sources

PACKAGE = Path(__file__).resolve().parent.parent / "roomchat"
MAIN, STYLE = "main.js", "style.css"

_STYLESHEET = re.compile(r'[ \t]*<link rel="stylesheet" href="/__HASH__/([^"]+)">\n?')
_APART = re.compile(r"^ *(?=(?:const|let) [{\[])", re.MULTILINE)
_SCRIPT = re.compile(r'<script[^>]* src="/__HASH__/([^"]+)"')


def assemble(contents: Mapping[str, bytes]) -> dict[str, str | bytes]:
    """What is to be served of these files: of the scripts and styles those that the page asks for."""
    texts = {name: body.decode() for name, body in contents.items() if name.endswith((".js", ".css"))}
    files: dict[str, str | bytes] = {name: body for name, body in contents.items() if name not in texts}
    index = contents[INDEX].decode()
    files |= {name: texts[name] for name in (*_SCRIPT.findall(index), WORKER)}
    files[MAIN] = bundle(MAIN, texts)
    files[STYLE] = "".join(texts[name] for name in _STYLESHEET.findall(index))
    before, _, behind = index.partition("</head>")
    link = f'<link rel="stylesheet" href="/__HASH__/{STYLE}">\n'
    files[INDEX] = f"{_STYLESHEET.sub('', before)}{link}</head>{behind}".encode()
    return files


def minified(name: str, text: str) -> str:
    """A script or a style with short local names, and nothing in it that is for those who read it alone.

    Raises:
        ImportError: there is no minifier for this machine.
    """
    import minify

    if name.endswith(".css"):
        return str(minify.string("text/css", text))
    # It makes one declaration of several, and puts those first in it that take something apart, whatever is to
    # happen before. None crosses a `debugger`, which is taken out again; and in the sources they stand first, too.
    kept = _APART.sub(r"\g<0>debugger; ", text)
    return str(minify.string("text/javascript", kept)).replace("debugger;", "")


def pack(contents: Mapping[str, bytes]) -> Page:
    """The page of these sources as it is shipped.

    Raises:
        ImportError: there is no minifier or no brotli for this machine.
        NotBundled
    """
    import brotli

    served = {
        name: minified(name, text).encode() if isinstance(text, str) else text
        for name, text in assemble(contents).items()
    }
    if b"import(" in served[MAIN]:
        raise NotBundled("a module imports something later; all of the page is one script")
    packers = {"br": lambda body: brotli.compress(body, quality=11), "gzip": gzipped}
    return Page.of(served, packers, digest(contents))


def main() -> None:
    """Write it beside the sources, if it can be made here."""
    try:
        page = pack(read_sources(PACKAGE))
    except ImportError as error:
        print(f"The page is served as it is written, and larger: there is no {error.name} here.", file=sys.stderr)
        return
    (PACKAGE / "site" / BUILT).write_bytes(msgspec.msgpack.encode(page))


if __name__ == "__main__":
    main()
