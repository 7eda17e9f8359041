"""From a feature set to the source of its online functions, and to the functions themselves."""

import linecache
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from operator import itemgetter
from typing import Any, Final

from engine.backends.online.keys import KeySource, of_event
from engine.backends.online.lanes import Layout, lay_out
from engine.backends.online.scalars import NAMESPACE, Block, Value, as_feature
from engine.backends.online.source import function
from engine.definition.aggregates import AGGREGATES
from engine.definition.fingerprint import fingerprint
from engine.definition.nodes import Aggregate, Expression, FeatureSet

Event = Mapping[str, Any]
Scalar = bool | int | float | str | None

NEVER: Final = -(2**80)  # before any instant, by more than any window reaches


@dataclass(frozen=True, slots=True)
class KeyProgram:
    """The functions of one key; ``keys.py`` says what each does."""

    columns: tuple[str, ...]
    reach: int
    has_ever: bool
    new: Callable[[], Any]
    advance: Callable[..., None]
    add: Callable[..., None]
    trim: Callable[..., bool]
    rewind: Callable[..., list[Any]]
    replay: Callable[..., None]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled feature set.

    Parameters
    ----------
    layout
        What it remembers.
    source
        The generated source.
    keys
        The functions of each key.
    score
        ``score(e, t, s0, s1, …)``: the features of event ``e`` at ``t``, of the keys' states.
    """

    layout: Layout
    source: str
    keys: tuple[KeyProgram, ...]
    score: Callable[..., tuple[Scalar, ...]]


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
    lines = [line for key in keys for line in key.lines()]
    source = "\n".join([*lines, *_score(layout, keys)]) + "\n"
    file = f"<online {features.name} {fingerprint(features)[:12]}>"
    namespace: dict[str, Any] = {
        **NAMESPACE,
        "NEVER": NEVER,
        "TIME": itemgetter(0),
        "bisect_right": bisect_right,
        "log": log,
        "sqrt": sqrt,
        "__name__": file,
    }
    # The source is made of names that the verifier has let pass and of reprs, never of data.
    exec(compile(source, file, "exec"), namespace)  # noqa: S102 - see above
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    programs = tuple(
        KeyProgram(
            key.key,
            key.reach,
            key.has_ever,
            namespace[f"State{k}"],
            *(namespace[f"{name}{k}"] for name in ("advance", "add", "trim", "rewind", "replay")),
        )
        for k, key in enumerate(keys)
    )
    return Program(layout, source, programs, namespace["score"])


def _score(layout: Layout, keys: list[KeySource]) -> list[str]:
    reads = {
        aggregate: read.replace("s.", f"s{key.number}.")
        for key in keys
        for aggregate, read in key.reads.items()
    }

    def known(block: Block, expression: Expression) -> Value | None:
        if isinstance(expression, Aggregate):
            nullable = AGGREGATES[expression.name].empty is None
            return block.assign(reads[expression], nullable)
        return of_event(block, expression)

    block = Block(layout.features.schema, layout.type_of, known)
    outputs = [as_feature(block, expression).source for expression in layout.expressions]
    states = "".join(f", s{key.number}" for key in keys)
    return function("score", f"e, t{states}", [*block.lines, f"return ({', '.join(outputs)},)"])
