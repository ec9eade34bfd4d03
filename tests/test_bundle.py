"""Modules in one file: they are the same programs, and what is not understood is not guessed."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from roomchat.site.bundle import NotBundled, bundle
from roomchat.site.shrink import shorten, shrink

WEB = Path(str(resources.files("roomchat"))) / "web"
SCRIPTS = {path.relative_to(WEB).as_posix(): path.read_text(encoding="utf-8") for path in WEB.rglob("*.js")}
MODULES = {name: text for name, text in SCRIPTS.items() if name not in {"early.js", "sw.js"}}

# What a program consists of, but for where it stands and what its private members are called: each is told by the
# number of its name. Node has a parser of its own inside.
TOKENS = """
const { tokenizer } = require("internal/deps/acorn/acorn/dist/acorn");
const texts = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const tokens = (text) => {
  const names = [];
  return [...tokenizer(text, { ecmaVersion: "latest", sourceType: "module" })].map(({ type, value }) => {
    if (type.label === "privateId" && !names.includes(value)) names.push(value);
    const told = type.label === "privateId" ? names.indexOf(value) : JSON.stringify(value);
    return `${type.label} ${value instanceof RegExp ? value : told}`;
  });
};
for (const [name, before, after] of texts)
  if (JSON.stringify(tokens(before)) !== JSON.stringify(tokens(after))) console.log(name);
"""

HOUSE = {
    "main.js": 'import "./log.js";\nimport { say, Word } from "./view/say.js";\nsay(new Word().text);\n'
    'export const done = import("./view/late.js").then(({ late }) => late());\n'
    'export const also = import("./view/also.js");\nexport const again = import("./log.js");\n',
    "log.js": "globalThis.said = [];\nexport const log = 'log';\n",
    "view/say.js": 'import { TEXT } from "../model/deep.js";\nexport function say(text) {\n  said.push(text);\n}\n'
    "export class Word {\n  #hidden = hidden;\n  get text() {\n    return this.#hidden + TEXT;\n  }\n}\n"
    "const hidden = '#1 ';\nexport { TEXT };\n",
    "model/deep.js": 'const hidden = "import { a } from deep";\nexport const TEXT = hidden;\n',
    "view/late.js": 'import { say, TEXT } from "./say.js";\nimport { more } from "./more.js";\n'
    "const hidden = TEXT.length;\nexport const late = () => say(more + hidden);\n",
    "view/also.js": 'import { more } from "./more.js";\nexport const twice = more + more;\n',
    "view/more.js": 'const hidden = "more";\nexport const more = hidden;\n',
}


@pytest.fixture(scope="module")
def node() -> str:
    """The program that runs them."""
    if (path := shutil.which("node")) is None:
        pytest.skip("there is no node to parse and run scripts; to have it: apt install nodejs")
    return path


def run(*command: str, given: str = "") -> str:
    """What it prints; nothing may go wrong."""
    told = subprocess.run(command, input=given, text=True, capture_output=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_the_scripts_are_the_same_without_comments(node: str) -> None:
    """A parser sees the same tokens, in whatever is served."""
    given = [(name, text, shorten(shrink(text, script=True) or "")) for name, text in SCRIPTS.items()]
    assert run(node, "--expose-internals", "-e", TOKENS, given=json.dumps(given)) == ""


def test_the_modules_of_the_page_are_served_together(node: str, tmp_path: Path) -> None:
    """All of them, whether the page uses them by now or not; the result is a module."""
    everything = "".join(f'import "./{name}";\n' for name in MODULES)
    for name, text in bundle("all.js", MODULES | {"all.js": everything}).items():
        path = tmp_path / f"{name.replace('/', '_')}.mjs"
        path.write_text(text, encoding="utf-8")
        run(node, "--check", str(path))


def test_modules_run_as_they_would_one_by_one(node: str, tmp_path: Path) -> None:
    """In the same order, each with its own names, and what is asked for later comes later."""
    files = bundle("main.js", HOUSE)
    assert set(files) == {"main.js", "later.js"}
    for folder, texts in {"one": HOUSE, "other": files}.items():
        for name, text in texts.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (tmp_path / folder / "package.json").write_text('{"type": "module"}')
    tell = "await main.done; await main.again; console.log((await main.again).log, (await main.also).twice, said)"
    said = [
        run(node, "--input-type=module", "-e", f"import * as main from {json.dumps(str(path))}; {tell}")
        for path in (tmp_path / "one" / "main.js", tmp_path / "other" / "main.js")
    ]
    assert said[0] == said[1]
    assert "log moremore [ '#1 import { a } from deep', 'more22' ]" in said[0]


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"main.js": 'import f from "./f.js";\n', "f.js": ""}, "import f from"),
        ({"main.js": 'import { f as g } from "./f.js";\n', "f.js": "export const f = 1;\n"}, "imports f as g"),
        ({"main.js": "const { f } = globalThis;\n"}, "const { f }"),
        ({"main.js": "f(`a\nb`);\n"}, "main.js has something that goes on"),
        (
            {"main.js": 'import "./f.js";\nexport const f = 1;\n', "f.js": "export const f = 1;\n"},
            "two modules export f",
        ),
        ({"main.js": 'import("./f.js");\n'}, "main.js imports f.js, which is not there"),
        ({"main.js": "export default 1;\n"}, "export default"),
        ({"main.js": "export let x = 1;\n"}, "export let"),
        ({"main.js": 'export * from "./f.js";\n', "f.js": ""}, "export \\*"),
        ({"main.js": 'import { f } from "./f.js";\n', "f.js": "export const g = 1, f = 2;\n"}, "does not export"),
        ({"main.js": 'import "./none.js";\n'}, "main.js imports none.js, which is not there"),
        ({"main.js": 'import "./f.js";\n', "f.js": 'import "./main.js";\n'}, "f.js imports main.js, which waits"),
    ],
)
def test_what_is_not_understood_is_said(texts: dict[str, str], why: str) -> None:
    """With the place; nothing is served that would not be the same program."""
    with pytest.raises(NotBundled, match=why):
        bundle("main.js", texts)
