"""Imports run one way, downwards; the clock has one place; nothing is called utils."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = ("engine", "replay", "benchmarks")
FILES = sorted(path for top in TOP for path in (ROOT / top).rglob("*.py"))

# Each layer may import those above it in this list, and itself; the layers of one line nothing
# of each other. A module that no layer holds is an entry point or its helper: above the backends,
# below the replay.
LAYERS = (
    (
        "engine.errors",
        "engine.clock",
        "engine.interrupts",
        "engine.words",
        "engine.process",
        "engine.compiled",
        "engine.versions",
    ),
    (
        "engine.arguments",
        "engine.aside",
        "engine.command",
        "engine.marks",
        "engine.memory",
        "engine.parts",
        "engine.progress",
        "engine.sink",
        "engine.workers",
    ),
    ("engine.definition",),
    ("engine.catalog", "engine.events"),
    ("engine.backends", "engine.model"),
    ("engine.report",),
    ("engine",),
    ("replay",),
    ("benchmarks",),
)
# What is held closer than by its layer: the only modules of ours that it may import.
ONLY = {
    "engine.errors": set[str](),
    "engine.clock": set[str](),
    "engine.interrupts": set[str](),
    "engine.arguments": {"engine.errors", "engine.process"},
    "engine.aside": {"engine.interrupts"},
    "engine.command": {"engine.errors", "engine.interrupts"},
    "engine.marks": {"engine.errors"},
    "engine.memory": {"engine.errors"},
    "engine.parts": set[str](),
    "engine.progress": {"engine.clock", "engine.interrupts", "engine.words"},
    "engine.words": set[str](),
    "engine.process": set[str](),
    "engine.ahead": {"engine.interrupts"},
    "engine.compiled": set[str](),
    "engine.versions": set[str](),
    "engine.sink": {"engine.errors", "engine.interrupts"},
    "engine.workers": {"engine.interrupts"},
    "engine.definition": {"engine.definition", "engine.errors"},
    # A set of somebody's own is a file that is run, which can be interrupted.
    "engine.catalog": {
        "engine.catalog",
        "engine.definition",
        "engine.errors",
        "engine.interrupts",
        "engine.words",
    },
}
ORACLE = "engine.backends.reference"
# What an oracle may share with those whom it judges: the language, not how it is rewritten.
ORACLE_MAY_IMPORT = {
    ORACLE,
    "engine.definition.nodes",
    "engine.definition.schema",
    "engine.definition.types",
    "engine.definition.infer",
    "engine.definition.needs",
    "engine.definition.aggregates",
    "engine.definition.functions",
    "engine.events.canonical",
}
CLOCK = ROOT / "engine" / "clock.py"
TAKES_TIME = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def layer_of(module: str) -> tuple[int, str]:
    """The layer that holds a module, and its place; of several the most exact."""
    held = [
        (len(name), place, name)
        for place, names in enumerate(LAYERS)
        for name in names
        if within(module, {name})
    ]
    _, place, name = max(held)
    return place, name


def imports_of(path: Path) -> Iterator[str]:
    """What a file imports, at its top, inside its functions and for its types alone."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(str(module), names, 0):
                # A name may be a module of the package or something in it.
                for alias in names:
                    inside = ROOT.joinpath(*module.split("."), alias.name)
                    is_module = inside.with_suffix(".py").exists() or inside.is_dir()
                    yield f"{module}.{alias.name}" if is_module else module
            case ast.ImportFrom():
                pytest.fail(f"{module_of(path)} imports relatively; name the package")
            case _:
                pass


def ours(path: Path) -> list[str]:
    return [name for name in imports_of(path) if name.split(".")[0] in TOP]


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_run_downwards(path: Path) -> None:
    place, name = layer_of(module_of(path))
    for imported in ours(path):
        other_place, other = layer_of(imported)
        assert other_place < place or other == name, f"{module_of(path)} imports {imported}"
        for package, allowed in ONLY.items():
            if within(module_of(path), {package}):
                assert within(imported, allowed), f"{module_of(path)} imports {imported}"


def test_the_definition_imports_no_engine() -> None:
    for path in FILES:
        if within(module_of(path), {"engine.definition", "engine.catalog", "engine.errors"}):
            roots = {name.split(".")[0] for name in imports_of(path)}
            assert roots <= {"engine"} | sys.stdlib_module_names, module_of(path)


def test_the_oracle_shares_no_code_with_whom_it_judges() -> None:
    for path in FILES:
        if within(module_of(path), {ORACLE}):
            for imported in ours(path):
                assert within(imported, ORACLE_MAY_IMPORT), f"{module_of(path)} imports {imported}"
        elif within(module_of(path), {"engine.backends"}):
            assert not any(within(imported, {ORACLE}) for imported in ours(path)), module_of(path)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_time_is_passed_in(path: Path) -> None:
    if path == CLOCK:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Attribute(ast.Name(owner) | ast.Attribute(attr=owner), attribute):
                assert (owner, attribute) not in TAKES_TIME, f"{path}:{node.lineno}"
            case ast.ImportFrom("time", names):
                taken = {("time", alias.name) for alias in names}
                assert not taken & TAKES_TIME, f"{path}:{node.lineno}"
            case _:
                pass


def test_nothing_is_called_utils() -> None:
    assert not [path for path in FILES if {"utils", "util"} & {*path.parts, path.stem}]
