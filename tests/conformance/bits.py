"""Equality to the last bit, and a message that shows why there is none."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from conformance.logs import single
from engine.backends import Backend
from engine.definition import Feature, FeatureSet, Schema
from engine.definition.needs import aggregates_in, columns_in
from engine.definition.nodes import Expression


def assert_same_bits(
    got: pl.DataFrame, expected: pl.DataFrame, features: FeatureSet, events: pl.DataFrame
) -> None:
    """Equal names, dtypes, rows and values: null = null, NaN = NaN, else equal bits."""
    assert got.schema == expected.schema, _schema_difference(got, expected)
    assert got.height == expected.height == events.height
    if got.equals(expected) and np.array_equal(_bits(got), _bits(expected)):
        return
    for feature in features.features:
        ours, theirs = got[feature.name], expected[feature.name]
        row = first_difference(ours, theirs)
        if row is not None:
            raise AssertionError(
                f"feature {feature.name!r} = {feature.expression}\n"
                f"row {row}: got {_shown(ours[row])}, expected {_shown(theirs[row])}\n"
                f"event: {_event(events, row)}\n"
                + "\n".join(_histories(feature, features.schema, events, row))
            )


def first_difference(got: pl.Series, expected: pl.Series) -> int | None:
    """The first row at which two columns of one dtype differ by a bit; None if they do not."""
    same = got.is_null() == expected.is_null()
    if got.dtype == pl.Float64:
        same &= pl.Series((_bits(got.to_frame()) == _bits(expected.to_frame()))[:, 0])
    else:
        same &= got.eq_missing(expected)
    return None if same.all() else same.arg_min()


def _bits(frame: pl.DataFrame) -> np.ndarray:
    """What the bits of the float columns spell, all NaNs alike and nulls as zeros."""
    columns = frame.select(pl.col(pl.Float64).fill_null(0.0))
    floats = columns.to_numpy(writable=True).astype(np.float64)  # of no columns it knows no dtype
    floats[np.isnan(floats)] = np.nan
    return floats.view(np.uint64)


def _schema_difference(got: pl.DataFrame, expected: pl.DataFrame) -> str:
    ours, theirs = list(got.schema.items()), list(expected.schema.items())
    differing = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
    return f"{len(ours)} columns for {len(theirs)}; (got, expected): {differing}"


def _shown(value: object) -> str:
    return f"{value!r} ({value.hex()})" if isinstance(value, float) else repr(value)


def _event(events: pl.DataFrame, row: int) -> dict[str, object]:
    event = events.row(row, named=True)
    return {name: value for name, value in event.items() if value is not None}


def _histories(feature: Feature, schema: Schema, events: pl.DataFrame, row: int) -> Iterator[str]:
    """For each aggregate of the feature the events that its window shows, ``where`` apart."""
    now = events[schema.event_time][row]
    for aggregate in dict.fromkeys(aggregates_in(feature.expression)):
        delay = aggregate.window.delay * schema.ticks_per_second // 1_000_000
        length = aggregate.window.length
        ago = now - pl.col(schema.event_time)
        shown = [ago >= delay, (ago > 0) | (pl.col("row") < row)]
        if length is not None:
            shown.append(ago <= delay + length * schema.ticks_per_second // 1_000_000)
        shown += [pl.col(name) == events[name][row] for name in aggregate.key]
        history = events.with_row_index("row").filter(shown).sort(schema.event_time, "row")
        names = dict.fromkeys(("row", schema.event_time, *columns_in(aggregate)))
        with pl.Config(tbl_rows=50, tbl_cols=-1, tbl_width_chars=200):
            yield f"{aggregate} saw {history.select(*names)}"


def assert_values(
    backend: Backend, expression: Expression, events: pl.DataFrame, expected: list[object]
) -> None:
    """That a feature over the tests' schema has these values, written out by hand."""
    got = backend.compute(single(expression), events)["x"].to_list()
    # The repr of a float tells its bits (but for those of a NaN), and 1 from 1.0 and from True.
    assert list(map(repr, got)) == list(map(repr, expected))
