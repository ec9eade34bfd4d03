"""The modules of the page as one script. In it they need no imports: the names that one takes stand there already.

So no two modules may export the same name. Where what a module has for itself is called as something of another
one, it has a scope of its own:

    import { el } from "./dom.js";
    const MOST = 99;                            const { Sidebar } = (() => { const MOST = 99;
    export class Sidebar { ... }          ->    class Sidebar { ... }
                                                return { Sidebar } })();
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

_IMPORT = re.compile(r'^import\s*(?:\{(?P<names>[^}]*)\}\s*from\s*)?"(?P<path>\.[^"]*)";?\n?', re.MULTILINE)
_LISTED = re.compile(r"^export\s*\{(?P<names>[^}]*)\};?\n?", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) [\w$])", re.MULTILINE)
# What is declared in no function, and so is not indented in the sources.
_DECLARED = re.compile(
    r"^(?P<export>export )?(?:(?:async )?function\b\*? ?|class |const |let )(?P<name>[\w$]+)", re.MULTILINE
)
_OTHER = re.compile(r"^(?:export\b|import\b(?!\s*[(.])|(?:const|let) [\[{]).*", re.MULTILINE)


class NotBundled(ValueError):
    """Something that is not understood here; the sentence says where."""


class Module(Struct):
    """What is to be known of one."""

    text: str  # without imports and exports
    imports: dict[str, list[str]]  # what it needs before it runs, and which names of that
    declared: set[str]  # names that its functions have in common
    exports: set[str]  # names that others may take; those that it has imported are not among `declared`


def bundle(main: str, sources: Mapping[str, str]) -> str:
    """One script that does what ``main`` does, with all that it imports; it is to be run as a module is.

    Args:
        sources: of the modules, by their names.
    Raises:
        NotBundled
    """
    modules = {name: read(name, text) for name, text in sources.items()}
    order = [*_in_order(main, modules, [], set())]
    scoped = _scoped(order, modules)
    return "".join(["(() => {\n", *(_placed(modules[name], name in scoped) for name in order), "})();\n"])


def read(name: str, source: str) -> Module:
    """What a module consists of; raises ``NotBundled``."""
    folder = posixpath.dirname(name)
    imports: dict[str, list[str]] = {}
    for found in _IMPORT.finditer(source):
        path = posixpath.normpath(posixpath.join(folder, found["path"]))
        imports.setdefault(path, []).extend(_names(found["names"]))
    declared = [*_DECLARED.finditer(source)]
    exports = {found["name"] for found in declared if found["export"]}
    for found in _LISTED.finditer(source):
        exports.update(_names(found["names"]))
    bare = _EXPORT.sub("", _LISTED.sub("", _IMPORT.sub("", source)))
    if (other := _OTHER.search(bare)) is not None:
        raise NotBundled(f"{name} has a form of import, export or declaration that is not bundled: {other[0]}")
    return Module(bare, imports, {found["name"] for found in declared}, exports)


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


def _placed(module: Module, has_scope: bool) -> str:
    if not has_scope:
        return module.text
    given = ", ".join(sorted(module.exports & module.declared))
    return f"const {{ {given} }} = (() => {{\n{module.text}return {{ {given} }};\n}})();\n"
