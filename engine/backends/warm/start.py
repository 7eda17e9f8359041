"""Warm start: what the online backend would hold after a log, computed in batch."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from engine.backends.online.compile import compile_online
from engine.backends.online.engine import OnlineFeatures, default_lateness
from engine.backends.online.keys import KeySource
from engine.backends.online.logs import LaneSource
from engine.backends.online.shapes import (
    IDS,
    OWNER,
    OWNERS,
    SLIP,
    SLIPS,
    WIDE,
    Columns,
    aside_columns,
    entry_columns,
    key_columns,
    note_columns,
    partial_columns,
    pending_columns,
    said_columns,
    value_fields,
)
from engine.backends.online.snapshot import Tables, capture
from engine.backends.online.state import Standing, State
from engine.backends.warm.believed import Believed
from engine.backends.warm.entries import PLACE, Compiled, Rows, key_names
from engine.backends.warm.folds import Fold
from engine.definition.nodes import FeatureSet
from engine.definition.schema import Schema
from engine.events.canonical import EVENT_ID

# Rows that no window sees any more are folded as often as there are so many.
FOLD_ROWS: Final = 262_144


class WarmStart:
    """Gathers a log in time order and tells the online state as of its end.

    Held in memory are the rows that some window can still see, and for windows without an end a
    row for each key.

    Parameters
    ----------
    features
        A verified feature set.
    lateness, leap
        As for ``OnlineFeatures``.
    fold_rows
        How many rows that no window sees any more are folded at a time. No value depends on it.

    Notes
    -----
    What cannot be told from a log in time order begins anew: the counts of late events and of
    duplicates, and the ids of events that came later than ``lateness``, which a running set
    remembers for a while too.
    """

    def __init__(
        self,
        features: FeatureSet,
        *,
        lateness: int | None = None,
        leap: int | None = None,
        fold_rows: int = FOLD_ROWS,
    ) -> None:
        self._features = features
        self._schema = features.schema
        self._compiled = Compiled(features)
        program = compile_online(features)
        self._columns = program.columns
        self._keys = [key.source for key in program.keys]
        self._longest_delay = program.layout.longest_delay
        self._lateness = default_lateness(features.schema) if lateness is None else lateness
        self._leap = leap
        self._believed = Believed(features.schema.event_time, leap)
        self._reach = max((key.reach for key in self._keys), default=0)
        self._fold_rows = fold_rows
        self._folds = {
            (key.number, lane.number): Fold(key, lane, key_names(key))
            for key in self._keys
            for lane in key.lanes
            if lane.is_ever
        }
        self._latest = {key.number: pl.DataFrame() for key in self._keys if key.is_ever}
        self._rows: list[pl.DataFrame] = []
        self._watermark: int | None = None
        self._events = 0

    @property
    def astray(self) -> int:
        """How many events so far are not history, because their clocks are not believed."""
        return self._believed.astray

    def append(self, batch: pl.DataFrame) -> None:
        """Take in a canonical frame that follows those before in the order of events."""
        if not len(batch):
            return
        self._events += len(batch)
        for events in self._believed.passing(batch):
            self._rows.append(self._compiled.slim(events))
            self._watermark = self._rows[-1][self._schema.event_time][-1]
            self._fold_old(self._watermark - self._lateness - self._reach)

    def state(self) -> State:
        """The state as of the end of what was taken in."""
        if self._watermark is None:
            return capture(OnlineFeatures(self._features, lateness=self._lateness, leap=self._leap))
        rows = Rows(self._compiled, pl.concat(self._rows))
        end = _End(self._watermark, self._watermark - self._lateness, self._longest_delay)
        tables = {
            **self._aside(),
            "ids": self._ids(rows, end.floor),
            **_slips(rows, end, self._schema),
        }
        for key in self._keys:
            states = self._states(key, rows, end)
            columns = states
            for lane in key.lanes:
                tables |= _lane_tables(key, lane, rows, states, end)
                if lane.is_ever:
                    fold = self._folds[key.number, lane.number].copy()
                    columns, values = _seen(key, lane, rows, states, columns, fold, end)
                    tables |= values
            tables[f"keys{key.number}"] = _keys_table(key, columns)
        standing = Standing(
            watermark=self._watermark,
            turn=self._watermark + self._lateness,
            lateness=self._lateness,
            leap=self._leap,
            events=self._events,
            astray=self.astray,
        )
        return State(standing, tables)

    def _aside(self) -> Tables:
        """The events at the end whose clocks are not believed yet, and their labels."""
        schema = self._schema
        dtypes, said = aside_columns(schema, self._columns), said_columns(schema)
        aside = self._believed.aside
        if aside is None:
            return {"aside": pl.DataFrame(schema=dtypes), "aside_labels": pl.DataFrame(schema=said)}
        labels = pl.DataFrame(schema=said)
        if schema.label is not None and schema.label in aside.columns:
            seen = pl.col(schema.event_time).alias("seen")
            labels = aside.select(EVENT_ID, *_label(schema, aside.columns), seen)
        return {
            "aside": aside.select(_cast(aside.columns, dtypes)),
            "aside_labels": labels.select(_cast(labels.columns, said)),
        }

    def _ids(self, rows: Rows, floor: int) -> pl.DataFrame:
        """The ids of the events that may come a second time."""
        recent = rows.frame[EVENT_ID].slice(rows.first_after(floor - 1))
        ids = pl.concat([recent, self._believed.astray_ids])
        return pl.DataFrame({EVENT_ID: ids, "older": False}, schema=IDS)

    def _fold_old(self, cut: int) -> None:
        """Fold the rows before ``cut`` if they have become many."""
        time = self._schema.event_time
        old = 0
        while old < len(self._rows) and self._rows[old][time][-1] < cut:
            old += 1
        if sum(map(len, self._rows[:old])) < self._fold_rows:
            return
        if self._latest:
            rows = Rows(self._compiled, pl.concat(self._rows[:old]))
            for key in self._keys:
                for lane in key.lanes:
                    if lane.is_ever:
                        self._folds[key.number, lane.number].add(rows.entries(key, lane))
                if key.number in self._latest:
                    self._latest[key.number] = self._latest_of(key, rows)
        del self._rows[:old]

    def _latest_of(self, key: KeySource, rows: Rows) -> pl.DataFrame:
        """When each key was last seen, until the last of the rows."""
        names = key_names(key)
        before = self._latest.get(key.number)
        seen = rows.keyed(key).select(*names, t="0")
        both = seen if before is None or before.is_empty() else pl.concat([before, seen])
        return both.group_by(names, maintain_order=True).agg(pl.col("t").max())

    def _states(self, key: KeySource, rows: Rows, end: "_End") -> pl.DataFrame:
        """The keys that have a state, each with its row and how far its time has come."""
        latest = self._latest_of(key, rows)
        if key.number not in self._latest:
            latest = latest.filter(pl.col("t") >= end.floor - key.reach)
        t = pl.max_horizontal("t", pl.lit(end.floor)).alias("t")
        return latest.with_columns(t).with_row_index(OWNER)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a log ends: its latest instant, until when it is settled, how long labels matter."""

    watermark: int
    floor: int
    longest_delay: int

    @property
    def labels_from(self) -> int:
        """The instant after which an event may still be waited for."""
        return self.floor - self.longest_delay


def _lane_tables(
    key: KeySource, lane: LaneSource, rows: Rows, states: pl.DataFrame, end: _End
) -> Iterator[tuple[str, pl.DataFrame]]:
    """What the lane's log holds, and what waits for its delay."""
    here = f"{key.number}_{lane.number}"
    entries = _recent(key, lane, rows, states, end)
    columns = entry_columns(key, lane)
    yield f"log{here}", _owned(entries.filter(_matured(lane)), columns)
    if not lane.lane.delay:
        return
    if not lane.lane.labelled:
        yield f"pend{here}", _owned(entries.filter(~_matured(lane)), columns)
        return
    kept = [
        rows.column(name).alias(str(2 + place)) for place, name in enumerate(lane.kept_columns())
    ]
    first = rows.first_after(end.labels_from)
    waiting = (
        rows.keyed(key, kept)
        .with_columns((pl.col(PLACE).cast(pl.Int64) - first).alias(SLIP))
        .join(states, on=key_names(key), maintain_order="left")
        .filter(~_matured(lane))
    )
    yield f"pend{here}", _owned(waiting, pending_columns(key, lane))


def _recent(
    key: KeySource, lane: LaneSource, rows: Rows, states: pl.DataFrame, end: _End
) -> pl.DataFrame:
    """The lane's entries that some window may see, with their states."""
    entries = rows.entries(key, lane).filter(pl.col("0") >= end.floor - key.layout.reach(lane.lane))
    return entries.join(states, on=key_names(key), maintain_order="left")


def _matured(lane: LaneSource) -> pl.Expr:
    return pl.col("0") + lane.lane.delay <= pl.col("t")


def _seen(
    key: KeySource,
    lane: LaneSource,
    rows: Rows,
    states: pl.DataFrame,
    columns: pl.DataFrame,
    fold: Fold,
    end: _End,
) -> tuple[pl.DataFrame, Tables]:
    """What windows without an end have seen: in all, and before the lane's log."""
    names = key_names(key)
    entries = rows.entries(key, lane)
    fold.add(entries.filter(pl.col("0") < end.floor - key.layout.reach(lane.lane)))
    now = fold.copy()
    now.add(_recent(key, lane, rows, states, end).filter(_matured(lane)).select(entries.columns))
    in_all = [name for name in partial_columns(key, lane) if name.startswith("a")]
    before = [name for name in fold.rows.columns if name not in in_all]
    for seen in (fold.rows.select(before), now.rows.select(*names, *in_all)):
        columns = columns.join(seen, on=names, how="left", maintain_order="left")
    empty = [name for name in columns.columns if columns.schema[name] == WIDE]
    columns = columns.with_columns(pl.col(f"off{lane.number}", *empty).fill_null(0))
    return columns, {
        f"values{key.number}_{name}": _owned(
            now.values[name].join(states, on=names, maintain_order="left"), dtypes
        )
        for name, (_, dtypes) in value_fields(key, lane).items()
    }


def _keys_table(key: KeySource, columns: pl.DataFrame) -> pl.DataFrame:
    """The states' table; a lane that only finite windows look at has dropped what is before it."""
    dtypes = key_columns(key)
    missing = [pl.lit(0).alias(name) for name in dtypes if name not in columns.columns]
    return columns.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in dtypes.items()
    )


def _owned(table: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The columns of a table, with the rows of their states, one state after the other."""
    dtypes = {OWNER: OWNERS, **columns}
    in_order = table.sort(OWNER, maintain_order=True)
    return in_order.select(pl.col(name).cast(dtype) for name, dtype in dtypes.items())


def _label(schema: Schema, present: Collection[str]) -> tuple[pl.Expr, pl.Expr]:
    """The label and since when it is known, as columns."""
    told = schema.label_time is not None and schema.label_time in present
    known = pl.col(schema.label_time or "") if told else pl.lit(None)
    return pl.col(schema.label or "").alias("label"), known.alias("known")


def _cast(present: Collection[str], dtypes: Columns) -> list[pl.Expr]:
    """The columns of a table; those that are not there are null."""
    return [
        (pl.col(name) if name in present else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in dtypes.items()
    ]


def _slips(rows: Rows, end: _End, schema: Schema) -> Tables:
    """The labels of the events that some lane may still wait for."""
    dtypes = note_columns(schema)
    if end.longest_delay < 0 or schema.label is None:
        return {"slips": pl.DataFrame(schema=SLIPS), "notes": pl.DataFrame(schema=dtypes)}
    waiting = rows.frame.slice(rows.first_after(end.labels_from))
    due = pl.col(schema.event_time) + end.longest_delay
    still = due > end.watermark
    slips = waiting.select(
        pl.when(still).then(EVENT_ID).alias(EVENT_ID), pl.when(still).then(due).alias("due")
    )
    notes = waiting.with_row_index(SLIP).select(
        SLIP,
        *_label(schema, waiting.columns),
        pl.lit(None).alias("seen"),
    )
    return {
        "slips": slips.select(pl.col(name).cast(dtype) for name, dtype in SLIPS.items()),
        "notes": notes.select(pl.col(name).cast(dtype) for name, dtype in dtypes.items()),
    }
