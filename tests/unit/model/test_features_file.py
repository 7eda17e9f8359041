"""A build's features as arrays: every value, every null, and amounts to the cent."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.catalog import notebook
from engine.definition import POS
from engine.model.features_file import _amounts, read_features
from unit.model.cases import build_features, simulated
from unit.train.cases import read_json

MOST_CENTS = 1_000_000_000  # the schema's bound of an amount


def test_the_bound_is_the_schemas() -> None:
    high = POS.by_name["amt"].high
    assert high is not None
    assert high * 100 == MOST_CENTS


@given(st.integers(0, MOST_CENTS))
@example(0)
@example(1)
@example(MOST_CENTS)
def test_amounts_come_back_from_their_logarithm_to_the_cent(cents: int) -> None:
    # As the engines compute it: the amount in major units is one division, ln is the C library's.
    frame = pl.DataFrame({"log_amt": [math.log(cents / 100 + 1.0)]})
    found = _amounts(notebook, frame)
    assert found is not None
    assert found.tolist() == [cents / 100]


def test_amounts_come_back_all_over_their_range() -> None:
    ends = np.linspace(0, MOST_CENTS - 1_000, 1_000).astype(np.int64)
    cents = (ends[:, None] + np.arange(1_000)).ravel()
    frame = pl.DataFrame({"log_amt": (pl.Series(cents) / 100.0 + 1.0).log()})
    found = _amounts(notebook, frame)
    assert found is not None
    assert np.array_equal(found, cents / 100)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_features(tmp_path_factory.mktemp("built") / "features", simulated(500))


def test_amounts_are_those_of_the_log(built: Path) -> None:
    log = pl.read_csv(built.parent / "features.csv", separator="|", infer_schema=False)
    amounts = read_features(built, labels_required=True).amounts
    assert amounts is not None
    assert amounts.tolist() == log["amt"].cast(pl.Float64).to_list()


def test_values_are_the_columns_and_null_is_nan(built: Path, tmp_path: Path) -> None:
    frame = pl.read_parquet(built / "features.parquet").with_columns(
        pl.when(pl.int_range(pl.len()) % 3 == 0).then("velocity_1h").alias("velocity_1h")
    )
    frame.write_parquet(tmp_path / "features.parquet")
    (tmp_path / "build.json").write_text(json.dumps(read_json(built / "build.json")))
    (tmp_path / "features.json").write_bytes((built / "features.json").read_bytes())
    table = read_features(tmp_path, labels_required=True)
    assert table.amounts is not None
    values = table.values.numbers
    assert values.dtype == np.float64
    for place, name in enumerate(notebook.names):
        expected = [math.nan if value is None else float(value) for value in frame[name]]
        assert np.array_equal(values[:, place], expected, equal_nan=True)
    assert np.isnan(values[:, notebook.names.index("velocity_1h")]).sum() == len(frame) * 2 // 3


def test_labels_are_known_when_the_file_says(built: Path, tmp_path: Path) -> None:
    assert read_features(built, labels_required=True).label_times is None
    frame = pl.read_parquet(built / "features.parquet")
    later = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col("unix_time") + 60)
    frame.insert_column(4, frame.select(label_time=later).to_series()).write_parquet(
        tmp_path / "features.parquet"
    )
    for name in ("build.json", "features.json"):
        (tmp_path / name).write_bytes((built / name).read_bytes())
    table = read_features(tmp_path, labels_required=True)
    assert table.label_times is not None
    assert (table.label_times - table.times).tolist() == [60, 0] * (len(frame) // 2)


def test_where_an_amount_is_null_there_is_no_money(built: Path, tmp_path: Path) -> None:
    """Else its sums would be NaN, of which no figure can be made."""
    frame = pl.read_parquet(built / "features.parquet")
    first = pl.int_range(pl.len()) == 0
    frame.with_columns(pl.when(~first).then("log_amt").alias("log_amt")).write_parquet(
        tmp_path / "features.parquet"
    )
    for name in ("build.json", "features.json"):
        (tmp_path / name).write_bytes((built / name).read_bytes())
    assert read_features(tmp_path, labels_required=True).amounts is None
