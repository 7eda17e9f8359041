"""Features that tell the label too well by themselves."""

from itertools import product
from math import isclose
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from engine.catalog import notebook
from unit.replay.questions.cases import asked


def screened(frame: pl.DataFrame, folder: Path, **variables: object) -> dict[str, dict[str, Any]]:
    path = folder / "screened.parquet"
    frame.write_parquet(path)
    return {row["feature"]: row for row in asked("suspects", features=path, **variables)}


def test_auc_is_that_of_all_pairs(tmp_path: Path) -> None:
    values = [3.0, 1.0, 2.0, 2.0, None, 2.0, 0.0]
    labels = [1, 0, 0, 1, 0, None, 1]
    row = screened(pl.DataFrame({"f": values, "is_fraud": labels}), tmp_path)["f"]
    # Null is above all others; what has no label does not count.
    known = [
        (9.0 if v is None else v, y) for v, y in zip(values, labels, strict=True) if y in {0, 1}
    ]
    pairs = product([v for v, y in known if y], [v for v, y in known if not y])
    won = [1.0 if fraud > other else 0.5 if fraud == other else 0.0 for fraud, other in pairs]
    assert row["events"] == 6
    assert isclose(row["auc"], sum(won) / len(won))


def test_a_copy_of_the_label_is_found_and_honest_features_are_not(
    features: Path, tmp_path: Path
) -> None:
    frame = pl.read_parquet(features / "features.parquet")
    leaky = frame.with_columns(
        (1.0 - pl.col("is_fraud")).alias("turned"),
        # A chargeback's date is there for most frauds and for nothing else.
        pl.when((pl.col("is_fraud") == 1) & (pl.int_range(pl.len()) % 4 > 0))
        .then(pl.col("unix_time"))
        .alias("charged_back"),
        pl.lit("text").alias("text"),
    )
    rows = screened(leaky, tmp_path)
    assert {name for name, row in rows.items() if row["found"]} == {"turned", "charged_back"}
    assert (rows["turned"]["auc"], rows["turned"]["explained"]) == (0.0, 1.0)
    assert 0.5 < rows["charged_back"]["explained"] < 1.0
    assert rows["charged_back"]["auc"] > 0.01  # not found by this
    assert (rows["text"]["auc"], rows["text"]["explained"]) == (0.5, 0.0)
    assert set(notebook.names) < set(rows)
    found = {name for name, row in screened(frame, tmp_path, most_auc=0.5).items() if row["found"]}
    assert found  # the bounds are the caller's


def test_labels_of_one_kind_tell_nothing(tmp_path: Path) -> None:
    for labels in ([0, 0], [1, 1], [None, None]):
        frame = pl.DataFrame({"f": [1.0, 2.0], "is_fraud": pl.Series(labels, dtype=pl.Int64)})
        with pytest.raises(duckdb.Error, match="no event with a label of each kind"):
            screened(frame, tmp_path)
