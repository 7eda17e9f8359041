"""What was served against what is built, bit by bit."""

from math import nextafter
from pathlib import Path

import duckdb
import polars as pl
import pytest

from engine.catalog import notebook
from replay.job import replay
from replay.options import Options
from unit.build.cases import built, write
from unit.model.cases import simulated
from unit.replay.questions.cases import asked, decision, make_ledger


def differing(ledger: Path, features: pl.DataFrame, folder: Path) -> dict[str, tuple[int, str]]:
    path = folder / "features.parquet"
    features.write_parquet(path)
    rows = asked("skew", ledger, features=path)
    assert [row["found"] for row in rows] == [row["different"] > 0 for row in rows]
    return {row["feature"]: (row["different"], row["first"]) for row in rows if row["different"]}


def test_a_replay_serves_what_a_build_gives(boosted: Path, tmp_path: Path) -> None:
    log = write(simulated(400, days=5, seed=9), tmp_path / "log.parquet")
    ledger = tmp_path / "ledger"
    replay(Options(inputs=(str(log),), run=boosted, ledger=ledger))
    features = built(tmp_path / "built", [log])
    assert differing(ledger, features, tmp_path) == {}
    # What a build hands on of a log is no feature.
    known = pl.lit(0, pl.Int64).alias("label_time")
    assert differing(ledger, features.with_columns(known), tmp_path) == {}

    row = pl.int_range(pl.len())
    amount = pl.col("log_amt")
    above = amount.map_elements(lambda value: nextafter(value, 99.0), pl.Float64)
    wrong = features.with_columns(
        pl.when(row >= 398).then(above).otherwise(amount).alias("log_amt"),
        pl.when(row == 7).then(None).otherwise("hour").alias("hour"),
    )
    ids = features["event_id"]
    assert differing(ledger, wrong, tmp_path) == {"log_amt": (2, ids[398]), "hour": (1, ids[7])}


def test_null_is_nan_and_zero_has_a_sign(tmp_path: Path) -> None:
    zeros = dict.fromkeys(notebook.names, 0.0)
    served = [{**zeros, "lat": float("nan"), "long": -0.0}, {**zeros, "lat": 1.0}]
    decisions = [decision("2025-08-01") | {"features": features} for features in served]
    ledger = make_ledger(tmp_path / "ledger", decisions)
    features = pl.DataFrame(served).with_columns(
        pl.Series("event_id", ["e0", "e1"]),
        pl.col("lat").fill_nan(None),
        pl.col("long").abs(),
        pl.col("hour").cast(pl.Int64),
    )
    assert differing(ledger, features, tmp_path) == {"long": (1, "e0")}


def test_only_events_of_both_are_compared_and_features_of_either(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "ledger", [decision("2025-08-01"), decision("2025-08-02")])
    features = pl.DataFrame({"event_id": ["e1", "other"], **dict.fromkeys(notebook.names, 0.0)})
    assert differing(ledger, features, tmp_path) == {}
    renamed = features.rename({"hour": "other"})
    assert differing(ledger, renamed, tmp_path) == {"hour": (1, "e1"), "other": (1, "e1")}
    with pytest.raises(duckdb.Error, match="no event is in both"):
        differing(ledger, features[1:], tmp_path)
