"""A log in time order, a chunk at a time.

One thread reads and keeps the halo; workers compute; results leave in order. Over windows of up to
a day a chunk is independent of others once its halo is at hand. Over longer ones it goes on where
the chunk before it ended, aggregate by aggregate, so that it waits for little of that. What is in
memory is a few chunks, what windows still see of the events within their reach, and a few numbers
or the last row of each key.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import polars as pl

from engine.backends.polars.codes import CodeBook, all_codes
from engine.backends.polars.evaluate import over_halo
from engine.backends.polars.past import Past
from engine.backends.polars.plan import Plan
from engine.backends.polars.running import Running
from engine.backends.polars.scalars import Scalars
from engine.backends.polars.turns import Turns
from engine.definition.types import TEXT
from engine.interrupts import put_off
from engine.workers import Asked, workers

# A chunk's halo is computed again with it: small chunks are in cache, larger ones spare halo.
CHUNK_ROWS: Final = 98_304
MOST_CHUNK_ROWS: Final = 1_048_576
_LEAST_OF_HALO: Final = 0.75

Batch = pl.DataFrame


def stream_features(
    plan: Plan,
    batches: Iterable[Batch],
    *,
    threads: int,
    passed: tuple[str, ...] = (),
    chunk_rows: int = CHUNK_ROWS,
    most_rows: int = MOST_CHUNK_ROWS,
) -> Iterator[pl.DataFrame]:
    """Features of a log that is in time order.

    Parameters
    ----------
    plan
        The compiled feature set.
    batches
        Canonical frames in the order of events, of any size.
    threads
        How many chunks are computed at a time. No value depends on it.
    passed
        Columns of the batches that are put before the features.
    chunk_rows, most_rows
        A chunk has at least the first number of rows, and where its halo is large about as many as
        that, up to the second. No value depends on them.

    Yields
    ------
    polars.DataFrame
        ``passed``, then the features; the rows of the log in order.
    """
    scalars = Scalars(plan)
    program = scalars.features  # compiled before there are threads

    def finish(chunk: pl.DataFrame, windowed: list[pl.Series]) -> pl.DataFrame:
        return program.run(chunk.hstack(windowed))

    return _stream(plan, scalars, batches, finish, threads, passed, chunk_rows, most_rows)


def stream_windowed(
    plan: Plan, batches: Iterable[Batch], *, names: tuple[str, ...], passed: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    """The windowed expressions of a plan for a log that is in time order, on one thread.

    Parameters
    ----------
    plan, batches, passed
        As for ``stream_features``.
    names
        What to call the windowed expressions, in the plan's order.

    Yields
    ------
    polars.DataFrame
        ``passed``, then the windowed expressions as they are held: money in minor units, text as
        Categorical.
    """
    scalars = Scalars(plan)
    called = {scalars.name_of(node): name for node, name in zip(plan.windowed, names, strict=True)}

    def finish(_: pl.DataFrame, windowed: list[pl.Series]) -> pl.DataFrame:
        found = {called[series.name]: series for series in windowed}
        return pl.DataFrame([found[name].alias(name) for name in names])

    return _stream(plan, scalars, batches, finish, 1, passed, CHUNK_ROWS, MOST_CHUNK_ROWS)


def _stream(
    plan: Plan,
    scalars: Scalars,
    batches: Iterable[Batch],
    finish: Callable[[pl.DataFrame, list[pl.Series]], pl.DataFrame],
    threads: int,
    passed: tuple[str, ...],
    chunk_rows: int,
    most_rows: int,
) -> Iterator[pl.DataFrame]:
    past = Past(plan, scalars)
    turns = Turns()
    running = Running(plan, scalars, turns)
    books = _code_books(plan)

    def wanted(first: pl.DataFrame) -> int:
        halo = past.halo_rows(first)
        return min(max(chunk_rows, int(_LEAST_OF_HALO * halo)), most_rows)

    def compute(number: int, before: pl.DataFrame, chunk: pl.DataFrame) -> pl.DataFrame:
        try:
            columns = [*running.columns(chunk, number), *over_halo(plan, scalars, before, chunk)]
            found = finish(chunk, columns)
        except BaseException:
            turns.abandon(number)
            raise
        return pl.DataFrame([*(chunk[name] for name in passed), *found])

    with workers(threads, "features") as side_by_side:
        waiting: deque[Asked[pl.DataFrame]] = deque()
        try:
            chunks = _chunks(batches, wanted, whole=not plan.is_chunkable)
            for number, chunk in enumerate(chunks):
                coded = pl.DataFrame([*prepared_columns(plan, chunk), *all_codes(books, chunk)])
                before = past.before(coded)
                past.append(coded)
                waiting.append(side_by_side.ask(compute, number, before, coded))
                while len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            with put_off():
                turns.abandon()


def prepared_columns(plan: Plan, chunk: Batch) -> list[pl.Series]:
    """A chunk's columns as expressions take them: texts with codes, and a label's time."""
    # polars holds a column of one value as a scalar, and calculates with it as with a constant; as
    # a Series it is a column like any other.
    columns = {series.name: series for series in chunk.get_columns()}
    for added in (_label_time(plan, chunk), _categorical(plan, chunk)):
        columns |= {series.name: series for series in added}
    return list(columns.values())


def _label_time(plan: Plan, chunk: Batch) -> list[pl.Series]:
    """The label's time, unknown throughout, where it is needed and the log does not carry it."""
    name = plan.schema.label_time
    if name is None or name not in plan.columns or name in chunk.columns:
        return []
    return [pl.Series(name, [None], dtype=pl.Int64).new_from_index(0, len(chunk))]


def _categorical(plan: Plan, chunk: Batch) -> list[pl.Series]:
    """The text columns that are not categorical yet, so that each text has a code."""
    return [
        chunk[name].cast(pl.Categorical)
        for name, dtype in chunk.schema.items()
        if name in plan.columns
        and plan.schema.by_name[name].type == TEXT
        and dtype != pl.Categorical
    ]


def _code_books(plan: Plan) -> dict[str, CodeBook]:
    books = {}
    for name in plan.key_columns:
        type_ = plan.schema.by_name[name].type
        if type_ != TEXT:
            books[name] = CodeBook()
    return books


def _chunks(
    batches: Iterable[Batch], wanted: Callable[[Batch], int], *, whole: bool
) -> Iterator[pl.DataFrame]:
    """Batches gathered into chunks of the wanted size, or into one."""
    parts: list[Batch] = []
    rows = 0
    for batch in batches:
        if len(batch) == 0:
            continue
        parts.append(batch)
        rows += len(batch)
        if not whole and rows >= wanted(parts[0]):
            yield pl.concat(parts) if len(parts) > 1 else parts[0]
            parts, rows = [], 0
    if parts:
        yield pl.concat(parts) if len(parts) > 1 else parts[0]
