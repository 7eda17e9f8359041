"""Single events become what their rows become in batch, and are refused in the same words."""

import json
import re
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definition import POS
from engine.definition.schema import ColumnSpec, Schema
from engine.definition.types import BOOL, CARD, FLOAT, INT, TEXT, TIME, money_type
from engine.errors import InputError
from engine.events.canonical import EVENT_ID
from engine.events.normalise import normalise
from engine.events.single import Canonical, Partial, Refused, SingleReader
from unit.events.values import AS_NUMBERS, TEXTS, VALUES_OF_JSON

ODD: Final = Schema(
    "odd",
    (
        ColumnSpec("t", TIME, required=True),
        ColumnSpec("later", TIME, low=-86_400, high=4_102_444_800),
        ColumnSpec("card", CARD),
        ColumnSpec("tiny", CARD, required=True, low=10, high=10**16),
        ColumnSpec("n", INT),
        ColumnSpec("few", INT, low=-5, high=5.5),
        ColumnSpec("x", FLOAT),
        ColumnSpec("half", FLOAT, required=True, low=-0.5, high=1e9),
        ColumnSpec("above", FLOAT, low=0.0, high=2.0**53),
        ColumnSpec("m", money_type(2)),
        ColumnSpec("whole", money_type(0), low=-1, high=1e18),
        ColumnSpec("mills", money_type(3), required=True, low=0.0005, high=10_000_000.0),
        ColumnSpec("nano", money_type(9)),
        ColumnSpec("text", TEXT),
        ColumnSpec("need", TEXT, required=True),
        ColumnSpec("flag", BOOL),
        ColumnSpec("said", BOOL, required=True),
        ColumnSpec("label", INT, low=0, high=1, label=True),
    ),
    event_ids=("id", "id2"),
    event_time="t",
)
EVERY: Final = tuple(ODD.by_name)

GOOD: Final[dict[str, Any]] = {
    "trans_num": "a1",
    "cc_num": 4_111_111_111_111_111,
    "unix_time": 1_758_834_004,
    "amt": 86.26,
    "merchant": "fraud_Rau, and Sons",
    "category": "home",
    "gender": None,
    "city": "São Paulo",
    "zip": "09045",
    "lat": 40,
    "long": -75.5,
}
COLUMNS: Final = ("cc_num", "unix_time", "amt", "merchant", "category", "city", "zip", "lat", "job")
VALUES: Final = (
    4_111_111_111_111_111, 1_758_834_004, 8626, "fraud_Rau, and Sons", "home", "São Paulo",
    "09045", 40.0, None,
)  # fmt: skip


def column(name: str, value: object) -> pl.Series:
    """A column that holds one value of JSON."""
    if isinstance(value, int) and not isinstance(value, bool):
        for dtype, low, high in (
            (pl.Int64, -(2**63), 2**63),
            (pl.UInt64, 0, 2**64),
            (pl.Int128, -(2**127), 2**127),
        ):
            if low <= value < high:
                return pl.Series(name, [value], dtype=dtype)
        return pl.Series(name, [str(value)])
    if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
        return pl.Series(name, [value.encode("utf-8", "surrogatepass")])
    return pl.Series(name, [value])


def in_batch(raw: dict[str, Any], schema: Schema, columns: tuple[str, ...]) -> Canonical | Refused:
    """What the batch makes of an event; its id, if it is refused, is left out."""
    names = dict.fromkeys((*schema.event_ids, *columns))
    result = normalise(pl.DataFrame([column(n, raw.get(n)) for n in names]), schema, columns)
    if len(result.bad):
        ((_, name, kind, was),) = result.bad.rows()
        return Refused(None, name, kind, was)
    ((event_id, *values),) = result.events.select(EVENT_ID, *columns).rows()
    return Canonical(event_id, tuple(values), rounded=bool(result.rounded))


def check(raw: dict[str, Any], schema: Schema, columns: tuple[str, ...]) -> None:
    """Hold a reader to what the batch makes of an event, to the last bit."""
    got = SingleReader(schema, columns).read(raw)
    expected = in_batch(raw, schema, columns)
    if isinstance(got, Refused):
        got = Refused(None, got.column, got.kind, got.was)
    assert repr(got) == repr(expected)  # which tells −0.0 from 0.0, and 1 from 1.0 and True


@pytest.mark.parametrize("name", EVERY)
@given(values=st.lists(VALUES_OF_JSON, max_size=12))
def test_any_value_becomes_what_it_becomes_in_batch(name: str, values: list[object]) -> None:
    for value in values:
        raw = {"id": "a", name: value}
        try:
            check(raw, ODD, (name,))
            continue
        except InputError as error:  # of the batch: a file with such a column is refused whole
            what = error.what
        got = SingleReader(ODD, (name,)).read(raw)
        assert isinstance(got, Refused)
        assert (got.event_id, got.column) == ("a", name)
        assert f"input: column {name!r}{got.kind.removeprefix(name)} (was stored" in what


@given(
    st.lists(
        st.fixed_dictionaries({"id": st.just("a")}, optional=dict.fromkeys(EVERY, VALUES_OF_JSON)),
        max_size=3,
    )
)
def test_what_can_be_read_of_an_event_is_what_its_columns_are_by_themselves(
    events: list[dict[str, Any]],
) -> None:
    reader = SingleReader(ODD, EVERY)
    for raw in (*events, *events):  # the second time of what it remembers
        got = reader.read_columns(raw)
        assert isinstance(got, Partial)
        assert got.event_id == "a"
        for place, name in enumerate(EVERY):
            alone = SingleReader(ODD, (name,)).read(raw)
            if isinstance(alone, Refused):
                assert got.refused[name] == alone
                assert got.values[place] is None
            else:
                assert name not in got.refused
                assert repr(got.values[place]) == repr(alone.values[0])
                assert (name in got.rounded) == alone.rounded
        assert list(got.refused) == [name for name in EVERY if name in got.refused]


def test_of_an_event_without_an_id_nothing_is_read() -> None:
    got = SingleReader(ODD, EVERY).read_columns({"need": "a"})
    assert isinstance(got, Refused)
    assert got.event_id is None


IDS = st.fixed_dictionaries({}, optional=dict.fromkeys(ODD.event_ids, VALUES_OF_JSON))


@given(st.lists(IDS, max_size=12))
def test_any_id_becomes_what_it_becomes_in_batch(events: list[dict[str, Any]]) -> None:
    for raw in events:
        odd = [n for n in ODD.event_ids if isinstance(raw.get(n), bool | float | list | dict)]
        before = (
            {n: raw.get(n) for n in ODD.event_ids[: ODD.event_ids.index(odd[0])]} if odd else raw
        )
        expected = in_batch(before, ODD, ())
        if isinstance(expected, Canonical) or not odd:  # what comes after is not looked at
            check(before, ODD, ())
            assert SingleReader(ODD, ()).read(raw) == SingleReader(ODD, ()).read(before)
            continue
        got = SingleReader(ODD, ()).read(raw)
        assert isinstance(got, Refused)
        assert got.column == odd[0]
        with pytest.raises(InputError, match=re.escape(got.kind)):
            normalise(pl.DataFrame([column(odd[0], raw[odd[0]])]), ODD, ())


def any_event(kinds: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Good events, of which a few values are of the given kinds."""
    changes = st.lists(st.sampled_from(sorted(kinds)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: kinds[name] for name in names})
    )
    return changes.map(lambda changed: GOOD | changed)


NUMBERS = {name: st.one_of(TEXTS, st.integers(), st.none()) for name in ("cc_num", "unix_time")}
AMOUNTS = {name: st.one_of(TEXTS, AS_NUMBERS, st.none()) for name in ("amt", "lat", "long")}
WORDS = {name: st.one_of(TEXTS, st.integers(), st.none()) for name in ("trans_num", "zip", "city")}


@given(st.lists(any_event(NUMBERS | AMOUNTS | WORDS), max_size=8))
def test_any_event_becomes_what_its_row_becomes(events: list[dict[str, Any]]) -> None:
    for raw in events:
        check(raw, POS, COLUMNS)
        check({k: None if v is None else str(v) for k, v in raw.items()}, POS, COLUMNS)


@pytest.mark.parametrize("written", [GOOD, {k: str(v) for k, v in GOOD.items() if v is not None}])
def test_usual_events_cost_nothing_of_batch(
    written: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = SingleReader(POS, COLUMNS)
    monkeypatch.setattr("engine.events.single.parse", None)
    monkeypatch.setattr("engine.events.single.normalise", None)
    for raw in (written, written | {"first": ["not looked at"], "transaction_id": 1.5}):
        assert reader.read(raw) == Canonical("a1", VALUES, rounded=False)
    assert reader.read(written | {"amt": 12.345}) == Canonical(
        "a1", (*VALUES[:2], 1234, *VALUES[3:]), rounded=True
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        # what is missing
        ({"cc_num": None}, "cc_num is missing"),
        ({"merchant": ""}, "merchant is missing"),
        ({"amt": "  "}, "amt is missing"),
        # beyond bounds
        ({"amt": -0.01}, "amt below 0.0 (was -0.01)"),
        ({"amt": "1e30"}, "amt above 10000000.0 (was 1e30)"),
        ({"unix_time": 1_758_834_004_000}, "unix_time above 4102444800 (was 1758834004000)"),
        ({"lat": 91}, "lat above 90.0 (was 91)"),
        # not to be read
        ({"amt": "twelve"}, "amt is not a number (was 'twelve')"),
        ({"amt": float("nan")}, "amt is not finite (was NaN)"),
        ({"lat": "-Infinity"}, "lat is not finite (was -Infinity)"),
        ({"unix_time": 1758834004.5}, "unix_time is not a whole number (was 1758834004.5)"),
        ({"cc_num": "+4111111111111111"},
         "cc_num is not a number of up to 19 digits (was '*************1111')"),
        ({"cc_num": 10**19},
         "cc_num is not a number of up to 19 digits (was ****************0000)"),
        ({"lat": "4111 1111 1111 1111"}, "lat is not a number (was '***************1111')"),
        ({"merchant": "\ud83d"}, "merchant is not UTF-8 (was '\\xed\\xa0\\xbd')"),
        # of the wrong type
        ({"cc_num": 4.111111111111111e15},
         "cc_num cannot be read as card (was **************11.0)"),
        ({"amt": True}, "amt cannot be read as money(scale=2) (was true)"),
        ({"zip": 85033.0}, "zip cannot be read as text (was 85033.0)"),
        ({"merchant": ["Rau", "Sons"]}, "merchant cannot be read as text (was a list)"),
        ({"merchant": {"first": "Ann"}}, "merchant cannot be read as text (was an object)"),
        # the first of several, in the order of the columns
        ({"lat": 91, "merchant": [], "amt": -1}, "amt below 0.0 (was -1)"),
        ({"lat": 91, "merchant": []}, "merchant cannot be read as text (was a list)"),
    ],
)  # fmt: skip
def test_reasons(changed: dict[str, Any], reason: str) -> None:
    got = SingleReader(POS, COLUMNS).read(GOOD | changed)
    assert isinstance(got, Refused)
    assert (got.event_id, got.reason) == ("a1", reason)
    assert reason.startswith(got.column)


@pytest.mark.parametrize(
    ("ids", "event_id"),
    [
        ({"trans_num": " a b "}, "a b"),
        ({"trans_num": "\ta"}, "\ta"),
        ({"trans_num": " ", "profile": None, "transaction_id": 7}, "7"),
        ({"trans_num": 2**64}, str(2**64)),
        ({"trans_num": 10**50}, str(10**50)),
        ({"trans_num": "\ud800", "profile": "p"}, "p"),
        ({"trans_num": "a", "transaction_id": 1.5}, "a"),
    ],
)
def test_the_event_id_is_the_first_there_is(ids: dict[str, Any], event_id: str) -> None:
    raw = {key: value for key, value in GOOD.items() if key != "trans_num"} | ids
    assert SingleReader(POS, COLUMNS).read(raw) == Canonical(event_id, VALUES, rounded=False)


MISSING: Final = "event id is missing (trans_num, profile, transaction_id)"
NOT_AN_ID: Final = "event id 'trans_num' is neither text nor whole numbers"


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ({}, MISSING),
        ({"trans_num": "", "profile": "  "}, MISSING),
        ({"trans_num": 1.5, "transaction_id": 1}, f"{NOT_AN_ID} (was 1.5)"),
        ({"trans_num": True}, f"{NOT_AN_ID} (was true)"),
        ({"trans_num": ["a"]}, f"{NOT_AN_ID} (was a list)"),
    ],
)
def test_an_event_without_an_id_is_refused(ids: dict[str, Any], reason: str) -> None:
    got = SingleReader(POS, COLUMNS).read({"cc_num": "no card either"} | ids)
    assert isinstance(got, Refused)
    assert (got.event_id, got.column, got.reason) == (None, "trans_num", reason)


@pytest.mark.parametrize(
    ("written", "cents", "rounded"),
    [
        ("12.345", 1234, True), ("12.355", 1236, True), ("1.005", 100, True), ("1.20", 120, False),
        ("-0.0", 0, False), ("12", 1200, False), ("1e2", 10000, False), ("0.1e1", 100, False),
        # of text every digit counts, of a number those that its double tells
        ("12.34500000000000000001", 1234, True), ('"12.34500000000000000001"', 1235, True),
        ('" 12.345 "', 1234, True), ('"     1e-400      "', 0, False),
        ('"+12.34"', 1234, False), ('".5"', 50, False),
        ('"0.001e-9999999999999999999"', 0, True), ('"0.0000e9999999999999999999"', 0, False),
    ],
)  # fmt: skip
def test_amounts_round_half_to_even_as_decimals(written: str, cents: int, *, rounded: bool) -> None:
    raw = json.loads(f'{{"trans_num": "a", "amt": {written}}}')
    assert SingleReader(POS, ("amt",)).read(raw) == Canonical("a", (cents,), rounded)
    check(raw, POS, ("amt",))


def test_an_event_without_columns_and_a_column_twice_an_id() -> None:
    assert SingleReader(POS, ()).read(GOOD) == Canonical("a1", (), rounded=False)
    schema = Schema("s", (*ODD.columns, ColumnSpec("id", INT)), ("id",), "t")
    assert SingleReader(schema, ("id",)).read({"id": " 7"}) == Canonical("7", (7,), rounded=False)
    got = SingleReader(schema, ("id",)).read({"id": "a"})
    assert got == Refused("a", "id", "id is not a whole number", "'a'")
