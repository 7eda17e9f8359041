"""What a feature set asks of running windows, and the lanes that answer it."""

from collections.abc import Container
from collections.abc import Set as AbstractSet
from typing import Final

from engine.backends.polars.lanes import (
    CountLane,
    DistinctLane,
    ExtremeLane,
    Lane,
    LatestLane,
    Look,
    PowerLane,
)
from engine.backends.polars.plan import Plan
from engine.definition.needs import aggregates_in
from engine.definition.nodes import Aggregate
from engine.definition.types import FLOAT

POWERS: Final = "powers"  # count, sum and sum_of_squares in one
_SUMS: Final = frozenset({"sum", "sum_of_squares"})

Asked = tuple[Look, str]  # and the kind of lane that answers


def lanes_of(plan: Plan) -> dict[Asked, Lane]:
    """A lane for whatever is asked about a look: count, powers, n_unique, min, max or last."""
    names: dict[Look, dict[str, None]] = {}
    for node in plan.running:
        for aggregate in aggregates_in(node):
            names.setdefault(_look_of(plan, aggregate), {})[aggregate.name] = None
    return {
        (look, kind): _lane(plan, look, kind, asked.keys())
        for look, asked in names.items()
        for kind in dict.fromkeys(_kind(name, asked.keys()) for name in asked)
    }


def asked_by(plan: Plan, aggregate: Aggregate, lanes: Container[Asked]) -> Asked:
    """Which of the lanes answers an aggregate."""
    look = _look_of(plan, aggregate)
    return (look, aggregate.name) if (look, aggregate.name) in lanes else (look, POWERS)


def _look_of(plan: Plan, aggregate: Aggregate) -> Look:
    return Look(aggregate.key, plan.span(aggregate.window), aggregate.where, aggregate.argument)


def _kind(name: str, asked: AbstractSet[str]) -> str:
    """The kind of lane that answers an aggregate, where others are asked for too."""
    if name in _SUMS or (name == "count" and asked & _SUMS):
        return POWERS
    return name


def _lane(plan: Plan, look: Look, kind: str, asked: AbstractSet[str]) -> Lane:
    match kind:
        case "count":
            return CountLane()
        case "n_unique":
            return DistinctLane()
        case "powers":
            return PowerLane(squares="sum_of_squares" in asked)
        case "last":
            is_float = look.argument is not None and plan.type_of(look.argument) == FLOAT
            return LatestLane(look.span, is_float=is_float)
        case "min" | "max":
            return ExtremeLane(look.span, largest=kind == "max")
        case _:
            raise AssertionError(f"the plan lets only some aggregates run (was {kind})")
