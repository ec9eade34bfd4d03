"""Modules as they are served: what the page needs to begin in one file, and what it asks for later in another.

Seventy small files would be seventy requests, and a third more bytes: each is packed without what it has in common
with the others. In one file a module needs no imports, for the names that it takes stand there already; so no two
modules may export the same name. Where what a module has for itself is called as something of another one, it has
a scope of its own:

    import { el } from "./dom.js";
    const MOST = 99;                            const{Sidebar}=(()=>{const MOST=99;
    export class Sidebar { ... }          ->    class Sidebar{ ... }
                                                return{Sidebar}})();
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from roomchat.site.shrink import shorten, shrink

LATER = "later.js"

_IMPORT = re.compile(r'^import\s*(?:\{(?P<names>[^}]*)\}\s*from\s*)?"(?P<path>\.[^"]*)";?\n?', re.MULTILINE)
_LATER = re.compile(r'\bimport\("(\.[^"]*)"\)')
_LISTED = re.compile(r"^export\s*\{(?P<names>[^}]*)\};?\n?", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) [\w$])", re.MULTILINE)
# What is declared in no function, and so is not indented in the sources.
_DECLARED = re.compile(
    r"^(?P<export>export )?(?:(?:async )?function\b\*? ?|class |const |let )(?P<name>[\w$]+)", re.MULTILINE
)
_OTHER = re.compile(r"^(?:export\b|import\b(?!\s*[(.])|(?:const|let) [\[{]).*", re.MULTILINE)
# A line that is one with the next: no statement ends at such a mark, or before one.
_NO_END = re.compile(r"(?<=[;{,(\[=?:&|])\n|\n(?=[})\].?:&|])")


class NotBundled(ValueError):
    """Something that is not understood here; the sentence says where."""


class Module(Struct):
    """What is to be known of one."""

    text: str  # without imports, exports and comments
    imports: dict[str, list[str]]  # what it needs before it runs, and which names of that
    later: list[str]  # what it asks for by `import()`
    declared: set[str]  # names that its functions have in common
    exports: set[str]  # names that others may take; those that it has imported are not among `declared`


def bundle(main: str, sources: Mapping[str, str]) -> dict[str, str]:
    """The files that take the place of all modules that ``main`` needs, now or later.

    Args:
        main: the name of the first one; it lies in no folder.
        sources: of the modules, by their names.
    Returns:
        By name: ``main`` with all that it needs to run; and, if anything is asked for later, ``LATER`` with that
        and what it needs beyond.
    Raises:
        NotBundled
    """
    if LATER in sources:
        raise NotBundled(f"{LATER} is to be the name of something else")
    modules = {name: read(name, text) for name, text in sources.items()}
    first = [*_in_order(main, modules, [], set())]
    run = set(first)
    asked: dict[str, None] = {}  # in order
    rest: list[str] = []
    for name in itertools.chain(first, rest):  # it grows
        for root in modules[name].later:
            asked[root] = None
            rest += _in_order(root, modules, [name], run)
    scoped = _scoped([*first, *rest], modules)
    own = {name for one in first for name in modules[one].exports}
    taken = {name for one in rest for names in modules[one].imports.values() for name in names if name in own}
    given = {name for one in asked for name in modules[one].exports}
    taken |= given & own
    files = {main: _file(first, modules, scoped, taken | modules[main].exports)}
    if asked:
        begin = f'import{{{",".join(sorted(taken))}}}from"./{main}";\n' if taken else ""
        files[LATER] = begin + _file(rest, modules, scoped, given)
    return files


def read(name: str, source: str) -> Module:
    """What a module consists of; raises ``NotBundled``."""
    folder = posixpath.dirname(name)
    imports: dict[str, list[str]] = {}
    for found in _IMPORT.finditer(source):
        imports.setdefault(_joined(folder, found["path"]), []).extend(_names(found["names"]))
    declared = [*_DECLARED.finditer(source)]
    exports = {found["name"] for found in declared if found["export"]}
    for found in _LISTED.finditer(source):
        exports.update(_names(found["names"]))
    bare = _EXPORT.sub("", _LISTED.sub("", _IMPORT.sub("", source)))
    if (other := _OTHER.search(bare)) is not None:
        raise NotBundled(f"{name} has a form of import, export or declaration that is not served: {other[0]}")
    if (text := shrink(bare, script=True)) is None:
        raise NotBundled(f"{name} has something that goes on over the end of a line")
    later = [_joined(folder, path) for path in _LATER.findall(text)]
    return Module(shorten(text), imports, later, {found["name"] for found in declared}, exports)


def _names(listed: str | None) -> list[str]:
    """``a, b`` as a list; ``a as b`` is one that nobody exports."""
    return [one.strip() for one in (listed or "").split(",") if one.strip()]


def _in_order(name: str, modules: Mapping[str, Module], way: Sequence[str], run: set[str]) -> Iterator[str]:
    """Of a module and all that it imports, as they run.

    Args:
        way: the modules that wait for it.
        run: those that have run.
    """
    if name in run:
        return
    if name in way or name not in modules:
        why = "which waits for it" if name in way else "which is not there"
        raise NotBundled(f"{way[-1]} imports {name}, {why}")
    for other, names in modules[name].imports.items():
        yield from _in_order(other, modules, [*way, name], run)
        if missing := [one for one in names if one not in modules[other].exports]:
            raise NotBundled(f"{name} imports {missing[0]} from {other}, which does not export it")
    run.add(name)
    yield name


def _scoped(order: Sequence[str], modules: Mapping[str, Module]) -> set[str]:
    """The modules that have something for themselves by a name that is another's, too."""
    exported = Counter(name for one in order for name in modules[one].exports & modules[one].declared)
    if twice := [name for name, times in exported.items() if times > 1]:
        raise NotBundled(f"two modules export {twice[0]}")
    names = set(exported)
    scoped = set()
    for one in order:
        own = modules[one].declared - modules[one].exports
        if own & names:
            scoped.add(one)
        else:
            names |= own
    return scoped


def _file(names: Iterable[str], modules: Mapping[str, Module], scoped: set[str], exports: Iterable[str]) -> str:
    """The text of one: its modules, and what is taken from it."""
    lines = []
    for name in names:
        module = modules[name]
        text = _LATER.sub(f'import("./{LATER}")', module.text)
        if name in scoped:
            given = ",".join(sorted(module.exports & module.declared))
            text = f"const{{{given}}}=(()=>{{\n{text}return{{{given}}}\n}})();\n"
        lines.append(text)
    if exports:
        lines.append(f"export{{{','.join(sorted(exports))}}};\n")
    return _NO_END.sub("", "".join(lines))


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
