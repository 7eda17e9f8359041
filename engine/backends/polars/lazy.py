"""Features as a LazyFrame over a LazyFrame: for notebooks."""

from collections.abc import Iterator

import polars as pl
from polars.io.plugins import register_io_source

from engine.backends.polars.chunks import stream_features
from engine.backends.polars.entry import compute
from engine.backends.polars.plan import compile_features
from engine.definition.nodes import FeatureSet
from engine.errors import InputError
from engine.events.canonical import event_schema, feature_schema, identity_columns
from engine.events.normalise import normalise
from engine.events.order import OrderWatch
from engine.process import processors

_BATCH_ROWS = 131_072


def features_of(log: pl.LazyFrame | pl.DataFrame, features: FeatureSet) -> pl.LazyFrame:
    """A feature set over a log.

    Parameters
    ----------
    log
        Transactions, a row each, in the order of arrival: a scanned file, or any query. Columns
        are those of the feature set's schema; others are ignored, and so are missing ones that are
        not required. Every row is taken as an event of its own: drop repeated event ids first.
    features
        What to compute.

    Returns
    -------
    polars.LazyFrame
        ``event_id``, cards, event_time, the label if the log has it, then the features in declared
        order, a row for each row of the log in the same order. Nothing is read before it is
        collected or sunk. A log in time order is computed chunk by chunk, in memory that does not
        grow with it; any other is collected first.

    Raises
    ------
    InputError
        If a required column is missing; when it is collected, if a row cannot be read.

    Examples
    --------
    >>> features = features_of(pl.scan_parquet("log.parquet"), notebook)  # doctest: +SKIP
    """
    lazy = log.lazy()
    names = lazy.collect_schema().names()
    passed = identity_columns(features.schema, names)
    _refuse_missing(names, features, (*passed[1:], *compile_features(features).columns))
    schema = pl.Schema(event_schema(features.schema, passed[1:]) | feature_schema(features))

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        left = rows
        for frame in _frames(lazy, features, passed):
            part = frame if left is None else frame.head(left)
            if left is not None:
                left -= len(part)
            wanted = part if predicate is None else part.filter(predicate)
            yield wanted if columns is None else wanted.select(columns)
            if left == 0:
                return

    return register_io_source(source, schema=schema)


def _frames(
    lazy: pl.LazyFrame, features: FeatureSet, passed: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    plan = compile_features(features)
    columns = tuple(dict.fromkeys((*passed[1:], *plan.columns)))
    if _in_order(lazy, features):
        batches = _canonical(lazy, features, columns)
        yield from stream_features(plan, batches, threads=processors(), passed=passed)
        return
    events = pl.concat(_canonical(lazy, features, columns))
    yield pl.DataFrame([*events.select(passed), *compute(features, events)])


def _in_order(lazy: pl.LazyFrame, features: FeatureSet) -> bool:
    watch = OrderWatch()
    time = features.schema.event_time
    return all(watch.observe(events[time]) == 0 for events in _canonical(lazy, features, (time,)))


def _canonical(
    lazy: pl.LazyFrame, features: FeatureSet, columns: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    schema = features.schema
    names = lazy.collect_schema().names()
    used = [*_ids(lazy, features), *(name for name in columns if name in names)]
    row = 0
    for raw in lazy.select(list(dict.fromkeys(used))).collect_batches(
        chunk_size=_BATCH_ROWS, maintain_order=True
    ):
        normal = normalise(raw, schema, columns)
        if len(normal.bad):
            first = normal.bad.row(0, named=True)
            raise InputError(
                f"row {row + first['row']:,} of the log: {first['kind']} (was {first['was']})",
                hint="filter such rows out, or use engine.build, which puts them into quarantine",
            )
        row += len(raw)
        yield normal.events


def _refuse_missing(names: list[str], features: FeatureSet, columns: tuple[str, ...]) -> None:
    schema = features.schema
    there = f"it has {', '.join(names)}"
    if not any(name in names for name in schema.event_ids):
        raise InputError(
            f"no column identifies an event (was none of {', '.join(schema.event_ids)}); {there}",
            hint=f"rename the column that does to {schema.event_ids[0]!r}",
        )
    needed = (name for name in dict.fromkeys(columns) if schema.by_name[name].required)
    missing = [name for name in needed if name not in names]
    if missing:
        raise InputError(
            f"the log lacks required columns (was {', '.join(missing)}); {there}",
            hint="rename the columns that hold them",
        )


def _ids(lazy: pl.LazyFrame, features: FeatureSet) -> list[str]:
    names = lazy.collect_schema().names()
    return [name for name in features.schema.event_ids if name in names]
