"""The files of the page: how they are made small, how they are named, and what a request takes of them."""

from __future__ import annotations

import gzip
import json
import re
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.site.accepted import encoding, has_tag
from roomchat.site.page import BUILT, KINDS, Page, read_page, read_sources
from scripts.pack_page import pack

MAX_BYTES = 60 * 1024  # of the whole page, as it is sent; docs/web.md has what it is
MAX_LINE = 115
WEB = Path(str(resources.files("roomchat"))) / "web"
SOURCES = sorted(path for path in WEB.rglob("*") if path.suffix in {".js", ".css"})

HOUSE = {
    "index.html": b'<head><link rel="stylesheet" href="/__HASH__/b.css">\n'
    b'<script src="/__HASH__/early.js"></script>\n'
    b'<link rel="stylesheet" href="/__HASH__/a.css">\n</head><a href="/__HASH__/main.js">',
    "sw.js": b'const HASH = "__HASH__"; const FILES = ["__FILES__"];',
    "a.css": b"a { color: #aabbcc }",
    "b.css": b"b { color: #fff }",
    "main.js": b'import { f } from "./f.js"; // why\nf();',
    "f.js": b"export const f = () => console.log(1);",
    "early.js": b"g();",
    "unused.js": b"h();",
}


@pytest.fixture(scope="module")
def built() -> Page:
    """The page as it is shipped, of the sources as they are."""
    for needed in ("brotli", "minify"):
        pytest.importorskip(
            needed, reason=f"there is no {needed} for this machine: the page is not made small on it"
        )
    return pack(read_sources(resources.files("roomchat")))


# ---------------------------------------------------------------- the sources


def test_no_line_of_a_script_is_too_long() -> None:
    """As in the Python sources."""
    long = [
        f"{path.relative_to(WEB)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if path.suffix == ".js" and len(line) > MAX_LINE
    ]
    assert long == []


def test_what_is_taken_apart_stands_first_in_a_declaration() -> None:
    """The minifier would put it there, whatever is to happen before."""
    late = re.compile(r"^ *(?:const|let) [\w$].* =.*[^({\[ ], [{\[][^=\n]*[}\]] = .*", re.MULTILINE)
    assert late.findall("const a = f(), { b } = g();\nconst a = b(c, [d]), [e] = 1;") != []
    assert late.findall("const { b } = g(), a = f(b), c = (x, { y: z }) => 1;\n") == []
    found = {path.name: late.findall(path.read_text(encoding="utf-8")) for path in SOURCES if path.suffix == ".js"}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert [path.name for path in SOURCES if "debugger" in path.read_text(encoding="utf-8")] == []


# ---------------------------------------------------------------- made small


def test_the_page_is_small(built: Page) -> None:
    """All of it, with brotli, which all browsers take that it runs in; the docs say how much."""
    sizes = {path: min(map(len, (file.body, *file.packed.values()))) for path, file in built.files.items()}
    total = sum(sizes.values())
    assert total < MAX_BYTES, sizes
    told = re.findall(r"(\d+) KiB", (WEB.parent.parent / "docs" / "web.md").read_text(encoding="utf-8"))
    assert [int(one) for one in told] == [pytest.approx(total / 1024, abs=1)]


def test_few_files_are_served(built: Page) -> None:
    """All modules are one, and all styles are one."""
    index = built.files["/"].body.decode()
    named = re.findall(r'(?:src|href)="(/[^"]*)"', index)
    assert [path for path in named if path not in built.files] == []
    scripts = {f"/{built.hash}/{name}" for name in ("early.js", "main.js")} | {"/sw.js"}
    assert {path for path in built.files if path.endswith(".js")} == scripts
    assert [path for path in built.files if path.endswith(".css")] == [f"/{built.hash}/style.css"]
    assert "__" not in index


def test_what_the_page_does_not_ask_for_is_left_out(built: Page) -> None:
    """And what it asks for is one of each kind."""
    page = pack(HOUSE)
    mark = page.hash
    style = f'<link rel="stylesheet" href="/{mark}/style.css">'
    index = f'<head><script src="/{mark}/early.js"></script>\n{style}\n</head>'
    assert page.files["/"].body.decode() == f'{index}<a href="/{mark}/main.js">'
    assert page.files[f"/{mark}/style.css"].body == b"b{color:#fff}a{color:#abc}"
    assert page.files[f"/{mark}/main.js"].body.count(b"console.log(1)") == 1
    listed = json.dumps([f"/{mark}/early.js", "/", f"/{mark}/main.js", f"/{mark}/style.css"])
    assert page.files["/sw.js"].body.decode() == f'const HASH="{mark}",FILES={listed}'
    assert [path for path, file in page.files.items() if not file.lasting] == ["/", "/sw.js"]


@pytest.mark.usefixtures("built")
def test_what_is_declared_first_stays_first() -> None:
    """A minifier that puts what takes something apart before what it needs would break the page."""
    main = b"""
for (const one of all) {
  const first = one.first();
  const { second } = one.ask({ first });
  let third = second.next();
  const [fourth] = one.ask({ third });
  const { fifth } = one.ask({ fourth });
  show(first, second, third, fourth, fifth);
}
"""
    page = pack(HOUSE | {"main.js": main})
    body = page.files[f"/{page.hash}/main.js"].body
    places = [body.index(one) for one in (b"first()", b"second", b"next()", b"third", b"fifth")]
    assert places == sorted(places)


def write(package: Path, contents: dict[str, bytes]) -> None:
    """A page where a server would find it."""
    (package / "site").mkdir(exist_ok=True)
    for name, body in contents.items():
        (package / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (package / "web" / name).write_bytes(body)


def test_what_was_built_is_served_until_the_page_is_changed(built: Page, tmp_path: Path) -> None:
    """Then it is served as it is written: by one who works on it, and where nothing was built."""
    write(tmp_path, HOUSE)
    plain = read_page(tmp_path)
    assert plain == Page.of(HOUSE)
    assert plain.files[f"/{plain.hash}/f.js"].body == HOUSE["f.js"]
    file = tmp_path / "site" / BUILT
    file.write_bytes(msgspec.msgpack.encode(pack(HOUSE)))
    assert read_page(tmp_path) == pack(HOUSE)
    write(tmp_path, {"f.js": b"export const f = 1;"})
    assert read_page(tmp_path) == Page.of(HOUSE | {"f.js": b"export const f = 1;"})
    write(tmp_path, HOUSE)
    for damaged in (b"", b"\x00", file.read_bytes()[:-1], msgspec.msgpack.encode({"files": {}})):
        file.write_bytes(damaged)
        assert read_page(tmp_path) == plain


# ---------------------------------------------------------------- the set


def test_every_file_is_of_a_known_kind() -> None:
    """Nothing lies beside the sources that no browser could be told of."""
    assert {path.suffix for path in WEB.rglob("*") if path.is_file()} <= set(KINDS)


def test_a_name_changes_with_whatever_changes() -> None:
    """The hash is that of the whole set: a page never gets files of two."""
    before = Page.of({"index.html": b"", "a.png": b"a", "main.js": b"f();"})
    assert set(before.files) == {"/", *(f"/{before.hash}/{name}" for name in ("a.png", "main.js"))}
    for changed in (
        {"index.html": b"", "a.png": b"b", "main.js": b"f();"},
        {"index.html": b"", "b.png": b"a", "main.js": b"f();"},
        {"index.html": b"x", "a.png": b"a", "main.js": b"f();"},
        {"index.html": b"", "main.js": b"f();"},
    ):
        assert Page.of(changed).hash != before.hash
    assert Page.of({"main.js": b"f();", "a.png": b"a", "index.html": b""}).hash == before.hash


def test_the_files_at_the_root_name_the_set() -> None:
    """By its hash; and the service worker has the list of all but itself."""
    page = Page.of({"index.html": b'<a href="/__HASH__/main.js">', "sw.js": b'["__FILES__"]', "main.js": b"f();"})
    assert page.files["/"].body.decode() == f'<a href="/{page.hash}/main.js">'
    assert json.loads(page.files["/sw.js"].body) == ["/", f"/{page.hash}/main.js"]


def test_what_is_packed_is_the_same() -> None:
    """And smaller; else it is not."""
    page = Page.of({"a.txt": b"words " * 100, "b.txt": b"word"})
    large, small = page.files[f"/{page.hash}/a.txt"], page.files[f"/{page.hash}/b.txt"]
    assert gzip.decompress(large.packed["gzip"]) == large.body
    assert small.packed == {}


# ---------------------------------------------------------------- what a request takes


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZip, deflate, Br", "br"),
        ("x-gzip", "gzip"),
        ("deflate, br;q=1.0", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.000, *", "br"),
        ("gzip;Q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("*;q=0, gzip", "gzip"),
        ("identity", None),
        ("gzip;q=high", None),
        ("gzip;q=nan, br;q=nan", None),
        ("gzip;level=9", "gzip"),
        ("gzipped", None),
    ],
)
def test_which_encoding_is_taken(accept: str, taken: str | None) -> None:
    """As RFC 9110 has it, 12.5.3."""
    assert encoding(accept, ("br", "gzip")) == taken


@given(st.text())
def test_any_header_is_read(text: str) -> None:
    """Without a fault."""
    assert encoding(text, ("br", "gzip")) in {"br", "gzip", None}
    has_tag(text, 'W/"a"')


@pytest.mark.parametrize(
    ("header", "has"),
    [("", False), ('W/"a"', True), ('"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_who_has_it_already(header: str, has: bool) -> None:
    """Tags are compared weakly, for the bytes may be packed or not."""
    assert has_tag(header, 'W/"a"') is has
