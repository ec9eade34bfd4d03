"""From the sources of the page to the files that are served: few, and small."""

from __future__ import annotations

import re
from collections.abc import Mapping

from roomchat.site.bundle import NotBundled, bundle
from roomchat.site.shrink import shrink

INDEX, MAIN, STYLE, WORKER = "index.html", "main.js", "style.css", "sw.js"

_STYLESHEET = re.compile(r'[ \t]*<link rel="stylesheet" href="/__HASH__/([^"]+)">\n?')
_SCRIPT = re.compile(r'<script[^>]* src="/__HASH__/([^"]+)"')


def assemble(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is served of these files, by the same names.

    Scripts and styles are without comments. The styles that ``index.html`` names are one, and the modules that its
    ``main.js`` needs are few; all others are left out.
    """
    served = {name: body for name, body in contents.items() if not name.endswith((".js", ".css"))}
    texts = {name: body.decode() for name, body in contents.items() if name not in served}
    shrunk = {name: shrink(text, script=name.endswith(".js")) for name, text in texts.items()}
    index = contents.get(INDEX, b"").decode()
    for name in (*_SCRIPT.findall(index), WORKER):
        if name in texts:
            served[name] = (shrunk[name] or texts[name]).encode()
    if styles := [name for name in _STYLESHEET.findall(index) if name in texts]:
        served[STYLE] = "".join(shrunk[name] or texts[name] for name in styles).encode()
        before, _, behind = index.partition("</head>")
        link = f'<link rel="stylesheet" href="/__HASH__/{STYLE}">\n'
        served[INDEX] = f"{_STYLESHEET.sub('', before)}{link}</head>{behind}".encode()
    if MAIN in texts:
        served |= {name: text.encode() for name, text in _modules(texts).items()}
    return served


def _modules(texts: Mapping[str, str]) -> dict[str, str]:
    """Those that ``main.js`` needs in two files; or, where that can't be done, all as they are."""
    scripts = {name: text for name, text in texts.items() if name.endswith(".js")}
    try:
        return bundle(MAIN, scripts)
    except NotBundled:
        return scripts
