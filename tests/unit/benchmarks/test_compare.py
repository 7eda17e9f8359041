"""What counts as equal to the reference, and how a difference is told."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.compare import DifferenceError, Expectations, Expected, check_all, first_difference
from engine.build.job import build
from engine.build.options import Options
from engine.build.outputs import FEATURES
from engine.catalog import load_feature_set
from replay.simulate import Settings, simulate

NAN = float("nan")
ROWS = 1_000


@pytest.mark.parametrize(
    ("got", "expected", "row"),
    [
        ([1.0, None, NAN], [1.0, None, NAN], None),
        ([NAN], [-NAN], None),
        ([0.0], [-0.0], 0),
        ([1.0, 0.1 + 0.2], [1.0, 0.3], 1),
        ([0.0], [None], 0),
        ([None, 0.0], [None, NAN], 1),
        ([1, None], [1, None], None),
        ([1, None], [1, 0], 1),
        ([2**62 + 1], [2**62], 0),
    ],
)
def test_the_first_different_bit(
    got: list[object], expected: list[object], row: int | None
) -> None:
    dtype = pl.Float64 if any(isinstance(value, float) for value in got + expected) else pl.Int64
    assert first_difference(pl.Series(got, dtype=dtype), pl.Series(expected, dtype=dtype)) == row


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    made = pl.concat(simulate(Settings(rows=ROWS, cards=20, days=3)))
    made.write_parquet(folder / "in.parquet")
    build(Options(inputs=(str(folder / "in.parquet"),), out=folder))
    return folder


@pytest.fixture(scope="module")
def expected(built: Path) -> list[Expected]:
    expectations = Expectations(built / "in.parquet", load_feature_set("notebook"))
    return [expectations.of_first_rows(200), *expectations.of_some_keys()]


def test_a_right_output_passes(built: Path, expected: list[Expected]) -> None:
    assert [len(one.values) for one in expected] == [200, ROWS]
    check_all(expected, built / FEATURES, ROWS, ROWS)


@pytest.mark.parametrize("row", [7, 900])
def test_one_bit_is_found_and_named(
    built: Path, expected: list[Expected], tmp_path: Path, row: int
) -> None:
    output = pl.read_parquet(built / FEATURES).with_row_index("at")
    wrong = pl.when(pl.col("at") == row).then(pl.col("lat") * (1 + 2**-52)).otherwise("lat")
    output.with_columns(wrong.alias("lat")).drop("at").write_parquet(tmp_path / FEATURES)
    with pytest.raises(DifferenceError, match=f"feature 'lat' differs in row {row} of the file"):
        check_all(expected, tmp_path / FEATURES, ROWS, ROWS)


def test_a_missing_row_is_found(built: Path, expected: list[Expected], tmp_path: Path) -> None:
    pl.read_parquet(built / FEATURES)[:-1].write_parquet(tmp_path / FEATURES)
    with pytest.raises(DifferenceError, match="all 1,000 rows of 20 cards: 999 rows of"):
        check_all(expected, tmp_path / FEATURES, ROWS, ROWS)
    with pytest.raises(DifferenceError, match="999 rows were written of 1,000"):
        check_all(expected, tmp_path / FEATURES, ROWS - 1, ROWS)


def test_another_dtype_is_found(built: Path, expected: list[Expected], tmp_path: Path) -> None:
    output = pl.read_parquet(built / FEATURES)
    output.with_columns(pl.col("age").cast(pl.Int32)).write_parquet(tmp_path / FEATURES)
    with pytest.raises(DifferenceError, match="age Int32"):
        check_all(expected, tmp_path / FEATURES, ROWS, ROWS)
