"""The rules of the package, read from the source: who may import whom, and who may change the three maps."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import roomchat

PACKAGE = Path(roomchat.__file__).parent

BASE = {
    "account",
    "dialect",
    "entries",
    "errors",
    "figures",
    "key_fingerprint",
    "protocol",
    "settings",
    "harmless",
    "invites",
    "peer_user",
    "speaker",
    "times",
    "tls",
    "version",
}
SERVER = {"server", "hub_thread", "monitoring", "order", "recorder", "retention", "wiping", "clock"}
PARTS = {"chat", "store", "wires"}
LONGEST = 350  # lines of a file
MAY_IMPORT = {
    **dict.fromkeys(BASE, BASE),
    **{one: BASE | {one} for one in PARTS},
    "net": BASE | PARTS | {"net"},
    "site": BASE | {"wires", "site"},
    **{one: BASE | PARTS | SERVER | {"net", "site", "cluster"} for one in SERVER},
    "client": BASE | {"wires", "client"},
    "cluster": BASE | PARTS | {"net", "cluster"},
    "export": BASE | PARTS | {"export"},
    "terminal": BASE | {"client", "terminal"},
    "programs": BASE | {"wires", "client", "programs"},
    "verify": BASE | {"store", "wires", "client", "verify"},
    "cli": BASE | PARTS | {"net", "server", "client", "terminal", "export", "programs", "verify", "cli"},
    "__main__": {"cli"},
    "__init__": {"client", "errors", "protocol", "version"},
}

PURE = {"chat", "wires", "protocol", "dialect", "export"}
# What the pure parts must do without: they get the time, the bytes and the disk's answers from outside.
IMPURE = {
    "asyncio", "logging", "multiprocessing", "os", "queue", "select", "selectors", "signal", "socket", "sqlite3",
    "ssl", "subprocess", "threading", "time",
}  # fmt: skip

MAPS = {"clients", "clients_to_rooms", "rooms_to_clients"}
CHANGES = {"pop", "popitem", "clear", "update", "setdefault", "__setitem__", "__delitem__"}


def module_name(path: Path) -> str:
    parts = ("roomchat", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def imports(path: Path) -> frozenset[str]:
    """Full names of all modules that a file imports, wherever in it, for type checking too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else str(node.module))
    return frozenset(found)


def part_of(module: str) -> str:
    """``roomchat.net.loop`` is in ``net``."""
    return module.split(".")[1] if "." in module else "__init__"


def test_the_rules_know_every_part():
    """Each module belongs to a part that has a rule."""
    assert {part_of(module) for module in MODULES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module):
    """No module imports from a part above its own, or from a sibling."""
    ours = {name for name in imports(MODULES[module]) if name.startswith("roomchat.")}
    wrong = {name for name in ours if part_of(name) not in MAY_IMPORT[part_of(module)]}
    assert not wrong


# The floors of the terminal, from the ground up; "" is what stands in it directly.
FLOORS = ["shown", "device", "typed", "windows", "editing", "", "screen"]


def floor_of(module: str) -> int:
    """Of a module of the terminal."""
    parts = module.split(".")
    return FLOORS.index(parts[2] if len(parts) > 3 or parts[-1] in FLOORS else "")


@pytest.mark.parametrize("module", [name for name in MODULES if part_of(name) == "terminal"])
def test_no_floor_of_the_terminal_needs_one_above_it(module):
    """The model knows no pane, and what is shown knows no window."""
    ours = [name for name in imports(MODULES[module]) if part_of(name) == "terminal" and name in MODULES]
    assert all(floor_of(name) <= floor_of(module) for name in ours)


@pytest.mark.parametrize("module", [name for name in MODULES if part_of(name) in PURE])
def test_the_pure_parts_are_pure(module):
    """What a chat is, and how it looks as bytes or on a page, needs no socket, thread, clock or disk."""
    assert not {name.split(".")[0] for name in imports(MODULES[module])} & IMPURE


def test_there_is_no_import_cycle():
    """No module needs itself, over whatever way."""
    graph = {module: imports(path) & set(MODULES) for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def changes_of_the_maps(source: str) -> list[str]:
    """Statements that assign to one of the three maps, to an entry of it or of one within it, or that change these
    by a method."""

    def reaches_a_map(node: ast.expr) -> bool:
        while isinstance(node, ast.Subscript | ast.Call | ast.Attribute):
            if isinstance(node, ast.Attribute) and node.attr in MAPS:
                return True
            node = node.func if isinstance(node, ast.Call) else node.value
        return False

    def is_changed(target: ast.expr) -> bool:
        if isinstance(target, ast.Tuple | ast.List):
            return any(map(is_changed, target.elts))
        if isinstance(target, ast.Subscript):
            return reaches_a_map(target)
        return isinstance(target, ast.Attribute) and target.attr in MAPS

    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                wrong = any(map(is_changed, targets))
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                wrong = is_changed(target)
            case ast.Call(func=ast.Attribute(attr=attr, value=value)):
                wrong = attr in CHANGES and reaches_a_map(value)
            case _:
                wrong = False
        if wrong:
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "registry.clients = {}",
        "registry.clients[1] = x",
        "batch.registry.rooms_to_clients['den'][1] = x",
        "del registry.clients_to_rooms[1]",
        "registry.clients_to_rooms[1].pop('den')",
        "registry.clients_to_rooms.setdefault(1, {})['den'] = room",
        "a, registry.clients[1] = 1, 2",
        "registry.clients |= {}",
    ],
)
def test_a_change_of_a_map_is_found(statement):
    """The search below finds the ways to change a map."""
    assert changes_of_the_maps(statement)


def test_only_the_registry_changes_the_maps():
    """No file but registry.py assigns to the three maps or changes what is in them."""
    found = {module: changes_of_the_maps(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}
    assert found.pop("roomchat.chat.registry")
    assert not {module: changes for module, changes in found.items() if changes}


def test_files_are_short():
    """So that each holds one thing: the page's, too."""
    long = {
        str(path.relative_to(PACKAGE)): lines
        for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LONGEST
    }
    assert not long
