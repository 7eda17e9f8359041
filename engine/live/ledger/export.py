"""A ledger as frames: its decisions as replays record them, or its events as the log they were.

Frames are made of some ten thousands of rows each, so that any ledger fits in memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from engine.decide.folder import PART_ROWS
from engine.decide.records import record_schema
from engine.definition import FeatureSet, fingerprint
from engine.definition.schema import TICKS_PER_SECOND, ColumnSpec, Schema
from engine.definition.types import Kind
from engine.errors import InputError
from engine.events.canonical import event_schema
from engine.live.ledger.reader import Reader
from engine.live.ledger.rows import packed as packed_rows
from engine.live.ledger.rows import unpacked
from engine.model.feature_values import text_columns, values_of_rows

_MICROSECONDS: Final = 1_000_000
_ALWAYS: Final = (-(2**63), 2**63 - 1)
_MOST_DIGITS: Final = 19  # of a whole number of 64 bits

# By place, whatever index there is of arrivals: what lies in a span lies together.
_PART: Final = "sequence > ? AND sequence <= ? AND +arrival_time BETWEEN ? AND ?"
_DECISIONS: Final = f"""\
SELECT
    sequence, arrival_time, event_id, event, features, score, threshold, flagged, reasons, sha256
FROM decisions LEFT JOIN models USING (model) LEFT JOIN reasons USING (sequence)
WHERE {_PART} AND (fallback IS NULL OR ?)
ORDER BY sequence LIMIT ?"""  # noqa: S608 - our own text
# Of the labels of an event the one that came last, and since when it was known without a break:
# who says it again, or confirms it, does not make it known later.
_LOG: Final = f"""\
SELECT
    sequence, decisions.event_id, event, label,
    CASE WHEN label IS NOT NULL THEN (
        SELECT min(same.known_at) FROM labels AS same
        WHERE same.event_id = decisions.event_id AND same.rowid > coalesce((
            SELECT max(other.rowid) FROM labels AS other
            WHERE other.event_id = decisions.event_id AND other.label IS NOT labels.label
        ), 0)
    ) END
FROM decisions LEFT JOIN labels ON labels.rowid = (
    SELECT max(latest.rowid) FROM labels AS latest WHERE latest.event_id = decisions.event_id
)
WHERE {_PART} AND event IS NOT NULL
ORDER BY sequence LIMIT ?"""  # noqa: S608 - our own text
# Both read no more than an index.
_COUNT: Final = """\
SELECT count(*), coalesce(min(sequence), 0), coalesce(max(sequence), -1)
FROM decisions INDEXED BY arrivals WHERE arrival_time BETWEEN ? AND ?"""
_COUNT_FALLBACKS: Final = """\
SELECT count(*), count(*) - count(event)
FROM decisions INDEXED BY fallbacks WHERE fallback IS NOT NULL AND arrival_time BETWEEN ? AND ?"""


@dataclass(frozen=True, slots=True)
class Span:
    """What of a ledger is exported.

    Parameters
    ----------
    since, until
        Of arrival, both included, in seconds since 1970 UTC; None without a bound.
    """

    since: int | None = None
    until: int | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """The earliest and the latest instant, in microseconds."""
        low = _ALWAYS[0] if self.since is None else self.since * _MICROSECONDS
        high = _ALWAYS[1] if self.until is None else (self.until + 1) * _MICROSECONDS - 1
        return low, high


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is in a span.

    Parameters
    ----------
    decisions, fallbacks, unreadable
        How many decisions there are, how many of these are not a model's, and of how many of those
        the event could not be read.
    first, last
        The places of the first and the last of them.
    """

    decisions: int
    fallbacks: int
    unreadable: int
    first: int
    last: int


def extent(reader: Reader, span: Span) -> Extent:
    """How much of a ledger lies in a span now; what comes later is not exported."""
    decisions, first, last = reader.row(_COUNT, span.bounds)
    fallbacks, unreadable = reader.row(_COUNT_FALLBACKS, span.bounds)
    return Extent(decisions, fallbacks, unreadable, first, last)


def decision_frames(
    reader: Reader, features: FeatureSet, span: Span, there: Extent, *, fallbacks: bool = False
) -> Iterator[pl.DataFrame]:
    """The decisions in a span, in order, as ``engine.decide.records`` has them.

    Parameters
    ----------
    reader
        The ledger.
    features
        Its feature set.
    span, there
        What is exported, and how much that is.
    fallbacks
        Whether to have those that are not a model's too, which lack a score.

    Raises
    ------
    InputError
        If the ledger is of other features, or damaged.
    """
    about = reader.about()
    if about["fingerprint"] != fingerprint(features):
        raise InputError(
            f"{reader.path}: recorded with other definitions of {about['feature_set']} than this "
            f"code's (was {about['fingerprint'][:12]}, this code's is "
            f"{fingerprint(features)[:12]})",
            hint="export it as a log, or with the version of the code that recorded it",
        )
    schema, texts = record_schema(features), text_columns(features)
    for rows in _parts(reader, _DECISIONS, span, there, (fallbacks,)):
        places, arrivals, ids, events, values, scores, thresholds, flags, why, models = zip(
            *rows, strict=True
        )
        columns = {
            "sequence": pl.Series(places, dtype=pl.Int64),
            "arrival_time": _in_ticks(arrivals, features.schema),
            "event_id": pl.Series(ids, dtype=pl.String),
            "event": _decoded(reader, events, schema["event"]),
            "features": _unpacked(reader, values, features.names, texts),
            "score": pl.Series(scores, dtype=pl.Float64),
            "threshold": pl.Series(thresholds, dtype=pl.Float64),
            "flagged": pl.Series(flags, dtype=pl.Int8),
            "reasons": _decoded(reader, why, schema["reasons"]).fill_null(
                pl.Series([[]], dtype=schema["reasons"])
            ),
            "model": pl.Series(models, dtype=pl.String),
            "feature_set": pl.repeat(about["fingerprint"], len(rows), dtype=pl.String, eager=True),
        }
        yield pl.DataFrame(columns).match_to_schema(schema)


def log_frames(
    reader: Reader, schema: Schema, span: Span, there: Extent, *, labels: bool
) -> Iterator[pl.DataFrame]:
    """The events in a span in the order in which they came, as files hold them.

    What reads logs makes the very canonical values of them that were recorded. The id is called by
    the preferred of its names. What could not be read when it came is not there.

    Parameters
    ----------
    reader
        The ledger.
    schema
        What its columns are.
    span, there
        What is exported, and how much that is.
    labels
        Whether to have the columns of the label that counts and of since when it was known without
        a break; both null for events without one. What an event was said to be before is not there.

    Raises
    ------
    InputError
        If the ledger is damaged.
    """
    kept = tuple(reader.about()["columns"])
    dtypes = event_schema(schema, kept)
    struct = pl.Struct({name: dtypes[name] for name in kept})
    in_units = [_in_file_units(schema.by_name[name]) for name in kept]
    for rows in _parts(reader, _LOG, span, there, ()):
        _, ids, events, told, known = zip(*rows, strict=True)
        frame = _decoded(reader, events, struct).struct.unnest().select(in_units)
        frame.insert_column(0, pl.Series(schema.event_ids[0], ids, dtype=pl.String))
        if labels and schema.label is not None:
            frame = frame.with_columns(pl.Series(schema.label, told, dtype=pl.Int64))
        if labels and schema.label_time is not None:
            frame = frame.with_columns(pl.Series(schema.label_time, known, dtype=pl.Int64))
        yield frame


def has_labels(reader: Reader) -> bool:
    """Whether anybody has told what an event turned out to be."""
    return bool(reader.rows("SELECT 1 FROM labels LIMIT 1"))


def _parts(
    reader: Reader, sql: str, span: Span, there: Extent, wanted: tuple[Any, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    after = there.first - 1
    while rows := reader.rows(sql, (after, there.last, *span.bounds, *wanted, PART_ROWS)):
        after = rows[-1][0]
        yield rows


def _in_ticks(arrivals: Sequence[int], schema: Schema) -> pl.Series:
    """Arrivals in ticks of event time, as a replay has them; what is finer is cut off."""
    return pl.Series(arrivals, dtype=pl.Int64) // (
        _MICROSECONDS // TICKS_PER_SECOND[schema.time_unit]
    )


def _decoded(reader: Reader, texts: Sequence[str | None], dtype: pl.DataType) -> pl.Series:
    try:
        return pl.Series(texts, dtype=pl.String).str.json_decode(dtype)
    except pl.exceptions.PolarsError as error:
        raise _damaged(reader, str(error).splitlines()[0]) from error


def _unpacked(
    reader: Reader,
    packed: Sequence[bytes | None],
    names: tuple[str, ...],
    texts: tuple[int, ...],
) -> pl.Series:
    (nothing,) = packed_rows(values_of_rows([(None,) * len(names)], len(names), texts))
    content = [nothing if row is None else row for row in packed]
    try:
        values = unpacked(content, len(names), texts)
    except ValueError as error:
        size = sum(map(len, content))
        raise _damaged(reader, f"features of {size} bytes in {len(packed)} rows") from error
    struct = values.to_frame(names).to_struct()
    there = pl.Series([row is not None for row in packed], dtype=pl.Boolean)
    return struct if there.all() else struct.zip_with(there, struct.clear(1))


def _in_file_units(spec: ColumnSpec) -> pl.Expr:
    column = pl.col(spec.name)
    if spec.type.kind is not Kind.MONEY:
        return column
    scale = spec.type.scale
    units = column.cast(pl.Decimal(38, scale)) / spec.type.minor_units
    return units.cast(pl.Decimal(_MOST_DIGITS, scale))


def _damaged(reader: Reader, was: str) -> InputError:
    return InputError(
        f"{reader.path}: damaged, or written by something else (was: {was})",
        hint="export what can be read with --since and --until",
    )
