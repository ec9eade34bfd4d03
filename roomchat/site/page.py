"""The files of the page as they are served: read once, packed once, and named after what is in all of them."""

from __future__ import annotations

import gzip
import json
import posixpath
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from msgspec import Struct

from roomchat.site.assemble import INDEX, WORKER, assemble

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}

# Those that browsers know by names which stay the same. All others have the hash of the set in their names.
ROOT = {
    INDEX: "/",
    WORKER: "/sw.js",
    "manifest.webmanifest": "/manifest.webmanifest",
    "favicon.svg": "/favicon.svg",
}


class File(Struct, frozen=True):
    """One of them.

    packed: the same with gzip, or b"" where that is not smaller.
    tag: its ETag, a weak one: it is the same for both.
    lasting: what has this name will never be anything else.
    """

    kind: str
    body: bytes
    packed: bytes
    tag: str
    lasting: bool

    @classmethod
    def of(cls, name: str, body: bytes, *, lasting: bool) -> File:
        """``name``: its ending says what it is."""
        packed = gzip.compress(body, 9, mtime=0)
        return cls(
            KINDS[posixpath.splitext(name)[1]],
            body,
            packed if len(packed) < len(body) else b"",
            f'W/"{sha256(body).hexdigest()[:16]}"',
            lasting,
        )


class Page(Struct, frozen=True):
    """All files, by the paths at which they are asked for, and their hash.

    A page that runs gets all of its files from one set, also while the server is brought up to date: their names
    have the hash of the whole set in them, and there is one set at a time.
    """

    files: Mapping[str, File]
    hash: str

    @classmethod
    def of(cls, contents: Mapping[str, bytes]) -> Page:
        """``contents``: of the sources, by their names as in ``roomchat/web``."""
        served = dict(sorted(assemble(contents).items()))
        digest = sha256()
        for name, body in served.items():
            digest.update(b"%s %d\n%s" % (name.encode(), len(body), body))
        mark = digest.hexdigest()[:16]
        paths = {name: ROOT.get(name, f"/{mark}/{name}") for name in served}
        listed = [path for name, path in paths.items() if name != WORKER]
        files = {}
        for name, path in paths.items():
            body = _named(name, served[name], mark, listed) if name in ROOT else served[name]
            files[path] = File.of(name, body, lasting=name not in ROOT)
        return cls(files, mark)

    @staticmethod
    @cache
    def of_package() -> Page:
        """The one that comes with the server, which need not be in a folder of the system. Made once: it takes 0.1
        seconds."""
        return Page.of(dict(_contents(resources.files("roomchat") / "web", "")))


def _contents(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _contents(one, f"{prefix}{one.name}/")
        elif posixpath.splitext(one.name)[1] in KINDS:
            yield prefix + one.name, one.read_bytes()


def _named(name: str, body: bytes, mark: str, listed: list[str]) -> bytes:
    """With the hash in it where that is asked for, and the list of all files in the service worker."""
    text = body.decode().replace("__HASH__", mark)
    if name == WORKER:
        text = text.replace('"__FILES__"', ", ".join(map(json.dumps, listed)))
    return text.encode()
