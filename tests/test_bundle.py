"""Modules in one script: it does the same, and what is not understood is not guessed."""

from __future__ import annotations

import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from scripts.bundle import NotBundled, bundle

WEB = Path(str(resources.files("roomchat"))) / "web"
SCRIPTS = {path.relative_to(WEB).as_posix(): path.read_text(encoding="utf-8") for path in WEB.rglob("*.js")}
MODULES = {name: text for name, text in SCRIPTS.items() if name not in {"early.js", "sw.js"}}

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
