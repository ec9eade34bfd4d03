"""The files of the page as they are served: read once, packed once, and named after what is in all of them.

``scripts/pack_page.py`` makes them small when roomchat is built; a page that was changed since is served as it is
written.
"""

from __future__ import annotations

import gzip
import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from msgspec import Struct

INDEX, WORKER = "index.html", "sw.js"
BUILT = "page.built"  # in the folder of this file

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


Pack = Mapping[str, Callable[[bytes], bytes]]


class File(Struct, frozen=True):
    """One of them.

    packed: the same by the encodings in which it is smaller; of equals the first is the best.
    tag: its ETag, a weak one: it is the same for all encodings.
    lasting: what has this name will never be anything else.
    """

    kind: str
    body: bytes
    packed: Mapping[str, bytes]
    tag: str
    lasting: bool


class Page(Struct, frozen=True):
    """All files, by the paths at which they are asked for, and their hash.

    A page that runs gets all of its files from one set, also while the server is brought up to date: their names
    have the hash of the whole set in them, and there is one set at a time.

    sources: the hash of what it was made from.
    """

    files: Mapping[str, File]
    hash: str
    sources: str = ""

    @classmethod
    def of(cls, contents: Mapping[str, bytes], pack: Pack | None = None, sources: str = "") -> Page:
        """A page that consists of these files.

        Args:
            contents: by their names as in ``roomchat/web``.
            pack: what packs one, by the names of encodings, the best first. None: gzip does.
            sources: the digest of what they were made from.
        """
        mark = digest(contents)
        paths = {name: ROOT.get(name, f"/{mark}/{name}") for name in sorted(contents)}
        listed = [path for name, path in paths.items() if name != WORKER]
        files = {}
        for name, path in paths.items():
            body = _named(name, contents[name], mark, listed) if name in ROOT else contents[name]
            packed = {encoding: by(body) for encoding, by in (pack or {"gzip": gzipped}).items()}
            files[path] = File(
                KINDS[posixpath.splitext(name)[1]],
                body,
                {encoding: less for encoding, less in packed.items() if len(less) < len(body)},
                f'W/"{sha256(body).hexdigest()[:16]}"',
                lasting=name not in ROOT,
            )
        return cls(files, mark, sources)

    @staticmethod
    @cache
    def of_package() -> Page:
        """The one that comes with the server, which need not be in a folder of the system. Read once."""
        return read_page(resources.files("roomchat"))


def read_page(package: Traversable) -> Page:
    """As it was built, in 0.01 seconds; or, where it was changed since or never built, as it is written."""
    sources = read_sources(package)
    try:
        built = msgspec.msgpack.decode((package / "site" / BUILT).read_bytes(), type=Page)
    except (OSError, msgspec.DecodeError):  # there is none, or of another version
        built = None
    return built if built is not None and built.sources == digest(sources) else Page.of(sources)


def read_sources(package: Traversable) -> dict[str, bytes]:
    """What the page is written in, by its names in ``web``."""
    return dict(_contents(package / "web", ""))


def digest(contents: Mapping[str, bytes]) -> str:
    """Of all names and all that is in them."""
    found = sha256()
    for name, body in sorted(contents.items()):
        found.update(b"%s %d\n%s" % (name.encode(), len(body), body))
    return found.hexdigest()[:16]


def gzipped(body: bytes) -> bytes:
    """The same for the same, whenever it is packed."""
    return gzip.compress(body, 9, mtime=0)


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
