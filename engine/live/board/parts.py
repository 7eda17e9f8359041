"""A ledger read by parts, each with one answer of SQLite's, which polars decodes.

SQLite's module lets go of Python's interpreter lock for each row and has to get it back from the
thread that scores; so thousands of rows are asked for as one text, a line of JSON each, for which
it lets go once. Alerts, labels and reasons are few, and rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from engine.definition.schema import Schema
from engine.errors import InputError
from engine.live.ledger.reader import Reader

MICROSECONDS: Final = 1_000_000
PART_ROWS: Final = 25_000  # some 10 MB of text
_CHUNKS: Final = 64


def lines_of(line: str) -> str:
    """SQL for all rows as one text, of which an expression makes a line of JSON each."""
    return f"CAST(group_concat({line}, char(10)) AS BLOB)"


_STREAM: Final = "'stream'"
_WHY: Final = pl.List(
    pl.Struct({"feature": pl.String, "contribution": pl.Float64, "words": pl.String})
)

_DECISION: Final = (
    """'{"sequence":' || sequence || ',"arrival":' || arrival_time || ',"flagged":' || flagged"""
    """ || ',"of_model":' || (fallback IS NULL) || ',"post":' || post"""
    f""" || ',"asked":' || (source <> {_STREAM}) || ',"deadline":' || deadline"""
    """ || ',"event":' || coalesce(event, 'null') || '}'"""
)
_DECISIONS: Final = f"""\
SELECT count(*), coalesce(max(sequence), -1), {lines_of(_DECISION)}
FROM (SELECT * FROM decisions WHERE sequence > ? ORDER BY sequence LIMIT ?)"""  # noqa: S608 - our own text
ALERTS: Final = f"""\
SELECT
    sequence, event_id, arrival_time, source <> {_STREAM}, deadline, score, threshold, fallback,
    event, reasons,
    (
        SELECT at FROM replies
        WHERE replies.sequence = decisions.sequence AND outcome IN ('recorded', 'refused')
        ORDER BY attempt LIMIT 1
    ),
    (
        SELECT label FROM labels WHERE labels.event_id = decisions.event_id
        ORDER BY labels.rowid DESC LIMIT 1
    )
FROM decisions INDEXED BY alerts LEFT JOIN models USING (model) LEFT JOIN reasons USING (sequence)
WHERE flagged = 1 AND sequence > ? AND sequence <= ?
ORDER BY sequence"""  # noqa: S608 - our own text
_FINAL: Final = (
    """'{"sequence":' || sequence || ',"at":' || at || ',"outcome":"' || outcome || '"}'"""
)
_FINALS: Final = f"""\
SELECT {lines_of(_FINAL)}
FROM json_each(?) AS wanted CROSS JOIN replies ON replies.sequence = wanted.value
WHERE outcome <> 'retry'"""  # noqa: S608 - our own text
_DEADLINES: Final = """\
SELECT sequence, deadline
FROM json_each(?) AS wanted CROSS JOIN decisions ON decisions.sequence = wanted.value"""
_REASONS: Final = """\
SELECT sequence, reasons
FROM json_each(?) AS wanted CROSS JOIN reasons ON reasons.sequence = wanted.value"""
_NEW_LABELS: Final = """\
SELECT count(*), max(rowid)
FROM (SELECT rowid FROM labels WHERE rowid > ? ORDER BY rowid LIMIT ?)"""
_LABELS: Final = """\
SELECT sequence, label FROM labels CROSS JOIN decisions USING (event_id)
WHERE labels.rowid > ? AND labels.rowid <= ? AND flagged = 1
ORDER BY labels.rowid"""
_PENDING: Final = "SELECT json_group_array(sequence) FROM pending"


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns that questions are about are decoded from the text of an event.

    Parameters
    ----------
    event_time
        The column that says when an event happened.
    ticks
        How many of its ticks make a second.
    minor_units
        How many minor units of ``amt`` make a major one.
    """

    event_time: str
    ticks: int
    minor_units: int

    @classmethod
    def of(cls, schema: Schema) -> "Columns":
        """Those of a schema."""
        amt = schema.by_name.get("amt")
        units = 1 if amt is None else amt.type.minor_units
        return cls(schema.event_time, schema.ticks_per_second, units)

    @property
    def described(self) -> dict[str, pl.DataType]:
        """Of an event as far as it is counted."""
        return {
            "cc_num": pl.UInt64(),
            self.event_time: pl.Int64(),
            "dob": pl.String(),
            "state": pl.String(),
            "category": pl.String(),
        }

    @property
    def shown(self) -> dict[str, pl.DataType]:
        """Of an event as far as it is shown."""
        return {
            "cc_num": pl.UInt64(),
            self.event_time: pl.Int64(),
            "amt": pl.Int64(),
            "merchant": pl.String(),
            "category": pl.String(),
            "state": pl.String(),
            "merch_lat": pl.Float64(),
            "merch_long": pl.Float64(),
        }


@dataclass(frozen=True, slots=True)
class Part:
    """Some decisions, in order.

    Parameters
    ----------
    last
        The sequence of the last one.
    decisions
        ``sequence``, ``arrival`` (microseconds), ``second`` (of arrival), ``is_flagged``,
        ``of_model``, ``post``, ``asked`` (whether it came from elsewhere than the stream),
        ``deadline`` (microseconds), ``is_readable``, and what ``Columns.described`` names.
    alerts
        Those that were flagged, as :func:`alert_frame` has them.
    has_more
        Whether there may be more after them.
    """

    last: int
    decisions: pl.DataFrame
    alerts: pl.DataFrame
    has_more: bool


def read_part(reader: Reader, columns: Columns, after: int) -> Part | None:
    """The first decisions after a place; None if there are none.

    Raises
    ------
    InputError
        If the ledger is damaged.
    OutputError
        If it cannot be read.
    """
    count, last, lines = reader.row(_DECISIONS, (after, PART_ROWS))
    if not count:
        return None
    flags = dict.fromkeys(("flagged", "of_model", "post", "asked"), pl.Int64())
    schema = {
        "sequence": pl.Int64(),
        "arrival": pl.Int64(),
        **flags,
        "deadline": pl.Int64(),
        "event": pl.Struct(columns.described),
    }
    decisions = read_lines(reader, lines, schema).with_columns(
        pl.col("arrival").floordiv(MICROSECONDS).alias("second"),
        pl.col("flagged").cast(pl.Boolean).alias("is_flagged"),
        pl.col("of_model", "post", "asked").cast(pl.Boolean),
        pl.col("event").is_not_null().alias("is_readable"),
    )
    frame = decisions.drop("flagged").unnest("event").sort("sequence")
    alerts = alert_frame(reader, columns, reader.rows(ALERTS, (after, last)))
    return Part(last, frame, alerts, has_more=count == PART_ROWS)


def alert_frame(reader: Reader, columns: Columns, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows of ``ALERTS`` as a frame.

    It has ``sequence``, ``event_id``, ``arrival``, ``second``, ``asked``, ``deadline``, ``score``,
    ``threshold``, ``fallback``, what ``Columns.shown`` names, ``why`` (null if that is not known),
    ``at`` (of the answer, microseconds) and ``label``.

    Raises
    ------
    InputError
        If the ledger is damaged.
    """
    dtypes: dict[str, pl.DataType] = {
        "sequence": pl.Int64(),
        "event_id": pl.String(),
        "arrival": pl.Int64(),
        "asked": pl.Int64(),
        "deadline": pl.Int64(),
        "score": pl.Float64(),
        "threshold": pl.Float64(),
        "fallback": pl.String(),
        "event": pl.String(),
        "why": pl.String(),
        "at": pl.Int64(),
        "label": pl.Int64(),
    }
    frame = pl.DataFrame(list(rows), schema=dtypes, orient="row")
    return frame.with_columns(
        pl.col("arrival").floordiv(MICROSECONDS).alias("second"),
        pl.col("asked").cast(pl.Boolean),
        decoded(reader, frame["event"], pl.Struct(columns.shown)),
        decoded(reader, frame["why"], _WHY),
    ).unnest("event")


def read_reasons(reader: Reader, wanted: pl.Series) -> pl.DataFrame:
    """The reasons of those of some sequences that have any by now: ``sequence`` and ``why``.

    Raises
    ------
    InputError
        If the ledger is damaged.
    OutputError
        If it cannot be read.
    """
    rows = reader.rows(_REASONS, (_array(wanted),))
    frame = pl.DataFrame(rows, schema={"sequence": pl.Int64, "why": pl.String}, orient="row")
    return frame.with_columns(decoded(reader, frame["why"], _WHY))


def read_finals(reader: Reader, wanted: pl.Series) -> pl.DataFrame:
    """The final outcomes of those of some flags that have one by now.

    A row has ``sequence``, ``at`` (microseconds) and ``outcome``.

    Raises
    ------
    OutputError
        If they cannot be read.
    """
    (lines,) = reader.row(_FINALS, (_array(wanted),))
    schema = {"sequence": pl.Int64(), "at": pl.Int64(), "outcome": pl.String()}
    found = read_lines(reader, lines, schema)
    return found.unique("sequence", keep="first", maintain_order=True)


def read_deadlines(reader: Reader, wanted: pl.Series) -> pl.DataFrame:
    """``sequence`` and ``deadline`` (microseconds) of some decisions, as they are now.

    Raises
    ------
    OutputError
        If they cannot be read.
    """
    schema = {"sequence": pl.Int64, "deadline": pl.Int64}
    return pl.DataFrame(reader.rows(_DEADLINES, (_array(wanted),)), schema=schema, orient="row")


def read_labels(reader: Reader, after: int) -> tuple[int, bool, pl.DataFrame]:
    """Labels after a place, as far as they are of alerts.

    Returns
    -------
    tuple[int, bool, pl.DataFrame]
        The place of the last of them, whether there may be more, and ``sequence`` with ``label``.

    Raises
    ------
    OutputError
        If they cannot be read.
    """
    count, last = reader.row(_NEW_LABELS, (after, PART_ROWS))
    rows = reader.rows(_LABELS, (after, last)) if count else []
    schema = {"sequence": pl.Int64, "label": pl.Int64}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    latest = found.unique("sequence", keep="last", maintain_order=True)
    return last if count else after, count == PART_ROWS, latest


def latest_label(reader: Reader) -> int:
    """The place of the label that came last; 0 if there is none."""
    return int(reader.row("SELECT coalesce(max(rowid), 0) FROM labels")[0])


def pending(reader: Reader) -> pl.Series:
    """The sequences of flags without a final outcome."""
    (text,) = reader.row(_PENDING)
    found = pl.Series([text], dtype=pl.String).str.json_decode(pl.List(pl.Int64))
    return found.explode(empty_as_null=False)


def tidied(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame that grows by a little at a time, its pieces put together where they are many."""
    return frame.rechunk() if frame.n_chunks() > _CHUNKS else frame


def decoded(reader: Reader, texts: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Texts of JSON, decoded; null where there is none.

    Raises
    ------
    InputError
        If one is none.
    """
    try:
        return texts.str.json_decode(dtype)
    except pl.exceptions.PolarsError as error:
        raise _damaged(reader, error) from error


def read_lines(reader: Reader, lines: bytes | None, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """What :func:`lines_of` asked for, decoded.

    Raises
    ------
    InputError
        If a line is no JSON.
    """
    if not lines:
        return pl.DataFrame(schema=schema)
    try:
        return pl.read_ndjson(lines, schema=schema)
    except pl.exceptions.PolarsError as error:
        raise _damaged(reader, error) from error


def _array(numbers: pl.Series) -> str:
    """Whole numbers as an array of JSON; made by polars, as there may be many."""
    joined = numbers.cast(pl.String).str.join(",").item()
    return f"[{joined or ''}]"


def _damaged(reader: Reader, error: pl.exceptions.PolarsError) -> InputError:
    return InputError(
        f"{reader.path}: damaged, or written by something else (was: {str(error).splitlines()[0]})",
        hint="export what can be read with --since and --until, and begin a new ledger",
    )
