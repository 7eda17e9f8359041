"""Raw rows become canonical events, or are refused for a reason."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from engine.definition import POS
from engine.definition.schema import ColumnSpec, Schema, TimeUnit
from engine.definition.types import BOOL, CARD, FLOAT, INT, TEXT, TIME, money_type
from engine.errors import InputError
from engine.events.canonical import EVENT_ID, event_schema
from engine.events.normalise import normalise
from unit.events.samples import COLUMNS, START

PLAIN = Schema(
    "plain",
    (
        ColumnSpec("t", TIME, required=True),
        ColumnSpec("card", CARD),
        ColumnSpec("n", INT),
        ColumnSpec("few", INT, low=-5, high=5),
        ColumnSpec("x", FLOAT),
        ColumnSpec("m", money_type(2)),
        ColumnSpec("text", TEXT),
        ColumnSpec("need", TEXT, required=True),
        ColumnSpec("flag", BOOL),
        ColumnSpec("label", INT, low=0, high=1, label=True),
    ),
    event_ids=("id", "id2"),
    event_time="t",
)


def read(name: str, values: pl.Series) -> tuple[list[object], list[str]]:
    """What one column becomes: the kept values, and the refused rows' reasons."""
    raw = pl.DataFrame({"id": [str(row) for row in range(len(values))], name: values})
    result = normalise(raw, PLAIN, (name,))
    bad = [
        kind if was is None else f"{kind} (was {was})"
        for kind, was in result.bad.select("kind", "was").iter_rows()
    ]
    assert len(result.events) + len(bad) == len(values)
    assert result.events.schema[name] == event_schema(PLAIN, (name,))[name] or name == "text"
    return result.events[name].to_list(), bad


def text(*values: str | None) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def at(*when: int) -> dt.datetime:
    """An instant without a zone, as most files hold it; it counts as UTC."""
    return dt.datetime(*when)  # type: ignore[arg-type,misc]  # noqa: DTZ001 - what is tested


CARD_FAULT = "card is not a number of up to 19 digits"
WHOLE_FAULT = "is not a whole number"


@pytest.mark.parametrize(
    ("name", "raw", "kept", "bad"),
    [
        # CARD
        ("card", text("9999999999999999999", "0012", " 7 "), [10**19 - 1, 12, 7], []),
        ("card", text("", None, "  "), [None] * 3, []),
        ("card", text("10000000000000000000"), [], [f"{CARD_FAULT} (was '****************0000')"]),
        ("card", text("99999999999999999999"), [], [f"{CARD_FAULT} (was '****************9999')"]),
        ("card", text("-4111111111111111"), [], [f"{CARD_FAULT} (was '*************1111')"]),
        ("card", text("+12"), [], [f"{CARD_FAULT} (was '+12')"]),
        ("card", text("4111 1111 1111 1111"), [], [f"{CARD_FAULT} (was '***************1111')"]),
        ("card", text("4111111111111111.0"), [], [f"{CARD_FAULT} (was '**************11.0')"]),
        ("card", pl.Series([5, -5]), [5], [f"{CARD_FAULT} (was -5)"]),
        ("card", pl.Series([2**64 - 1, 3], dtype=pl.UInt64), [3],
         [f"{CARD_FAULT} (was ****************1615)"]),
        ("card", pl.Series([7, None], dtype=pl.Int16), [7, None], []),
        ("card", pl.Series(["8"], dtype=pl.Categorical), [8], []),
        ("card", pl.Series([Decimal(10**19 - 1)]).cast(pl.Decimal(38, 0)), [10**19 - 1], []),
        # TIME
        ("t", text("1758834004", " 12\t", "12.0", "-3"), [1758834004, 12, 12, -3], []),
        ("t", text("12.5", "x", ""), [],
         [f"t {WHOLE_FAULT} (was '12.5')", f"t {WHOLE_FAULT} (was 'x')", "t is missing"]),
        ("t", pl.Series([12.0, 12.5, float("nan"), None]), [12],
         [f"t {WHOLE_FAULT} (was 12.5)", "t is not finite (was NaN)", "t is missing"]),
        ("t", pl.Series([at(1970, 1, 2)]), [86_400], []),
        ("t", pl.Series([dt.datetime(1970, 1, 2, tzinfo=dt.UTC)]).cast(pl.Datetime("ns", "UTC")),
         [86_400], []),
        ("t", pl.Series([at(1969, 12, 31, 23, 59, 59)]).cast(pl.Datetime("ms")), [-1], []),
        ("t", pl.Series([at(1970, 1, 1, 0, 0, 1, 500_000)]), [],
         [f"t {WHOLE_FAULT} (was 1970-01-01 00:00:01.500000)"]),
        ("t", pl.Series([dt.date(1970, 1, 3)]), [172_800], []),
        # INT
        ("n", text("12", "-0", "1e3", "9223372036854775807"), [12, 0, 1000, 2**63 - 1], []),
        ("n", text("9223372036854775808", "true"), [],
         [f"n {WHOLE_FAULT} (was '***************5808')",
          f"n {WHOLE_FAULT} (was 'true')"]),
        ("n", pl.Series([True, False, None]), [1, 0, None], []),
        ("n", pl.Series([2.0, 2.5, 1e300]), [2],
         [f"n {WHOLE_FAULT} (was 2.5)", f"n {WHOLE_FAULT} (was 1e+300)"]),
        ("n", pl.Series([Decimal("2.00"), Decimal("2.50")]), [2], [f"n {WHOLE_FAULT} (was 2.50)"]),
        ("n", pl.Series([2**63, 1], dtype=pl.UInt64), [1],
         [f"n {WHOLE_FAULT} (was ***************5808)"]),
        ("few", text("5", "6", "-6", "1e30", "-1e30", "inf"), [5],
         ["few above 5 (was 6)", "few below -5 (was -6)", "few above 5 (was 1e30)",
          "few below -5 (was -1e30)", "few is not finite (was inf)"]),
        # FLOAT
        ("x", text("1.5", "-.5", "2", "1e-3", " 4 "), [1.5, -0.5, 2.0, 0.001, 4.0], []),
        ("x", text("abc", "nan", "-Infinity", "1,5", "1_0", "0x1"), [],
         ["x is not a number (was 'abc')", "x is not finite (was nan)",
          "x is not finite (was -Infinity)", "x is not a number (was '1,5')",
          "x is not a number (was '1_0')", "x is not a number (was '0x1')"]),
        ("x", pl.Series([1.0, float("nan"), float("inf"), -float("inf"), None]), [1.0, None],
         ["x is not finite (was NaN)", "x is not finite (was inf)", "x is not finite (was -inf)"]),
        ("x", pl.Series([3, None], dtype=pl.Int8), [3.0, None], []),
        ("x", pl.Series([None, None]), [None, None], []),
        ("x", pl.Series([Decimal("1.25")]), [1.25], []),
        # MONEY
        ("m", text("1.25", "1.255", " 7 ", "", "x", "nan"), [125, 126, 700, None],
         ["m is not a number (was 'x')", "m is not finite (was nan)"]),
        ("m", pl.Series([86.26, float("nan")]), [8626], ["m is not finite (was NaN)"]),
        ("m", pl.Series([3, None]), [300, None], []),
        # TEXT
        ("text", text("a", "", None, " b "), ["a", None, None, " b "], []),
        ("text", pl.Series(["a", "", None], dtype=pl.Categorical), ["a", None, None], []),
        ("text", pl.Series(["a"], dtype=pl.Enum(["a"])), ["a"], []),
        ("text", pl.Series([85033, None]), ["85033", None], []),
        ("text", pl.Series([dt.date(1968, 10, 24)]), ["1968-10-24"], []),
        ("text", pl.Series([at(1968, 10, 24), None, at(1968, 1, 1, 2, 3, 4)]),
         ["1968-10-24", None, "1968-01-01 02:03:04"], []),
        ("text", pl.Series([b"a", b"", None]), ["a", None, None], []),
        ("text", pl.Series([b"a", b"\xff\xfe"]), ["a"], ["text is not UTF-8 (was '\\xff\\xfe')"]),
        ("need", text("a", "", None), ["a"], ["need is missing", "need is missing"]),
        # BOOL
        ("flag", text("1", "F", "yes", "", "2", "maybe"), [True, False, True, None],
         ["flag is neither true nor false (was '2')",
          "flag is neither true nor false (was 'maybe')"]),
        ("flag", pl.Series([True, None]), [True, None], []),
        # the label
        ("label",
         text("1", "0", "True", "FALSE", "t", "f", "Yes", "no", "Y", "n", " y ", "1.0", ""),
         [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, None], []),
        ("label", text("2", "-1", "fraud", "nan"), [],
         ["label above 1 (was 2)", "label below 0 (was -1)",
          "label is neither 1 nor 0 (was 'fraud')",
          "label is not finite (was nan)"]),
        ("label", pl.Series([True, False, None]), [1, 0, None], []),
        ("label", pl.Series([1.0, 0.0, None]), [1, 0, None], []),
    ],
)  # fmt: skip
def test_each_kind_is_read_as_its_type_says(
    name: str, raw: pl.Series, kept: list[object], bad: list[str]
) -> None:
    assert read(name, raw) == (kept, bad)


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("stored", ["ms", "us"])
def test_instants_become_ticks_of_the_schemas_unit(unit: TimeUnit, stored: TimeUnit) -> None:
    schema = replace(PLAIN, time_unit=unit)
    at = pl.Series([dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)]).cast(pl.Datetime(stored, "UTC"))
    result = normalise(pl.DataFrame({"id": ["a"], "t": at}), schema, ("t",))
    assert result.events["t"].to_list() == [1_709_208_000 * schema.ticks_per_second]


def test_minus_zero_is_zero() -> None:
    for raw in (pl.Series([-0.0, 1.0]), text("-0", "1")):
        values = normalise(pl.DataFrame({"id": ["a", "b"], "x": raw}), PLAIN, ("x",)).events["x"]
        assert not np.signbit(values.to_numpy()).any()


def test_a_good_frame_is_canonical(rows: pl.DataFrame) -> None:
    result = normalise(rows, POS, (*COLUMNS, "zip", "label_time"))
    assert result.events.schema == event_schema(POS, (*COLUMNS, "zip", "label_time"))
    assert result.events[EVENT_ID].to_list() == rows["trans_num"].to_list()
    assert result.events["amt"].to_list() == [125 + 100 * n for n in range(10)]
    assert result.events["zip"].null_count() == 10
    assert (len(result.bad), result.rounded) == (0, 0)


def test_text_rows_become_what_typed_rows_become(rows: pl.DataFrame) -> None:
    typed = normalise(rows, POS, COLUMNS)
    as_text = normalise(rows.cast(pl.String), POS, COLUMNS)
    assert as_text.events.equals(typed.events)
    narrow = rows.cast(
        {"unix_time": pl.UInt32, "is_fraud": pl.Boolean, "amt": pl.Float32, "lat": pl.Float32}
    )
    assert normalise(narrow, POS, COLUMNS).events.equals(typed.events)


def test_a_row_is_refused_once_for_its_first_fault(rows: pl.DataFrame) -> None:
    bad = rows.with_columns(
        pl.Series("amt", [1.0, -1.0, None, 1e12, *[1.0] * 6]),
        pl.Series("lat", [40.0, 91.0, 91.0, 40.0, -90.5, *[90.0] * 5]),
    )
    result = normalise(bad, POS, COLUMNS)
    assert result.bad.rows() == [
        (1, "amt", "amt below 0.0", "-1.0"),
        (2, "amt", "amt is missing", None),
        (3, "amt", "amt above 10000000.0", "*********0000.0"),
        (4, "lat", "lat below -90.0", "-90.5"),
    ]
    assert result.events[EVENT_ID].to_list() == ["id-0000", *(f"id-{n:04d}" for n in range(5, 10))]


def test_bounds_are_inclusive(rows: pl.DataFrame) -> None:
    edges = rows.head(4).with_columns(
        pl.Series("amt", [0.0, 1e7, 10_000_000.01, -0.01]),
        pl.Series("lat", [-90.0, 90.0, 0.0, 0.0]),
    )
    assert normalise(edges, POS, COLUMNS).events["amt"].to_list() == [0, 1_000_000_000]


def test_an_amount_beyond_64_bits_is_above_its_bound(rows: pl.DataFrame) -> None:
    for amounts in (pl.Series([1e30, 1.0]), text("1e30", "1")):
        result = normalise(rows.head(2).with_columns(amounts.alias("amt")), POS, COLUMNS)
        assert result.bad["kind"].to_list() == ["amt above 10000000.0"]


def test_roundings_count_among_kept_rows_only(rows: pl.DataFrame) -> None:
    raw = rows.head(4).with_columns(
        pl.Series("amt", [0.125, 0.135, 0.145, 1.0]), pl.Series("lat", [0.0, 0.0, 99.0, 0.0])
    )
    result = normalise(raw, POS, COLUMNS)
    assert (result.events["amt"].to_list(), result.rounded) == ([12, 14, 100], 2)


def test_the_event_id_is_the_first_there_is(rows: pl.DataFrame) -> None:
    raw = rows.head(4).with_columns(
        pl.Series("trans_num", ["a", None, "", None]), pl.Series("transaction_id", [1, 2, 3, None])
    )
    result = normalise(raw, POS, COLUMNS)
    assert result.events[EVENT_ID].to_list() == ["a", "2", "3"]
    assert result.bad.rows() == [
        (3, "trans_num", "event id is missing (trans_num, transaction_id)", None)
    ]
    other = normalise(rows.rename({"trans_num": "profile"}), POS, COLUMNS)
    assert other.events[EVENT_ID][0] == "id-0000"


def test_reasons_hide_card_numbers_wherever_they_turn_up(rows: pl.DataFrame) -> None:
    shifted = rows.cast(pl.String).with_columns(
        pl.Series("lat", ["4111111111111111", "4111-1111-1111-1111", "123-45-6789", *["1"] * 7])
    )
    bad = normalise(shifted, POS, COLUMNS).bad
    assert bad["was"].to_list() == ["************1111", "'***************1111'", "'*******6789'"]
    long = rows.cast(pl.String).with_columns(pl.lit("x" * 500).alias("lat"))
    assert max(normalise(long, POS, COLUMNS).bad["was"].str.len_chars()) <= 62


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("cc_num", pl.Series([4.1e15])),
        ("cc_num", pl.Series([True])),
        ("unix_time", pl.Series([True])),
        ("amt", pl.Series([dt.date(2024, 1, 1)])),
        ("merchant", pl.Series([1.5])),
        ("merchant", pl.Series([["a"]])),
        ("lat", pl.Series([{"a": 1}])),
        ("trans_num", pl.Series([1.5])),
    ],
)
def test_a_dtype_that_cannot_hold_the_type_is_an_error(
    rows: pl.DataFrame, column: str, values: pl.Series
) -> None:
    with pytest.raises(InputError, match=column) as caught:
        normalise(rows.head(1).with_columns(values.alias(column)), POS, COLUMNS)
    assert f"{values.dtype}" in caught.value.what
    assert caught.value.hint


def test_no_rows_and_no_id() -> None:
    nothing = pl.DataFrame(schema={"trans_num": pl.String, "unix_time": pl.Int64})
    assert normalise(nothing, POS, ("unix_time", "amt")).events.schema == event_schema(
        POS, ("unix_time", "amt")
    )
    with pytest.raises(InputError, match="no column identifies an event"):
        normalise(pl.DataFrame({"unix_time": [START]}), POS, ("unix_time",))


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Binary])
def test_spaces_around_event_ids_are_no_part_of_them(dtype: type[pl.DataType]) -> None:
    raw = pl.DataFrame(
        {
            "id": pl.Series([" a", "b ", "   ", "", "c d"]).cast(dtype),
            "id2": ["x", "x", " y ", "  ", "x"],
        }
    )
    result = normalise(raw, PLAIN, ())
    assert result.events[EVENT_ID].to_list() == ["a", "b", "y", "c d"]
    assert result.bad["row"].to_list() == [3]


def test_milliseconds_are_shown_whole_and_longer_numbers_are_not() -> None:
    low, high = 631_152_000, 4_102_444_800
    schema = replace(PLAIN, columns=(ColumnSpec("t", TIME, required=True, low=low, high=high),))
    raw = pl.DataFrame({"id": ["1", "2"], "t": ["1758834000123", "1758834000123456.5"]})
    assert normalise(raw, schema, ("t",)).bad["was"].to_list() == [
        "1758834000123",
        "************3456.5",
    ]
