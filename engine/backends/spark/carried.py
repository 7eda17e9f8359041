"""What slices of time need of the rows before all they see: of each key, the last one."""

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from engine.backends.polars.frame import Frame
from engine.backends.polars.plan import Plan
from engine.backends.polars.scalars import Scalars
from engine.backends.spark.cut import Stage, is_of, key_hashes
from engine.backends.spark.rows import PLACE, in_order, to_bytes
from engine.definition.nodes import Aggregate, Expression

_SLICE = "|slice"  # the partition of the slice that a row is in

Spec = tuple[tuple[str, ...], Expression | None]  # a key and a condition


class Carrying:
    """Finds the last row of each key in each slice, of the stages that ask for it.

    Parameters
    ----------
    stages
        All stages.
    """

    def __init__(self, stages: Iterable[Stage]) -> None:
        self._stages = [
            (number, stage, specs)
            for number, stage in enumerate(stages)
            if stage.is_sliced and (specs := _specs(stage.plan))
        ]
        self._last: dict[tuple[int, int], pl.DataFrame] = {}

    def __bool__(self) -> bool:
        return bool(self._stages)

    def add(self, rows: pl.DataFrame) -> None:
        """Take in some rows of the log, in any order."""
        for number, stage, specs in self._stages:
            sliced = _in_slices(stage, rows)
            if not len(sliced):
                continue
            for place, (key, where) in enumerate(specs):
                seen = sliced.drop_nulls(list(key)) if key else sliced
                if where is not None:
                    seen = seen.filter(pl.Series(_true(stage.plan, where, seen)))
                self._note(number, place, stage, key, seen)

    def parts(self) -> Iterator[tuple[int, int, pl.DataFrame]]:
        """What was found, to be put together with what others found."""
        for (number, place), rows in self._last.items():
            yield number, place, rows

    def join(self, number: int, place: int, rows: pl.DataFrame) -> None:
        """Take in what another has found."""
        stage, specs = next((each, found) for at, each, found in self._stages if at == number)
        self._note(number, place, stage, specs[place][0], rows)

    def carried(self, number: int) -> dict[int, bytes]:
        """By partition, the rows that a stage's slices are to be given."""
        if all(stage != number for stage, _ in self._last):
            return {}
        stage, specs = next((each, specs) for at, each, specs in self._stages if at == number)
        result = {}
        for hot in stage.hot:
            for partition in range(hot.first + 1, hot.first + len(hot.cuts) + 1):
                before = pl.col(_SLICE).is_between(hot.first, partition - 1)
                last = [
                    _last_of(rows.filter(before), list(specs[place][0]), stage)
                    for (of_stage, place), rows in self._last.items()
                    if of_stage == number
                ]
                rows = pl.concat(last).unique(PLACE)
                # What is within reach comes as what is past does.
                since = hot.cuts[partition - hot.first - 1] - stage.reach
                rows = rows.filter(pl.col(stage.plan.schema.event_time) < since)
                if len(rows):
                    result[partition] = to_bytes(rows.drop(_SLICE))
        return result

    def _note(
        self, number: int, place: int, stage: Stage, key: tuple[str, ...], rows: pl.DataFrame
    ) -> None:
        known = self._last.get((number, place))
        both = rows if known is None else pl.concat([known, rows])
        self._last[number, place] = _last_of(both, [_SLICE, *key], stage)


def _specs(plan: Plan) -> list[Spec]:
    return list(
        dict.fromkeys(
            (aggregate.key, aggregate.where)
            for aggregate in plan.aggregates
            if _sees_for_ever(aggregate)
        )
    )


def _sees_for_ever(aggregate: Aggregate) -> bool:
    return aggregate.window.length is None


def _last_of(rows: pl.DataFrame, key: list[str], stage: Stage) -> pl.DataFrame:
    ordered = in_order([rows], stage.plan.schema.event_time)
    if not key:
        return ordered.tail(1)
    return ordered.unique(key, keep="last", maintain_order=True)


def _in_slices(stage: Stage, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of keys that are sliced, and in which slice they are."""
    times = rows[stage.plan.schema.event_time].to_numpy()
    hashes = key_hashes(rows, stage.base)
    slices = np.full(len(rows), -1, dtype=np.int64)
    for hot in stage.hot:
        if hot.cuts:
            number = np.searchsorted(np.array(hot.cuts, dtype=np.int64), times, side="right")
            slices = np.where(is_of(hot, hashes), hot.first + number, slices)
    own = rows.select(PLACE, *stage.plan.history).with_columns(pl.Series(_SLICE, slices))
    return own.filter(pl.col(_SLICE) >= 0)


def _true(
    plan: Plan, where: Expression, rows: pl.DataFrame
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return Frame(plan, Scalars(plan), rows.clear(), rows).condition(where, 0)
