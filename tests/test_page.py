"""The files of the page: what is left out of them, how they are named, and how large they are."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.site.accepted import has_tag, takes_gzip
from roomchat.site.page import KINDS, Page, needed
from roomchat.site.shrink import shrink

MAX_BYTES = 160 * 1024  # of the whole page, packed: while it is put together; it is to be 60 KiB
WEB = Path(str(resources.files("roomchat"))) / "web"
SOURCES = sorted(path for path in WEB.rglob("*") if path.suffix in {".js", ".css"})

# What a program consists of, but for where it stands. Node has a parser of its own inside.
TOKENS = """
const { tokenizer } = require("internal/deps/acorn/acorn/dist/acorn");
const texts = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const tokens = (text) => [...tokenizer(text, { ecmaVersion: "latest", sourceType: "module" })].map(
  ({ type, value }) => `${type.label} ${value instanceof RegExp ? value : JSON.stringify(value)}`);
for (const [name, before, after] of texts)
  if (JSON.stringify(tokens(before)) !== JSON.stringify(tokens(after))) console.log(name);
"""


# ---------------------------------------------------------------- what is left out


@pytest.mark.parametrize(
    ("text", "shrunk"),
    [
        ("// why\nf();\n", "f();\n"),
        ("  if (x)\n    f(); // behind code\n", "if (x)\nf(); // behind code\n"),
        ("/** what\n * it does */\nf();", "f();\n"),
        ("/** @type {X} */\nf();", "f();\n"),
        ("/** @type {X} */ (f)();", "/** @type {X} */ (f)();\n"),
        ("/*/ still\nin it */\nf();", "f();\n"),
        ("f('/*', \"//\", `'`);\n// x\ng();", "f('/*', \"//\", `'`);\ng();\n"),
        ("/[`/]/.test(a); // `\n// x", "/[`/]/.test(a); // `\n"),
        ("f(`a\n  b`);", None),
        ("f('a\\\n  b');", None),
        ("f(); /* a\n// */ g();", None),
        ("/* a\n */ f();", None),
        ("/* a", None),
    ],
)
def test_comments_with_lines_of_their_own_are_left_out(text: str, shrunk: str | None) -> None:
    """Where a line may be part of something longer, nothing is."""
    assert shrink(text, script=True) == shrunk


def test_a_style_has_no_comments_of_one_line() -> None:
    """There, it is something that is passed over up to the next brace."""
    assert shrink("/* why */\n  // a\n{ color: red }\n", script=False) == "// a\n{ color: red }\n"


@given(st.lists(st.sampled_from(["f();", "  `a`;", "// x", "/*", "*/", " * y", "/** z */", "", "'\\'`';", "`"])))
def test_code_is_never_left_out(lines: list[str]) -> None:
    """However comments and code stand below each other."""
    text = "\n".join(lines)
    shrunk = shrink(text, script=True)
    if shrunk is not None:
        bare = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
        assert re.sub(r"/\*.*?\*/|//[^\n]*", "", shrunk, flags=re.DOTALL).split() == bare.split()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_source_can_be_served_without_its_comments(path: Path) -> None:
    """No template, string or comment begins behind code and goes on in the next line."""
    assert shrink(path.read_text(encoding="utf-8"), script=path.suffix == ".js") is not None


def test_the_scripts_as_they_are_served_are_the_same_programs() -> None:
    """A parser sees the same tokens."""
    if (node := shutil.which("node")) is None:
        pytest.skip("there is no node to parse the page's scripts; to have it: apt install nodejs")
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in SOURCES if path.suffix == ".js"]
    given = json.dumps([(name, text, shrink(text, script=True)) for name, text in texts])
    told = subprocess.run(
        [node, "--expose-internals", "-e", TOKENS],
        input=given, text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (told.stdout, told.returncode) == ("", 0), told.stderr


# ---------------------------------------------------------------- the set


def test_the_page_is_small() -> None:
    """All of it, as it is sent to browsers."""
    page = Page.of_package()
    sizes = {path: len(file.packed or file.body) for path, file in page.files.items()}
    assert sum(sizes.values()) < MAX_BYTES, sorted(sizes.items(), key=lambda item: -item[1])[:10]


def test_every_file_is_served() -> None:
    """Also those in folders, each once; nothing lies there that is not."""
    found = {path.relative_to(WEB).as_posix() for path in WEB.rglob("*") if path.is_file()}
    assert {Path(name).suffix for name in found} <= set(KINDS)
    page = Page.of_package()
    served = [path.removeprefix(f"/{page.hash}").removeprefix("/") or "index.html" for path in page.files]
    assert sorted(served) == sorted([*found, "files.json"])


def test_a_name_changes_with_whatever_changes() -> None:
    """The hash is that of the whole set: a page never gets files of two."""
    before = Page.of({"main.js": b"f();", "a.js": b"g();"})
    assert set(before.files) == {f"/{before.hash}/{name}" for name in ("main.js", "a.js", "files.json")}
    for changed in (
        {"main.js": b"f();", "a.js": b"h();"},
        {"main.js": b"f();", "b.js": b"g();"},
        {"main.js": b"f();"},
    ):
        assert Page.of(changed).hash != before.hash
    assert (
        Page.of({"a.js": b"// why\ng();", "main.js": b"f();"}).hash
        == Page.of({"main.js": b"f();", "a.js": b"g();"}).hash
    )


def test_the_files_at_the_root_name_the_set() -> None:
    """By its hash; and the service worker has the list of all but itself."""
    page = Page.of(
        {
            "index.html": b'<head><script src="./main.js"></script><a href="/__HASH__/b.js"></head>',
            "sw.js": b'const HASH = "__HASH__"; const FILES = ["__FILES__"];',
            "main.js": b'import "./b.js";',
            "b.js": b"",
        }
    )
    mark = page.hash
    links = "".join(f'<link rel="modulepreload" href="/{mark}/{name}">\n' for name in ("main.js", "b.js"))
    index = f'<head><script src="/{mark}/main.js"></script><a href="/{mark}/b.js">{links}</head>'
    assert page.files["/"].body.decode() == index
    listed = [f"/{mark}/b.js", "/", f"/{mark}/main.js"]
    assert page.files["/sw.js"].body.decode() == f'const HASH = "{mark}"; const FILES = {json.dumps(listed)};\n'
    assert json.loads(page.files[f"/{mark}/files.json"].body) == {"hash": mark, "files": listed}
    assert [path for path, file in page.files.items() if not file.lasting] == ["/", "/sw.js"]


def test_modules_are_fetched_at_once() -> None:
    """Those that are needed to begin, whatever way they are imported; not those that are asked for later."""
    served = {
        "main.js": b'import {A,\nB} from "./view/a.js"\nimport "./c.js"\nexport * from"./d.js"\nimport("./e.js")',
        "view/a.js": b'import type from "../c.js";\nconst x = "import y from \'./e.js\'";',
        "c.js": b'import * as all from "./main.js";\nimport gone from "./gone.js";',
        "d.js": b"",
        "e.js": b"",
    }
    assert needed("main.js", served) == ["main.js", "view/a.js", "c.js", "d.js"]


def test_what_is_packed_is_the_same() -> None:
    """And smaller; else it is not."""
    page = Page.of({"a.js": b"f(); " * 100, "b.js": b"f();"})
    large, small = page.files[f"/{page.hash}/a.js"], page.files[f"/{page.hash}/b.js"]
    assert gzip.decompress(large.packed) == large.body
    assert small.packed == b""


# ---------------------------------------------------------------- what a request takes


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ("", False),
        ("gzip", True),
        ("GZip, deflate, br", True),
        ("x-gzip", True),
        ("deflate, br;q=1.0", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("gzip;Q=0.5", True),
        ("*", True),
        ("*;q=0", False),
        ("*;q=0, gzip", True),
        ("identity", False),
        ("gzip;q=high", False),
        ("gzip;level=9", True),
        ("gzipped", False),
    ],
)
def test_whether_gzip_is_taken(accept: str, taken: bool) -> None:
    """As RFC 9110 has it, 12.5.3."""
    assert takes_gzip(accept) is taken


@given(st.text())
def test_any_header_is_read(text: str) -> None:
    """Without a fault."""
    takes_gzip(text)
    has_tag(text, 'W/"a"')


@pytest.mark.parametrize(
    ("header", "has"),
    [("", False), ('W/"a"', True), ('"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_who_has_it_already(header: str, has: bool) -> None:
    """Tags are compared weakly, for the bytes may be packed or not."""
    assert has_tag(header, 'W/"a"') is has
