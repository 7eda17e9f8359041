"""A ledger exported as a log is read back as the very canonical values that were recorded."""

import tempfile
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definition import POS
from engine.definition.schema import ColumnSpec, Schema
from engine.definition.types import BOOL, CARD, FLOAT, INT, TEXT, TIME, Kind, money_type
from engine.events.canonical import EVENT_ID, event_schema
from engine.events.inputs import InputFile
from engine.events.log import Counts, Log
from engine.events.quarantine import Quarantine
from engine.live.ledger.export import Span, extent, log_frames
from engine.live.ledger.reader import reading
from engine.live.ledger.rows import Batch, Label
from engine.sink import write_frames
from unit.build.cases import assert_same_bits
from unit.live.ledger.cases import ABOUT, BEGAN, SECOND, decision, fallback, json_events, opened

# Another unit of time, other decimals, and the types that POS has no column of.
OTHER = Schema(
    name="other",
    columns=(
        ColumnSpec("card", CARD, required=True),
        ColumnSpec("at", TIME, required=True),
        ColumnSpec("fee", money_type(3), low=-1e6, high=1e6),
        ColumnSpec("total", money_type(0)),
        ColumnSpec("finest", money_type(9)),
        ColumnSpec("items", INT),
        ColumnSpec("present", BOOL),
        ColumnSpec("where", TEXT),
        ColumnSpec("distance", FLOAT),
        ColumnSpec("chargeback", INT, low=0, high=1, label=True),
    ),
    event_ids=("id",),
    event_time="at",
    time_unit="us",
)
_WHOLE = 2**63 - 1
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


def values(spec: ColumnSpec) -> st.SearchStrategy[object]:
    """What a canonical frame may hold in a column."""
    low, high = spec.low, spec.high
    match spec.type.kind:
        case Kind.CARD:
            made: st.SearchStrategy[object] = st.integers(0, 9_999_999_999_999_999_999)
        case Kind.TIME | Kind.INT | Kind.MONEY:
            units = spec.type.minor_units if spec.type.kind is Kind.MONEY else 1
            least = -_WHOLE if low is None else int(low * units)
            made = st.integers(least, _WHOLE if high is None else int(high * units))
        case Kind.FLOAT:
            made = st.floats(low, high, allow_nan=False, allow_infinity=False)
            made = made.map(lambda value: value + 0.0)  # canonical values have no −0.0
        case Kind.BOOL:
            made = st.booleans()
        case Kind.TEXT:
            made = _TEXT
    return made if spec.required else st.none() | made


@st.composite
def canonical(draw: st.DrawFn, schema: Schema) -> pl.DataFrame:
    """A canonical frame of all columns but those of the label."""
    hidden = {schema.label, schema.label_time}
    names = [name for name in schema.by_name if name not in hidden]
    row = st.fixed_dictionaries({name: values(schema.by_name[name]) for name in names})
    rows = draw(st.lists(row, min_size=1, max_size=8))
    spaced = _TEXT.filter(lambda text: text == text.strip(" "))
    ids = draw(st.lists(spaced, min_size=len(rows), max_size=len(rows), unique=True))
    made = [{EVENT_ID: id_, **row} for id_, row in zip(ids, rows, strict=True)]
    return pl.DataFrame(made, schema=event_schema(schema, tuple(names)))


def through_a_ledger(
    frame: pl.DataFrame, schema: Schema, folder: Path, labels: list[Label] | None = None
) -> pl.DataFrame:
    """What a reader of logs makes of events that were recorded and exported."""
    path, out = folder / "live.db", folder / "log.parquet"
    columns = tuple(frame.columns[1:])
    with opened(path, replace(ABOUT, columns=columns)) as ledger:
        events = json_events(frame)
        made = [
            decision(place, event_id=id_, event=event)
            for place, (id_, event) in enumerate(zip(frame[EVENT_ID], events, strict=True))
        ]
        unreadable = fallback(len(made), event_id="unreadable " * 3)
        ledger.record(Batch([*made, unreadable]))
        ledger.label(labels or [])
    with reading(path) as reader:
        there = extent(reader, Span())
        frames = log_frames(reader, schema, Span(), there, labels=labels is not None)
        write_frames(frames, out)
    wanted = (*columns, *(name for name in (schema.label, schema.label_time) if name and labels))
    with Quarantine(folder / "quarantine.parquet") as quarantine:
        log = Log([InputFile(out, "parquet")], schema, wanted)
        read = pl.concat(log.batches(quarantine, counts := Counts()))
        assert (quarantine.total, counts.rounded) == (0, 0)
    text = {pl.Categorical: pl.String}
    return read.cast(text).select(EVENT_ID, *wanted)  # type: ignore[arg-type]  # a mapping of dtypes


@pytest.mark.parametrize("schema", [POS, OTHER], ids=["pos", "other"])
@given(data=st.data())
def test_canonical_values_come_back_to_the_bit(schema: Schema, data: st.DataObject) -> None:
    frame = data.draw(canonical(schema))
    with tempfile.TemporaryDirectory() as folder:
        assert_same_bits(through_a_ledger(frame, schema, Path(folder)), frame)


def test_the_latest_label_counts_from_when_it_was_known(tmp_path: Path) -> None:
    names = ("cc_num", "unix_time", "amt", "merchant")
    rows = [(f"e{n}", 4_000_000_000_000_000 + n, 1_758_834_000 + n, n, "m") for n in range(4)]
    frame = pl.DataFrame(rows, schema=event_schema(POS, names), orient="row")
    told = [
        Label("e0", 0, BEGAN, 1_759_000_000, "bank"),
        Label("e2", 0, BEGAN, 1_759_000_001, "bank"),
        Label("e0", 1, BEGAN + SECOND, 1_759_000_002, "analyst"),
        Label("e3", 1, BEGAN, 1_759_000_003, "bank"),
        Label("e3", None, BEGAN, 1_759_000_004, "withdrawn"),
        Label("of another ledger", 1, BEGAN, 1_759_000_005, "bank"),
    ]
    read = through_a_ledger(frame, POS, tmp_path, told)
    assert read["is_fraud"].to_list() == [1, None, 0, None]
    assert read["label_time"].to_list() == [1_759_000_002, None, 1_759_000_001, None]
    assert_same_bits(read.drop("is_fraud", "label_time"), frame)


def test_a_label_said_again_was_known_since_it_was_said_without_a_break(tmp_path: Path) -> None:
    names = ("cc_num", "unix_time", "amt", "merchant")
    rows = [(f"e{n}", 4_000_000_000_000_000 + n, 1_758_834_000 + n, n, "m") for n in range(4)]
    frame = pl.DataFrame(rows, schema=event_schema(POS, names), orient="row")
    said = {
        "e0": [(1, 3), (1, 5), (1, 9)],
        "e1": [(0, 2), (1, 4), (1, 7)],
        "e2": [(1, 1), (None, 2), (1, 6), (1, 8)],
        "e3": [(0, 1), (1, 2), (0, 3), (0, 4)],
    }
    told = [
        Label(event_id, label, BEGAN, 1_759_000_000 + at, "bank")
        for event_id, labels in said.items()
        for label, at in labels
    ]
    read = through_a_ledger(frame, POS, tmp_path, sorted(told, key=lambda label: label.known_at))
    assert read["is_fraud"].to_list() == [1, 1, 1, 0]
    assert read["label_time"].to_list() == [1_759_000_000 + at for at in (3, 4, 6, 3)]
