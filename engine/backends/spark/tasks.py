"""What Spark's tasks do: read, compute a stage, put in order. Each takes and gives parcels.

They are objects rather than closures: what a task is made of is listed, and pickled by name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import polars as pl

from engine.backends.polars.chunks import prepared_columns, stream_windowed
from engine.backends.polars.codes import hold_text_codes
from engine.backends.polars.plan import Plan
from engine.backends.polars.scalars import Scalars
from engine.backends.spark.cut import Stage, is_of, key_hashes, seen_since
from engine.backends.spark.rows import (
    CORE,
    PAST,
    PLACE,
    Parcel,
    dealt,
    in_order,
    of_bytes,
    packed,
    unpacked,
)

CHUNK_ROWS: Final = 131_072
_NOWHERE: Final = -1


class Piece(Protocol):
    """A part of a log, which some task reads."""

    def frames(self) -> Iterator[pl.DataFrame]:
        """Its canonical frames with ``PLACE``, in the order of arrival."""
        ...


class Route(Protocol):
    """Where rows go next."""

    def __call__(self, frames: Iterable[pl.DataFrame]) -> Iterator[Parcel]:
        """All that a task gives, by partition."""
        ...


@dataclass(frozen=True, slots=True)
class ToStage:
    """Rows go where the others of their key are, and to the slices that see them."""

    stage: Stage

    def __call__(self, frames: Iterable[pl.DataFrame]) -> Iterator[Parcel]:
        """See ``Route``."""
        for rows in frames:
            yield from self._dealt(rows)

    def _dealt(self, rows: pl.DataFrame) -> Iterator[Parcel]:
        stage = self.stage
        times = rows[stage.plan.schema.event_time].to_numpy()
        hashes = key_hashes(rows, stage.base)
        target = np.zeros(len(rows), dtype=np.int64)
        if stage.spread > 1:
            # A row without a key can be anywhere, and many of them are best spread.
            own = np.where(hashes == 0, rows[PLACE].to_numpy().view(np.uint64), hashes >> 1)
            target = (own % np.uint64(stage.spread)).astype(np.int64)
        for hot in stage.hot:
            ours = is_of(hot, hashes)
            if not ours.any():
                continue
            slices = np.searchsorted(np.array(hot.cuts, dtype=np.int64), times, side="right")
            target = np.where(ours, hot.first + slices, target)
            for number, at in enumerate(hot.cuts, start=1):
                seen = ours & (times < at) & (times >= seen_since(at, stage.reach))
                if seen.any():
                    to = np.where(seen, hot.first + number, _NOWHERE)
                    yield from dealt(rows.select(*stage.plan.history, PLACE), to, PAST)
        yield from dealt(rows, target, CORE)


@dataclass(frozen=True, slots=True)
class ToOne:
    """Rows go to one partition, all of them."""

    def __call__(self, frames: Iterable[pl.DataFrame]) -> Iterator[Parcel]:
        """See ``Route``."""
        return (Parcel(0, CORE, rows) for rows in frames)


@dataclass(frozen=True)
class Finish:
    """Features from an event's columns and what was found over windows.

    Parameters
    ----------
    plan
        The compiled feature set.
    passed
        What stands before the features.
    """

    plan: Plan
    passed: tuple[str, ...]

    @cached_property
    def _scalars(self) -> Scalars:
        return Scalars(self.plan)

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The place, what is passed, the features."""
        columns = pl.DataFrame(prepared_columns(self.plan, rows))
        features = self._scalars.features.run(columns)
        return pl.DataFrame([*(rows[name] for name in (PLACE, *self.passed)), *features])


@dataclass(frozen=True)
class Read:
    """Reads pieces of a log; Spark tells which, by their numbers."""

    pieces: tuple[Piece, ...]
    route: Route
    finish: Finish | None = None

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """See ``packed``."""
        _held = hold_text_codes()
        yield from packed(self.route(self._frames(batches)))

    def _frames(self, batches: Iterable[Any]) -> Iterator[pl.DataFrame]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for frame in self.pieces[number].frames():
                    yield frame if self.finish is None else self.finish(frame)


@dataclass(frozen=True)
class Compute:
    """Computes a stage of the rows that met.

    Parameters
    ----------
    stage
        The stage.
    carried
        By partition, the rows before a slice that are the last of something, as bytes.
    kept
        Which columns of an event, and which that were found before, are needed after this.
    route
        Where they go then.
    finish
        Makes the features of it, after the last stage.
    """

    stage: Stage
    carried: Mapping[int, bytes]
    kept: tuple[str, ...]
    route: Route
    finish: Finish | None = None

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """See ``packed``."""
        _held = hold_text_codes()
        yield from packed(self.route(self._frames(batches)))

    def _frames(self, batches: Iterable[Any]) -> Iterator[pl.DataFrame]:
        parts: dict[int, dict[int, list[pl.DataFrame]]] = {}
        for parcel in unpacked(batches):
            parts.setdefault(parcel.partition, {}).setdefault(parcel.kind, []).append(parcel.frame)
        for partition in sorted(parts):
            yield from self._found(partition, parts.pop(partition))

    def _found(
        self, partition: int, parts: dict[int, list[pl.DataFrame]]
    ) -> Iterator[pl.DataFrame]:
        if CORE not in parts:
            return
        plan = self.stage.plan
        time = plan.schema.event_time
        core = in_order(parts.pop(CORE), time)
        past = parts.pop(PAST, [])
        if partition in self.carried:
            past.append(of_bytes(self.carried[partition]))
        rows, before = core, 0
        if past:
            seen = in_order(past, time)
            rows, before = pl.concat([seen, core], how="diagonal"), len(seen)
        chunks = (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS))
        for found in stream_windowed(plan, chunks, names=self.stage.names, passed=self.kept):
            # The values of what is past are those of a shortened history, and nobody's concern.
            new = found[before:] if before else found
            before = max(0, before - len(found))
            if len(new):
                yield new if self.finish is None else self.finish(new)
