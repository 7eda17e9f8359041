"""What counts as a difference, and how large it is."""

import math
import struct

import polars as pl
import pytest

from engine.skew.compare import Difference


def difference(
    expected: list[object], got: list[object], dtype: pl.DataType | None = None
) -> Difference:
    found = Difference()
    ids = pl.DataFrame({"event_id": [f"e{row}" for row in range(len(expected))]})
    found.add(pl.Series(expected, dtype=dtype), pl.Series(got, dtype=dtype), ids)
    return found


def up(value: float, steps: int) -> float:
    for _ in range(steps):
        value = math.nextafter(value, math.inf)
    return value


@pytest.mark.parametrize(
    ("one", "other", "ulp"),
    [
        (1.0, up(1.0, 1), 1),
        (1.0, up(1.0, 7), 7),
        (-1.0, up(-1.0, 3), 3),
        (0.0, 5e-324, 1),
        (-0.0, 0.0, 1),
        (-5e-324, 5e-324, 3),
        (1.0, 2.0, 2**52),
        (1.7976931348623157e308, math.inf, 1),
        (-math.inf, math.inf, 2 * 0x7FF0_0000_0000_0000 + 1),
    ],
)
def test_floats_differ_by_the_doubles_between_them(one: float, other: float, ulp: int) -> None:
    for pair in ((one, other), (other, one)):
        found = difference([3.0, pair[0]], [3.0, pair[1]])
        assert (found.compared, found.different, found.largest) == (2, 1, ulp)
        assert found.first is not None
        assert found.first.event == {"event_id": "e1"}
        assert (repr(found.first.expected), repr(found.first.got)) == (repr(pair[0]), repr(pair[1]))


def test_null_is_null_and_nan_is_nan_whatever_its_bits() -> None:
    (other_nan,) = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0001))
    found = difference([None, math.nan, 1.0], [None, other_nan, 1.0], pl.Float64())
    assert found == Difference(compared=3)


def test_null_and_nan_have_no_distance() -> None:
    found = difference([None, math.nan, 0.0, 2.0], [0.0, 1.0, None, 2.0], pl.Float64())
    assert (found.different, found.nulls, found.nans, found.largest) == (3, 2, 1, None)


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.Int8()])
def test_whole_numbers_differ_by_their_difference(dtype: pl.DataType) -> None:
    found = difference([1, -3, None, 0], [1, 4, None, 1], dtype)
    assert (found.different, found.nulls, found.largest) == (2, 0, 7)


def test_the_largest_difference_of_whole_numbers() -> None:
    assert difference([-(2**63)], [2**63 - 1], pl.Int64()).largest == 2**64 - 1


def test_texts_have_no_distance() -> None:
    found = difference(["a", None, "ä"], ["a", "b", "a\u0308"], pl.String())
    assert (found.different, found.nulls, found.largest) == (2, 1, None)


def test_differences_add_up() -> None:
    found = Difference()
    for expected, got in ((1.0, 1.0), (1.0, up(1.0, 2)), (1.0, up(1.0, 1))):
        found.add(pl.Series([expected]), pl.Series([got]), pl.DataFrame({"event_id": ["e"]}))
    assert (found.compared, found.different, found.largest) == (3, 2, 2)
    assert found.first is not None
    assert found.first.got == up(1.0, 2)
