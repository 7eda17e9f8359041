"""A running set to tables, and tables to a running set.

Partials of finite windows are made anew from the log: what can be derived is not kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from engine.backends.online.aside import Aside
from engine.backends.online.compile import KeyProgram
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.labels import NEVER, Slip
from engine.backends.online.logs import LaneSource
from engine.backends.online.shapes import (
    IDS,
    OWNER,
    OWNERS,
    SLIPS,
    Columns,
    aside_columns,
    entry_columns,
    entry_fields,
    key_columns,
    note_columns,
    partial_columns,
    pending_columns,
    said_columns,
    value_fields,
)
from engine.backends.online.state import (
    Standing,
    State,
    as_it_should_be,
    read_state,
    write_state,
)
from engine.backends.online.texts import texts
from engine.definition.nodes import FeatureSet

Entry = tuple[Any, ...]
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
    for number, (key, held) in enumerate(zip(online.program.keys, online.held, strict=True)):
        states = list(held.values())
        tables[f"keys{number}"] = _keys_table(key, states)
        for each in key.source.lanes:
            tables |= dict(_lane_tables(key, each, states, slips))
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
    """The running set of a feature set that holds what the tables say."""
    standing = state.standing
    online = OnlineFeatures(features, lateness=standing.lateness, leap=standing.leap, sweep=sweep)
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
    for number, key in enumerate(online.program.keys):
        states = [key.new() for _ in range(len(state.tables[f"keys{number}"]))]
        _fill_keys(key, states, state.tables[f"keys{number}"])
        for each in key.source.lanes:
            _fill_lane(key, each, states, state.tables, slips)
        for one in states:
            key.settle(one)
        online.hold(number, states)
    return online


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
        "aside": _frame(aside_columns(schema, columns), list(zip(*rows, strict=True))),
        "aside_labels": _frame(said_columns(schema), list(zip(*labels, strict=True))),
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
        for event_id, due, slip in online.labels.waiting():
            self._append(slip, event_id, due)

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
            for label, known, seen in slip
        ]
        slips = [(event_id, due) for event_id, due, _ in self._slips]
        return {
            "slips": _frame(SLIPS, list(zip(*slips, strict=True))),
            "notes": _frame(note_columns(self._schema), list(zip(*notes, strict=True))),
        }

    def _append(self, slip: Slip, event_id: str | None, due: int | None) -> None:
        self._rows[id(slip)] = len(self._slips)
        self._slips.append((event_id, due, slip))


def _keys_table(key: KeyProgram, states: Sequence[Any]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {}
    for place in range(len(key.columns)):
        single = len(key.columns) == 1
        columns[f"key{place}"] = [state.name if single else state.name[place] for state in states]
    columns["t"] = [state.t for state in states]
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


def _lane_tables(
    key: KeyProgram, each: LaneSource, states: Sequence[Any], slips: _Slips
) -> Iterator[tuple[str, pl.DataFrame]]:
    here = f"{key.source.number}_{each.number}"
    logs = [getattr(state, f"log{each.number}") for state in states]
    yield f"log{here}", _owned(entry_columns(key.source, each), logs)
    if each.lane.delay:
        pending = [_waiting(state, each.number) for state in states]
        if each.lane.labelled:
            pending = [[(t, slips.row(slip), *kept) for t, slip, *kept in one] for one in pending]
        yield f"pend{here}", _owned(pending_columns(key.source, each), pending)
    for name, (_, columns) in value_fields(key.source, each).items():
        counts = [list((getattr(state, name) or {}).items()) for state in states]
        yield f"values{key.source.number}_{name}", _owned(columns, counts)


def _waiting(state: Any, lane: int) -> list[Entry]:  # noqa: ANN401 - a generated class
    """What waits for the lane's delay, without what is through."""
    pending: list[Entry] = getattr(state, f"pend{lane}")
    return pending[getattr(state, f"head{lane}") :]


def _fill_keys(key: KeyProgram, states: Sequence[Any], table: pl.DataFrame) -> None:
    """The states' names and times, and what came before their logs."""
    columns = [table[f"key{place}"].to_list() for place in range(len(key.columns))]
    names = columns[0] if len(columns) == 1 else zip(*columns, strict=True) if columns else [()]
    for state, name in zip(states, names, strict=bool(states)):
        state.name = name
    _set_fields(states, "t", table["t"].to_list())
    for each in key.source.lanes:
        for name in (f"off{each.number}", *partial_columns(key.source, each)):
            _set_fields(states, name, table[name].to_list())
        if each.is_ever:
            name = f"past{each.number}"
            _set_fields(states, name, map(_or_never, table[name]))
        for name in entry_fields(each):
            columns_of_entry = list(entry_columns(key.source, each, f"{name}_"))
            entries = _entries(table.select(columns_of_entry))
            for state, entry in zip(states, entries, strict=True):
                setattr(state, name, None if entry[0] is None else entry)


def _fill_lane(
    key: KeyProgram, each: LaneSource, states: Sequence[Any], tables: Tables, slips: list[Slip]
) -> None:
    """The lane's log, what waits for its delay, and the values it has seen."""
    here = f"{key.source.number}_{each.number}"
    for one, entries in _by_owner(tables[f"log{here}"]):
        setattr(states[one], f"log{each.number}", entries)
    if each.lane.delay:
        for one, pending in _by_owner(tables[f"pend{here}"]):
            labelled = ((t, slips[slip], *kept) for t, slip, *kept in pending)
            waiting = list(labelled) if each.lane.labelled else pending
            setattr(states[one], f"pend{each.number}", waiting)
    for name in value_fields(key.source, each):
        for one, counts in _by_owner(tables[f"values{key.source.number}_{name}"]):
            setattr(states[one], name, dict(counts))


def _revived_slips(online: OnlineFeatures, tables: Tables) -> list[Slip]:
    slips: list[Slip] = [[] for _ in range(len(tables["slips"]))]
    for row, label, known, seen in tables["notes"].iter_rows():
        slips[row].append((label, _or_never(known), _or_never(seen)))
    for slip, (event_id, due) in zip(slips, tables["slips"].iter_rows(), strict=True):
        if event_id is not None:
            online.labels.wait(event_id, due, slip)
    return slips


def _set_fields(states: Sequence[Any], name: str, values: Iterable[Any]) -> None:
    for state, value in zip(states, values, strict=True):
        setattr(state, name, value)


def _owned(columns: Columns, lists: Sequence[Sequence[Entry]]) -> pl.DataFrame:
    """What lies in lists, one for each state, under each other with their rows."""
    owners = [row for row, entries in enumerate(lists) for _ in entries]
    rows = [(*entry,) for entries in lists for entry in entries]
    return _frame({OWNER: OWNERS, **columns}, [owners, *zip(*rows, strict=True)])


def _frame(columns: Columns, values: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """A table of columns; of no rows, where there is nothing to tell the columns by."""
    if len(values) < len(columns):
        return pl.DataFrame(schema=columns)
    return pl.DataFrame(dict(zip(columns, values, strict=True)), schema=columns)


def _by_owner(table: pl.DataFrame) -> Iterator[tuple[int, list[Entry]]]:
    """The rows of each state that has some."""
    if not len(table):
        return
    entries = _entries(table.drop(OWNER))
    runs = table[OWNER].rle().struct.unnest()
    start = 0
    for owner, length in zip(runs["value"], runs["len"], strict=True):
        yield owner, entries[start : start + length]
        start += length


def _entries(table: pl.DataFrame) -> list[Entry]:
    """The rows as tuples, equal texts as one."""
    columns = [
        [None if text is None else texts[text] for text in column]
        if column.dtype == pl.String
        else column.to_list()
        for column in table
    ]
    return list(zip(*columns, strict=True))


def _instant(t: int) -> int | None:
    return None if t == NEVER else t


def _or_never(t: int | None) -> int:
    return NEVER if t is None else t
