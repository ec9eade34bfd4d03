"""Modules in one script: it does the same, and what is not understood is not guessed."""

from __future__ import annotations

import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from scripts.bundle import NotBundled, bundle
from scripts.pack_page import minified

WEB = Path(str(resources.files("roomchat"))) / "web"
SCRIPTS = {path.relative_to(WEB).as_posix(): path.read_text(encoding="utf-8") for path in WEB.rglob("*.js")}
MODULES = {name: text for name, text in SCRIPTS.items() if name not in {"early.js", "sw.js"}}

# Names that are used before they are there, in a declaration of several. Node has a parser of its own inside.
TOO_EARLY = """
const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
const names = (node) => (node.type === "Identifier" ? [node.name]
  : node.type === "Property" ? names(node.value) : parts(node).flatMap(names));
const parts = (node) => Object.values(node).flat().filter((one) => one?.type);
function used(node) {
  if (/Function/.test(node.type)) return [];  // it runs later
  if (node.type === "Identifier") return [node.name];
  const isNamed = ["Property", "PropertyDefinition", "MethodDefinition"].includes(node.type) && !node.computed;
  if (node.type === "MemberExpression" && !node.computed) return used(node.object);
  return (isNamed ? [node.value].filter(Boolean) : parts(node)).flatMap(used);
}
function look(node) {
  if (node.type === "VariableDeclaration") {
    const later = new Set(node.declarations.flatMap(({ id }) => names(id)));
    for (const { id, init } of node.declarations) {
      for (const name of init ? used(init) : []) if (later.has(name)) console.log(name, node.start);
      for (const name of names(id)) later.delete(name);
    }
  }
  parts(node).forEach(look);
}
look(parse(require("node:fs").readFileSync(0, "utf8"), { ecmaVersion: "latest", sourceType: "module" }));
"""

HOUSE = {
    "main.js": 'import "./log.js";\nimport { say, Word } from "./view/say.js";\n'
    'import { late } from "./view/late.js";\nimport { twice } from "./view/also.js";\nimport "./log.js";\n'
    "say(new Word().text);\nlate();\nconsole.log(twice, said);\n",
    "log.js": "globalThis.said = [];\nexport const log = 'log';\n",
    "view/say.js": 'import { TEXT } from "../model/deep.js";\nexport function say(text) {\n  said.push(text);\n}\n'
    "export class Word {\n  #hidden = hidden;\n  get text() {\n    return this.#hidden + TEXT;\n  }\n}\n"
    "const hidden = '#1 ';\nexport { TEXT };\n",
    "model/deep.js": 'const hidden = "import { a } from deep";\nexport const TEXT = hidden;\n',
    "view/late.js": 'import { say, TEXT } from "./say.js";\nimport { more } from "./more.js";\n'
    "const hidden = TEXT.length;\nexport const late = () => say(more + hidden);\n",
    "view/also.js": 'import { more } from "./more.js";\nexport const twice = more + more;\n',
    "view/more.js": 'const hidden = "more"; // const more\nexport const more = hidden;\n',
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


def test_all_modules_are_one_script(node: str, tmp_path: Path) -> None:
    """Also those that nobody uses by now."""
    path = tmp_path / "all.mjs"
    everything = "".join(f'import "./{name}";\n' for name in MODULES)
    path.write_text(bundle("all.js", MODULES | {"all.js": everything}), encoding="utf-8")
    run(node, "--check", str(path))


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("{ const { a } = f(b), b = 1; }", ["b"]),
        ("{ const a = 1, { b } = f({ a }), [c] = [a, b]; }", []),
        ("const a = () => b, b = 1, c = { b: a.b };", []),
        ("class A { m() { let x = [y], y = x; } }", ["y"]),
        ("for (const a = a; ;) {}", ["a"]),
    ],
)
def test_what_is_used_too_early_is_found(node: str, script: str, names: list[str]) -> None:
    """So the next test can fail."""
    found = run(node, "--expose-internals", "-e", TOO_EARLY, given=script)
    assert [line.split()[0] for line in found.splitlines()] == names


def test_nothing_is_used_before_it_is_there(node: str) -> None:
    """Minifiers put declarations together; one that does it in another order breaks what few tests come to."""
    pytest.importorskip("minify", reason="there is no minifier for this machine")
    script = minified("main.js", bundle("main.js", MODULES))
    assert run(node, "--expose-internals", "-e", TOO_EARLY, given=script) == ""


def test_modules_run_as_they_would_one_by_one(node: str, tmp_path: Path) -> None:
    """In the same order, and each with its own names."""
    said = []
    for folder, texts in {"one": HOUSE, "other": {"main.js": bundle("main.js", HOUSE)}}.items():
        for name, text in texts.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (tmp_path / folder / "package.json").write_text('{"type": "module"}')
        said.append(run(node, str(tmp_path / folder / "main.js")))
    assert said == ["moremore [ '#1 import { a } from deep', 'more22' ]\n"] * 2


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"main.js": 'import f from "./f.js";\n', "f.js": ""}, "import f from"),
        ({"main.js": 'import { f as g } from "./f.js";\n', "f.js": "export const f = 1;\n"}, "imports f as g"),
        ({"main.js": "const { f } = globalThis;\n"}, "const { f }"),
        (
            {"main.js": 'import "./f.js";\nexport const f = 1;\n', "f.js": "export const f = 1;\n"},
            "two modules export f",
        ),
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
