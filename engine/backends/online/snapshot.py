"""A running set to tables, and tables to a running set.

Partials of finite windows are made anew from the log: what can be derived is not kept.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.backends.online.aside import Aside
from engine.backends.online.compile import KeyProgram
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.labels import NEVER, Slip
from engine.backends.online.lane_tables import entries_of, fill_lane, frame, lane_tables, values_of
from engine.backends.online.record_tables import records_of, tables_of
from engine.backends.online.records import Words
from engine.backends.online.shapes import (
    IDS,
    OWNER,
    OWNERS,
    SLIPS,
    aside_columns,
    entry_columns,
    entry_fields,
    key_columns,
    note_columns,
    partial_columns,
    said_columns,
)
from engine.backends.online.state import (
    Standing,
    State,
    as_it_should_be,
    read_state,
    write_state,
)
from engine.backends.online.state_check import check_tables
from engine.definition.nodes import FeatureSet

Tables = dict[str, pl.DataFrame]


def snapshot(online: OnlineFeatures, path: Path) -> None:
    """Keep what a running set holds in a file, which appears only when it is complete.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write_state(online.features, capture(online), path)


def restore(features: FeatureSet, path: Path, *, sweep: bool = True) -> OnlineFeatures:
    """The running set that a file keeps, as if it had never stopped.

    Parameters
    ----------
    features
        The feature set whose state it is.
    path
        The file.
    sweep
        As for ``OnlineFeatures``; lateness and leap are those of the file.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged, or is the state of another feature set or version.
    """
    state = read_state(features, path)
    with as_it_should_be(str(path)):
        return revive(features, state, sweep=sweep)


def capture(online: OnlineFeatures) -> State:
    """What a running set holds, as tables of its own."""
    slips = _Slips(online)
    tables: Tables = {}
    for number in range(len(online.program.keys)):
        tables |= _captured(online, number, slips)
    tables |= slips.tables()
    # Sets have no order of their own; equal states have equal bytes.
    recent, before = sorted(online.recent), sorted(online.recent_before)
    older = [False] * len(recent) + [True] * len(before)
    tables["ids"] = pl.DataFrame([recent + before, older], schema=IDS)
    tables |= _aside_tables(online)
    standing = Standing(
        watermark=_instant(online.watermark),
        turn=_instant(online.turn),
        lateness=online.lateness,
        leap=None if online.leap == -NEVER else online.leap,
        events=online.events,
        late=online.late,
        too_late=online.too_late,
        duplicates=online.duplicates,
        astray=online.astray,
    )
    return State(standing, tables)


def revive(features: FeatureSet, state: State, *, sweep: bool = True) -> OnlineFeatures:
    """The running set of a feature set that holds what the tables say.

    Raises
    ------
    ValueError
        If they are none of such a set.
    """
    standing = state.standing
    online = OnlineFeatures(features, lateness=standing.lateness, leap=standing.leap, sweep=sweep)
    keys = [each.source for each in online.program.keys]
    check_tables(features.schema, online.columns, keys, state.tables)
    online.watermark = _or_never(standing.watermark)
    online.turn = _or_never(standing.turn)
    online.events, online.late = standing.events, standing.late
    online.too_late, online.duplicates = standing.too_late, standing.duplicates
    online.astray = standing.astray
    online.aside = _revived_aside(online, state.tables)
    ids = state.tables["ids"]
    online.recent = set(ids.filter(~ids["older"])[:, 0])
    online.recent_before = set(ids.filter(ids["older"])[:, 0])
    slips = _revived_slips(online, state.tables)
    for number in range(len(online.program.keys)):
        states = _revived(online, number, state.tables, slips)
        online.keys[number].hold(states, -NEVER if standing.watermark is None else online.watermark)
    return online


def _captured(online: OnlineFeatures, number: int, slips: "_Slips") -> Tables:
    """The tables of a key: of its records, and of the states that are objects."""
    key, records = online.program.keys[number], online.keys[number].records
    names, states = list(online.held[number]), list(online.held[number].values())
    rows = np.array([row for row, one in enumerate(states) if type(one) is int], np.int64)
    if records is None or not len(rows):
        return _tables_of(key, names, states, slips)
    [each] = key.source.lanes
    here, entry = f"{number}_{each.number}", entry_columns(key.source, each)
    addresses = np.array([states[row] for row in rows], np.int64)
    left = np.setdiff1d(np.arange(len(states)), rows)
    tables = _tables_of(key, [names[row] for row in left], [states[row] for row in left], slips)
    told, entries = tables_of(records, addresses, rows, entry)
    told = told.with_columns(_names_table(key, [names[row] for row in rows]).get_columns())
    schema = key_columns(key.source)
    keys = pl.concat([tables[f"keys{number}"], told.select(*schema).cast(schema)])  # type: ignore[arg-type]  # names, and dtypes
    log = tables[f"log{here}"].with_columns(_at(left, OWNER))
    log = pl.concat([log, entries])
    return {
        f"keys{number}": _anew(keys[np.argsort(np.concatenate([left, rows]))]),
        f"log{here}": _anew(log.sort(OWNER, maintain_order=True)),
    }


def _anew(table: pl.DataFrame) -> pl.DataFrame:
    """The same table, with nothing under its nulls and behind its texts that is not of them."""
    return table.with_columns(
        pl.Series(one.name, one.to_list(), one.dtype)
        for one in table
        if one.dtype == pl.String or one.null_count()
    )


def _tables_of(
    key: KeyProgram, names: Sequence[Any], states: Sequence[Any], slips: "_Slips"
) -> Tables:
    """The tables of states that are objects."""
    tables = {f"keys{key.source.number}": _keys_table(key, names, states)}
    for each in key.source.lanes:
        tables |= dict(lane_tables(key.source, each, states, slips))
    return tables


def _revived(
    online: OnlineFeatures, number: int, tables: Tables, slips: list[Slip]
) -> dict[Any, Any]:
    """The states of a key by what finds them: records where there are such, objects otherwise."""
    key, records = online.program.keys[number], online.keys[number].records
    keys = tables[f"keys{number}"]
    names = _names(key, keys)
    if records is None:
        return dict(zip(names, _objects(key, keys, tables, slips), strict=True))
    log = f"log{number}_{key.source.lanes[0].number}"
    entry = entry_columns(key.source, key.source.lanes[0])
    states: list[Any] = list(records_of(records, keys, tables[log], entry))
    left = np.array([row for row, one in enumerate(states) if one is None], np.int64)
    places = np.full(len(keys), -1)
    places[left] = np.arange(len(left))
    owned = tables[log].with_columns(_at(places, OWNER, pl.Int64())).filter(pl.col(OWNER) >= 0)
    for row, one in zip(left, _objects(key, keys[left], {log: owned}, slips), strict=True):
        states[row] = one
    return dict(zip(names, states, strict=True))


def _objects(key: KeyProgram, keys: pl.DataFrame, tables: Tables, slips: list[Slip]) -> list[Any]:
    """States as objects, of the rows of a key's table and the tables of its lanes."""
    states = [key.new() for _ in range(len(keys))]
    _fill_keys(key, states, keys)
    for each in key.source.lanes:
        fill_lane(key.source, each, states, tables, slips)
    for one in states:
        key.settle(one)
    return states


def _at(places: Words, name: str, dtype: pl.DataType = OWNERS) -> pl.Expr:
    """What stands at the places that a column tells."""
    return pl.lit(pl.Series(places)).gather(pl.col(name)).cast(dtype).alias(name)


def _aside_tables(online: OnlineFeatures) -> Tables:
    """The events that are aside, if no other has come since."""
    schema, columns = online.features.schema, online.columns
    run = online.aside
    rows, labels = [], []
    if run is not None and run.events == online.events:
        rows = run.rows
        labels = [
            (event_id, label, _instant(known), seen)
            for event_id, notes in run.labels.items()
            for label, known, seen in notes
        ]
    return {
        "aside": frame(aside_columns(schema, columns), list(zip(*rows, strict=True))),
        "aside_labels": frame(said_columns(schema), list(zip(*labels, strict=True))),
    }


def _revived_aside(online: OnlineFeatures, tables: Tables) -> Aside | None:
    rows = tables["aside"].rows()
    if not rows:
        return None
    run = Aside(rows[0][1], online.events)
    for row in rows:
        run.add(row, online.events)
    for event_id, label, known, seen in tables["aside_labels"].iter_rows():
        run.labels[event_id].append((label, _or_never(known), seen))
    return run


class _Slips:
    """The notes about labels that a running set holds, each once, with its row."""

    def __init__(self, online: OnlineFeatures) -> None:
        self._schema = online.features.schema
        self._rows: dict[int, int] = {}
        self._slips: list[tuple[str | None, int | None, Slip]] = []
        for slip in online.labels.waiting(online.watermark):
            self._append(slip, slip.event_id, slip.until)

    def row(self, slip: Slip) -> int:
        """The row of a slip, which some lane still waits for though it takes no label any more."""
        if id(slip) not in self._rows:
            self._append(slip, None, None)
        return self._rows[id(slip)]

    def tables(self) -> Tables:
        """The slips, and what was noted on them."""
        notes = [
            (row, label, _instant(known), _instant(seen))
            for row, (_, _, slip) in enumerate(self._slips)
            for label, known, seen in slip.notes
        ]
        slips = [(event_id, due) for event_id, due, _ in self._slips]
        return {
            "slips": frame(SLIPS, list(zip(*slips, strict=True))),
            "notes": frame(note_columns(self._schema), list(zip(*notes, strict=True))),
        }

    def _append(self, slip: Slip, event_id: str | None, due: int | None) -> None:
        self._rows[id(slip)] = len(self._slips)
        self._slips.append((event_id, due, slip))


def _keys_table(key: KeyProgram, names: Sequence[Any], states: Sequence[Any]) -> pl.DataFrame:
    columns: dict[str, Any] = _names_table(key, names).to_dict()
    columns["t"] = [_instant(state.t) for state in states]
    for each in key.source.lanes:
        for name in (f"off{each.number}", *partial_columns(key.source, each)):
            columns[name] = [getattr(state, name) for state in states]
        if each.is_ever:
            name = f"past{each.number}"
            columns[name] = [_instant(getattr(state, name)) for state in states]
        for name in entry_fields(each):
            held = [getattr(state, name) for state in states]
            for place in range(len(entry_columns(key.source, each))):
                columns[f"{name}_{place}"] = [x and x[place] for x in held]
    return pl.DataFrame(columns, schema=key_columns(key.source))


def _names_table(key: KeyProgram, names: Sequence[Any]) -> pl.DataFrame:
    """The columns of the key."""
    single = len(key.columns) == 1
    columns = [f"key{place}" for place in range(len(key.columns))]
    values = [names] if single else list(zip(*names, strict=True))
    schema = {name: dtype for name, dtype in key_columns(key.source).items() if name in columns}
    return frame(schema, values)


def _names(key: KeyProgram, table: pl.DataFrame) -> list[Any]:
    """What finds the states of a key's table."""
    columns = [values_of(table[f"key{place}"]) for place in range(len(key.columns))]
    if len(columns) == 1:
        return columns[0]
    return list(zip(*columns, strict=True)) if columns else [()] * len(table)


def _fill_keys(key: KeyProgram, states: Sequence[Any], table: pl.DataFrame) -> None:
    """The states' times, and what came before their logs."""
    _set_fields(states, "t", map(_or_never, table["t"]))
    for each in key.source.lanes:
        for name in (f"off{each.number}", *partial_columns(key.source, each)):
            _set_fields(states, name, table[name].to_list())
        if each.is_ever:
            name = f"past{each.number}"
            _set_fields(states, name, map(_or_never, table[name]))
        for name in entry_fields(each):
            columns_of_entry = list(entry_columns(key.source, each, f"{name}_"))
            entries = entries_of(table.select(columns_of_entry))
            for state, entry in zip(states, entries, strict=True):
                setattr(state, name, None if entry[0] is None else entry)


def _revived_slips(online: OnlineFeatures, tables: Tables) -> list[Slip]:
    slips = [Slip(event_id, _or_never(due)) for event_id, due in tables["slips"].iter_rows()]
    for row, label, known, seen in tables["notes"].iter_rows():
        slips[row].add(label, _or_never(known), _or_never(seen))
    for slip in slips:
        online.labels.wait(slip, online.watermark)
    return slips


def _set_fields(states: Sequence[Any], name: str, values: Iterable[Any]) -> None:
    for state, value in zip(states, values, strict=True):
        setattr(state, name, value)


def _instant(t: int) -> int | None:
    return None if t == NEVER else t


def _or_never(t: int | None) -> int:
    return NEVER if t is None else t
