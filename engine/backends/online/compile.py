"""From a feature set to the source of its online functions, and to the functions themselves."""

import linecache
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from operator import itemgetter
from struct import error
from typing import Any, Final

from engine.backends.online import formulas, windows
from engine.backends.online.keys import KeySource
from engine.backends.online.labels import NEVER, label_at
from engine.backends.online.lanes import Layout, lay_out
from engine.backends.online.late import late_functions
from engine.backends.online.observe import observe_functions
from engine.backends.online.partials import TIME
from engine.backends.online.record_loops import step, take_back
from engine.backends.online.rows import columns_of_row
from engine.backends.online.texts import texts
from engine.compiled import INT, for_types
from engine.definition.fingerprint import fingerprint
from engine.definition.nodes import FeatureSet

Event = Mapping[str, Any]
Row = tuple[Any, ...]
Scalar = bool | int | float | str | None
Features = tuple[Scalar, ...]

_NAMESPACE: Final[dict[str, Any]] = {
    **{name: getattr(formulas, name) for name in formulas.NAMES},
    **{name: getattr(windows, name) for name in windows.NAMES},
    "NEVER": NEVER,
    "TIME": itemgetter(TIME),
    "array": array,
    "bisect_left": bisect_left,
    "bisect_right": bisect_right,
    "error": error,
    "label_at": label_at,
    "log": log,
    "sqrt": sqrt,
    "step": for_types(step, (INT, INT)),
    "take_back": take_back,
    "texts": texts,
}


@dataclass(frozen=True, slots=True)
class KeyProgram:
    """What there is for one key; ``keys.py`` and ``late.py`` say what the functions do."""

    source: KeySource
    new: Callable[[], Any]
    trim: Callable[..., bool]
    settle: Callable[..., None]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the key."""
        return self.source.key

    @property
    def reach(self) -> int:
        """How many ticks back a window sees that has an end there."""
        return self.source.reach


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled feature set.

    Parameters
    ----------
    layout
        What it remembers.
    source
        The generated source.
    columns
        What a row holds.
    keys
        What there is for each key.
    hourly
        ``hourly(t)``: what the other functions use of an instant that depends on its hour alone.
    observe, read, alone
        ``observe(o, row)``: the features of a row, None if the event was there before;
        ``read(o, row)``: the same of an event that does not become history; ``alone(o, row)``: of
        one that does not, and has none.
    """

    layout: Layout
    source: str
    columns: tuple[str, ...]
    keys: tuple[KeyProgram, ...]
    hourly: Callable[[int], tuple[Any, ...]]
    observe: Callable[[Any, Row], Features | None]
    read: Callable[[Any, Row], Features]
    alone: Callable[[Any, Row], Features]


@lru_cache(maxsize=64)
def compile_online(features: FeatureSet) -> Program:
    """Compile a verified feature set.

    Raises
    ------
    DefinitionError
        If an aggregate's declared algebra does not allow how this backend keeps it up to date.
    """
    layout = lay_out(features)
    keys = [KeySource(layout, number, key) for number, key in enumerate(layout.keys)]
    lines = [line for key in keys for line in (*key.lines(), *late_functions(key))]
    source = "\n".join([*lines, *observe_functions(layout, keys)]) + "\n"
    file = f"<online {features.name} {fingerprint(features)[:12]}>"
    ways_in = (key.records.functions() for key in keys if key.records)
    spoken = {name: each for functions in ways_in for name, each in functions.items()}
    namespace = {**_NAMESPACE, **spoken, "__name__": file}
    # The source is made of names that the verifier has let pass and of reprs, never of data.
    exec(compile(source, file, "exec"), namespace)  # noqa: S102 - see above
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    programs = tuple(
        KeyProgram(key, *(namespace[f"{name}{k}"] for name in ("State", "trim", "settle")))
        for k, key in enumerate(keys)
    )
    ways = (namespace[name] for name in ("hourly", "observe", "read", "alone"))
    return Program(layout, source, columns_of_row(layout), programs, *ways)
