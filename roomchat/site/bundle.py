"""Modules as they are served: all that the page needs to begin in one file, and what it asks for later in others.

Seventy small files would be seventy requests, and a third more bytes: each is packed without what it has in common
with the others. Nothing but imports and exports is rewritten, and each module keeps a scope of its own:

    import { el } from "./dom.js";            const $$7=(()=>{
    export class Sidebar { ... }         ->   const{el}=$$3;
                                              class Sidebar{ ... }
                                              return{Sidebar};
                                              })();
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

_IMPORT = re.compile(
    r"""^import\s*(?:(?:\{(?P<names>[^}]*)\}|\*\s*as\s+(?P<all>[\w$]+))\s*from\s*)?"(?P<path>\.[^"]*)";?$""",
    re.MULTILINE,
)
_DECLARED = re.compile(r"^export (?=(?:async function|function|class|const) (?P<name>[\w$]+))", re.MULTILINE)
_LISTED = re.compile(r"^export\s*\{(?P<names>[^}]*)\};?\n?", re.MULTILINE)
_OTHER = re.compile(r"^(?:export\b|import\b(?!\s*[(.])).*", re.MULTILINE)
# A line that is one with the next: no statement ends at such a mark, or before one.
_NO_END = re.compile(r"(?<=[;{,(\[=?:&|])\n|\n(?=[})\].?:&|])")
_LATER = re.compile(r"""\bimport\("(\.[^"]*)"\)""")


SHARED = "shared.js"


class NotBundled(ValueError):
    """Something that is not understood here; the sentence says where."""


class Module(Struct):
    """What is to be known of one."""

    text: str
    imports: dict[str, list[str]]  # what it needs before it runs, and which names of that
    later: list[str]  # what it asks for by `import()`
    exports: dict[str, str]  # names, and what they are called inside


def bundle(main: str, texts: Mapping[str, str]) -> dict[str, str]:
    """The files that take the place of all modules that ``main`` needs, now or later.

    Args:
        main: the name of the first one.
        texts: of the modules, by their names, without comments and indentation.
    Returns:
        By name: ``main`` with all that it needs to run; each module that is asked for later, with what it needs
        beyond that; and ``SHARED``, with what several of these need.
    Raises:
        NotBundled
    """
    if SHARED in texts:
        raise NotBundled(f"{SHARED} is to be the name of something else")
    modules = {name: _read(name, text) for name, text in texts.items()}
    needs: dict[str, list[str]] = {}  # of those that are asked for: the modules that run by then, in order
    asked = [main]
    for root in asked:  # it grows
        needs[root] = [*_in_order(root, modules, [], set())]
        asked += dict.fromkeys(one for name in needs[root] for one in modules[name].later if one not in asked)
    holders = dict.fromkeys(needs[main], main)  # the file of each module
    times = Counter(name for root in asked for name in needs[root])
    for root in asked:
        for name in needs[root]:
            holders.setdefault(name, root if times[name] == 1 else SHARED)
    for name in holders:
        _check(name, modules)
    numbers = {name: f"$${number}" for number, name in enumerate(holders)}
    files = dict.fromkeys([main, *holders.values(), *asked])
    return {file: _file(file, modules, holders, numbers, files) for file in files}


def _read(name: str, text: str) -> Module:
    folder = posixpath.dirname(name)
    imports: dict[str, list[str]] = {}
    for found in _IMPORT.finditer(text):
        imports.setdefault(_joined(folder, found["path"]), []).extend(
            outside for outside, _ in _names(found["names"])
        )
    exports = {found["name"]: found["name"] for found in _DECLARED.finditer(text)}
    for found in _LISTED.finditer(text):
        exports |= {outside: inside for inside, outside in _names(found["names"])}
    return Module(text, imports, [_joined(folder, path) for path in _LATER.findall(text)], exports)


def _names(listed: str | None) -> list[tuple[str, str]]:
    """``a, b as c`` as pairs: (a, a), (b, c)."""
    pairs = (one.split() for one in (listed or "").split(",") if one.strip())
    return [(words[0], words[-1]) for words in pairs]


def _in_order(name: str, modules: Mapping[str, Module], way: Sequence[str], run: set[str]) -> Iterator[str]:
    """Of a module and all that it imports, as they run.

    Args:
        way: the modules that wait for it.
        run: those that have run.
    """
    if name in way or name not in modules:
        why = "which waits for it" if name in way else "which is not there"
        raise NotBundled(f"{way[-1]} imports {name}, {why}")
    if name in run:
        return
    for other in modules[name].imports:
        yield from _in_order(other, modules, [*way, name], run)
    run.add(name)
    yield name


def _check(name: str, modules: Mapping[str, Module]) -> None:
    """That nothing in a module is overlooked."""
    module = modules[name]
    if (other := _OTHER.search(_bare(module.text, ""))) is not None:
        raise NotBundled(f"{name} has a form of import or export that is not served: {other[0]}")
    for imported, names in module.imports.items():
        for one in names:
            if one not in modules[imported].exports:
                raise NotBundled(f"{name} imports {one} from {imported}, which does not export it")


def _file(
    file: str, modules: Mapping[str, Module], holders: Mapping[str, str], numbers: Mapping[str, str],
    files: Iterable[str],
) -> str:  # fmt: skip
    """The text of one: what it takes from others, its modules, and what others take from it."""
    own = [name for name, holder in holders.items() if holder == file]
    lines = []
    for other in files:
        if taken := [numbers[name] for name in _taken(file, other, modules, holders)]:
            lines.append(f'import{{{",".join(taken)}}}from"{_relative(other, file)}";')
    lines += [_scope(name, file, modules[name], numbers) for name in own]
    given = {name for other in files for name in _taken(other, file, modules, holders)}
    if given:
        lines.append(f"export{{{','.join(numbers[name] for name in own if name in given)}}};")
    if file in modules and (exports := modules[file].exports):
        lines.append(f"export const{{{','.join(exports)}}}={numbers[file]};")
    return _NO_END.sub("", "\n".join(lines) + "\n")


def _taken(file: str, other: str, modules: Mapping[str, Module], holders: Mapping[str, str]) -> list[str]:
    """What one file takes from another."""
    if file == other:
        return []
    own = [name for name, holder in holders.items() if holder == file]
    wanted = {file, *(needed for name in own for needed in modules[name].imports)}
    return [name for name, holder in holders.items() if holder == other and name in wanted]


def _scope(name: str, root: str, module: Module, numbers: Mapping[str, str]) -> str:
    """A module as a value of the file of ``root``: what it exports."""
    folder = posixpath.dirname(name)

    def imported(found: re.Match[str]) -> str:
        number = numbers[_joined(folder, found["path"])]
        if found["all"]:
            return f"const {found['all']}={number};"
        return f"const{{{_pairs(_names(found['names']))}}}={number};" if found["names"] else ""

    def asked(found: re.Match[str]) -> str:
        return f'import("{_relative(_joined(folder, found[1]), root)}")'

    body = _LATER.sub(asked, _bare(module.text, imported))
    exports = _pairs((outside, inside) for outside, inside in module.exports.items())
    return f"const {numbers[name]}=(()=>{{\n{body}return{{{exports}}};\n}})();"


def _bare(text: str, imported: str | Callable[[re.Match[str]], str]) -> str:
    """A module without its exports, and with something in the place of its imports."""
    return _LISTED.sub("", _DECLARED.sub("", _IMPORT.sub(imported, text)))


def _pairs(names: Iterable[tuple[str, str]]) -> str:
    """As properties of an object: its own names, and those for the values."""
    return ",".join(one if one == other else f"{one}:{other}" for one, other in names)


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _relative(name: str, origin: str) -> str:
    """As the file ``origin`` calls it."""
    path = posixpath.relpath(name, posixpath.dirname(origin) or ".")
    return path if path.startswith("../") else f"./{path}"
