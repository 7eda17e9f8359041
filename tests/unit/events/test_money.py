"""Amounts become exact minor units, whatever they are stored as."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from engine.events.money import minor_units

SCALES = st.integers(0, 4)


def exact(text: str, scale: int) -> tuple[int | None, bool]:
    with localcontext(prec=1000):
        scaled = Decimal(text).scaleb(scale)
        whole = int(scaled.to_integral_value(rounding=ROUND_HALF_EVEN))
    fits = abs(whole) < 2**63
    return (whole if fits else None), fits and whole != scaled


def check(raw: pl.Series, texts: list[str], scale: int) -> None:
    values, rounded = minor_units(raw, scale)
    expected = [exact(text, scale) for text in texts]
    assert values.dtype == pl.Int64
    assert values.to_list() == [units for units, _ in expected]
    flags = [False] * len(texts) if rounded is None else rounded.to_list()
    assert flags == [flag for _, flag in expected]


@given(st.lists(st.decimals(-(10**16), 10**16, places=2), max_size=20))
def test_cents_written_as_text_or_double_come_back(amounts: list[Decimal]) -> None:
    texts = [str(amount) for amount in amounts]
    check(pl.Series(texts, dtype=pl.String), texts, 2)


@given(st.lists(st.integers(-(10**14), 10**14), max_size=50), SCALES)
def test_every_double_that_is_whole_minor_units_is_exact(units: list[int], scale: int) -> None:
    doubles = [unit / 10**scale for unit in units]
    values, rounded = minor_units(pl.Series(doubles, dtype=pl.Float64), scale)
    assert values.to_list() == units
    assert rounded is None


@given(st.lists(st.floats(-1e18, 1e18), max_size=20), SCALES)
def test_doubles_round_on_their_decimal_text(doubles: list[float], scale: int) -> None:
    check(pl.Series(doubles, dtype=pl.Float64), [repr(x) for x in doubles], scale)


@given(st.lists(st.decimals(-(10**6), 10**6, allow_nan=False), max_size=20), SCALES)
def test_text_rounds_half_to_even(amounts: list[Decimal], scale: int) -> None:
    # An exponent below that of any double is no amount: it reads as 0.
    texts = [f"{amount:f}" for amount in amounts if amount == 0 or abs(amount) > Decimal("1e-300")]
    check(pl.Series(texts, dtype=pl.String), texts, scale)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20), SCALES)
def test_whole_numbers_are_major_units(amounts: list[int], scale: int) -> None:
    values, rounded = minor_units(pl.Series(amounts, dtype=pl.Int64), scale)
    products = [amount * 10**scale for amount in amounts]
    assert values.to_list() == [
        p if abs(p) < 2**63 and a > -(2**63) else None
        for a, p in zip(amounts, products, strict=True)
    ]
    assert rounded is None


def test_ties_go_to_even_as_decimals_and_not_as_doubles() -> None:
    texts = ["0.125", "0.135", "1.005", "2.675", "-0.125", "0.0049999999999999999", "0.005"]
    check(pl.Series(texts), texts, 2)
    check(pl.Series([float(t) for t in texts]), [repr(float(t)) for t in texts], 2)
    # The double nearest to 1.005 lies below it; its decimal text is a tie all the same.
    assert minor_units(pl.Series([1.005, 1.015]), 2)[0].to_list() == [100, 102]


def test_dtypes_that_hold_decimals() -> None:
    amounts = pl.Series(["1.25", None, "-3.10", "0.125"])
    for dtype in (pl.Decimal(20, 3), pl.Float32, pl.Float64, pl.String):
        values, rounded = minor_units(amounts.cast(dtype), 2)
        assert values.to_list() == [125, None, -310, 12], dtype
        assert rounded is not None
        assert rounded.to_list() == [False, False, False, True]
    # 86.26 is not a float32; what was meant is the shortest decimal that reads back as it.
    values, rounded = minor_units(pl.Series([86.26, 9999.99], dtype=pl.Float32), 2)
    assert (values.to_list(), rounded) == ([8626, 999999], None)


def test_what_is_no_number_or_too_large_is_null() -> None:
    texts = ["x", "nan", "inf", "-inf", "1e30", "92233720368547758.07", "92233720368547758.08", ""]
    values, _ = minor_units(pl.Series(texts), 2)
    assert values.to_list() == [None] * 5 + [2**63 - 1, None, None]
    assert minor_units(pl.Series([float("nan"), None, 1e30]), 2)[0].to_list() == [None] * 3


def test_amounts_of_any_exponent_that_are_as_good_as_zero() -> None:
    texts = ["1e-9999999999999999999", "-1.5E-99999999999999999999", "12.34e-999999999999999999"]
    nothing = ["0e-9999999999999999999", "0.000e9999999999999999999", "-0e999999999999999999"]
    values, rounded = minor_units(pl.Series([*texts, *nothing]), 2)
    assert values.to_list() == [0] * 6
    assert rounded is not None
    assert rounded.to_list() == [True] * 3 + [False] * 3
