"""The files of the page: what is left out of them, how they are named, and how large they are."""

from __future__ import annotations

import gzip
import json
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.site.accepted import has_tag, takes_gzip
from roomchat.site.page import KINDS, Page
from roomchat.site.shrink import shrink

# Bytes as they are sent, packed: before the page works, and all of it. docs/web.md has both as they are.
MAX_FIRST, MAX_BYTES = 60 * 1024, 87 * 1024
MAX_LINE = 115
WEB = Path(str(resources.files("roomchat"))) / "web"
SOURCES = sorted(path for path in WEB.rglob("*") if path.suffix in {".js", ".css"})

# ---------------------------------------------------------------- what is left out


@pytest.mark.parametrize(
    ("text", "shrunk"),
    [
        ("// why\nf();\n", "f();\n"),
        ("  if (x)\n    f(); // behind code\n", "if(x)\nf();\n"),
        ("a/* b */c /* d */ + /* e */ f", "a c   +   f\n"),
        ("x = '// a' + `/* b */` + /[/]// 2; // c", "x='// a' + `/* b */` + /[/]// 2;\n"),
        ("x = a / b; y = /\\//;", "x=a / b;y=/\\//;\n"),
        ("/** what\n * it does */\nf();", "f();\n"),
        ("/** @type {X} */\nf();", "f();\n"),
        ("/** @type {X} */ (f)();", "(f)();\n"),
        ("/*/ still\nin it */\nf();", "f();\n"),
        ("f('/*', \"//\", `'`);\n// x\ng();", "f('/*',\"//\",`'`);\ng();\n"),
        ("f(`a, ${b ? `// c` : d({ e })}, f`); // g", "f(`a, ${b ? `// c` : d({ e })}, f`);\n"),
        ("for (const a of [b, c]) d = a > +e ? { a } : ++f;", "for(const a of[b,c])d=a>+e?{a}:++f;\n"),
        ("/[`/]/.test(a); // `\n// x", "/[`/]/.test(a);\n"),
        ("f(`a\n  b`);", None),
        ("f('a\\\n  b');", None),
        ("f(); /* a\n// */ g();", None),
        ("/* a\n */ f();", None),
        ("/* a", None),
    ],
)
def test_comments_are_left_out(text: str, shrunk: str | None) -> None:
    """Where a line may be part of something longer, nothing is."""
    assert shrink(text, script=True) == shrunk


def test_a_style_has_no_comments_of_one_line() -> None:
    """There, it is something that is passed over up to the next brace."""
    assert shrink("/* why */\n  // a\n{ color: red }\n", script=False) == "// a\n{color:red}"


def test_spaces_of_a_style_that_mean_something_stay() -> None:
    """In selectors, between values, and around what is in brackets."""
    text = "a :hover > b, c { margin: 0 calc(1px + 2px); content: ', '; }\n@media (width < 3px) and (hover) {\n"
    less = "a :hover > b,c{margin:0 calc(1px + 2px);content:', ';}@media (width < 3px) and (hover){"
    assert shrink(text, script=False) == less


@given(st.lists(st.sampled_from(["f();", "  `a`;", "// x", "/*", "*/", " * y", "/** z */", "", "'\\'`';", "`"])))
def test_code_is_never_left_out(lines: list[str]) -> None:
    """However comments and code stand below each other."""

    def code(text: str) -> list[str]:
        return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL).split()

    text = "\n".join(lines)
    shrunk = shrink(text, script=True)
    assert shrunk is None or code(shrunk) == code(text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_source_can_be_served_without_its_comments(path: Path) -> None:
    """No template, string or comment begins behind code and goes on in the next line."""
    assert shrink(path.read_text(encoding="utf-8"), script=path.suffix == ".js") is not None


def test_no_line_of_a_script_is_too_long() -> None:
    """As in the Python sources."""
    long = [
        f"{path.relative_to(WEB)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if path.suffix == ".js" and len(line) > MAX_LINE
    ]
    assert long == []


# ---------------------------------------------------------------- the set


def sizes() -> dict[str, int]:
    """Bytes of each file as it is sent, by its name in the set."""
    page = Page.of_package()
    return {path.removeprefix(f"/{page.hash}"): len(file.packed or file.body) for path, file in page.files.items()}


def test_the_page_is_small() -> None:
    """What it needs to begin, and all of it; the docs say both in whole KiB, and the bounds from here."""
    first = sum(sizes()[path] for path in ("/", "/early.js", "/style.css", "/main.js"))
    total = sum(sizes().values())
    assert (first < MAX_FIRST, total < MAX_BYTES) == (True, True), sizes()
    docs = WEB.parent.parent / "docs"
    text = (docs / "performance.md").read_text(encoding="utf-8")
    assert [f"at most {bound // 1024} KiB" in text for bound in (MAX_FIRST, MAX_BYTES)] == [True, True]
    told = [int(found) for found in re.findall(r"(\d+) KiB", (docs / "web.md").read_text(encoding="utf-8"))]
    assert told == [pytest.approx(first / 1024, abs=1), pytest.approx(total / 1024, abs=1)]


def test_every_file_is_of_a_known_kind() -> None:
    """Nothing lies beside the sources that no browser could be told of."""
    assert {path.suffix for path in WEB.rglob("*") if path.is_file()} <= set(KINDS)


def test_few_files_are_served() -> None:
    """The modules that are needed to begin are one, and the styles are one."""
    page = Page.of_package()
    index = page.files["/"].body.decode()
    named = re.findall(r'(?:src|href)="(/[^"]*)"', index)
    assert f"/{page.hash}/main.js" in named
    assert index.count(".css") == 1
    assert [path for path in named if path.startswith(f"/{page.hash}/") and path not in page.files] == []
    assert "__" not in index
    assert "view/dom.js" not in "".join(page.files)


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
    assert Page.of({"main.js": b"// why\nf();", "a.png": b"a", "index.html": b""}).hash == before.hash


def test_the_files_at_the_root_name_the_set() -> None:
    """By its hash; and the service worker has the list of all but itself."""
    page = Page.of(
        {
            "index.html": b'<head><link rel="stylesheet" href="/__HASH__/b.css">\n'
            b'<script src="/__HASH__/early.js"></script>\n'
            b'<link rel="stylesheet" href="/__HASH__/a.css">\n</head><a href="/__HASH__/main.js">',
            "sw.js": b'const HASH = "__HASH__"; const FILES = ["__FILES__"];',
            "a.css": b"a {}",
            "b.css": b"b {}",
            "main.js": b'import { f } from "./f.js"; // why\nf();',
            "f.js": b"export const f = () => 1;",
            "early.js": b"g();",
            "unused.js": b"h();",
        }
    )
    mark = page.hash
    style = f'<link rel="stylesheet" href="/{mark}/style.css">'
    index = f'<head><script src="/{mark}/early.js"></script>\n{style}\n</head>'
    assert page.files["/"].body.decode() == f'{index}<a href="/{mark}/main.js">'
    assert page.files[f"/{mark}/style.css"].body == b"b{}a{}"
    listed = [f"/{mark}/early.js", "/", f"/{mark}/main.js", f"/{mark}/style.css"]
    assert page.files["/sw.js"].body.decode() == f'const HASH="{mark}";const FILES={json.dumps(listed)};\n'
    assert [path for path, file in page.files.items() if not file.lasting] == ["/", "/sw.js"]


def test_modules_that_can_not_be_put_together_are_served_one_by_one() -> None:
    """The page is larger then, and works."""
    page = Page.of({"main.js": b'import f from "./f.js";', "f.js": b"export default () => 1;"})
    assert page.files[f"/{page.hash}/f.js"].body == b"export default () => 1;"


def test_what_is_packed_is_the_same() -> None:
    """And smaller; else it is not."""
    page = Page.of({"a.txt": b"words " * 100, "b.txt": b"word"})
    large, small = page.files[f"/{page.hash}/a.txt"], page.files[f"/{page.hash}/b.txt"]
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
