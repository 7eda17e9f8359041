"""What looks ahead is caught, and what does not is left in peace."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from engine.catalog import notebook
from replay.questions.read import QUESTIONS
from unit.build.cases import built, write
from unit.model.cases import simulated
from unit.replay.questions.cases import asked

AT = datetime(2025, 1, 20, 18, tzinfo=UTC)
HOUR = 3_600


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A log of 40 days, and as it was known at AT, cut as the audit's header says."""
    folder = tmp_path_factory.mktemp("logs")
    whole, known = folder / "whole.parquet", folder / "known.parquet"
    write(simulated(), whole)
    header = (QUESTIONS / "leakage.sql").read_text("utf-8").split("-- variables:")[0]
    lines = re.findall(r"^--   (.*)$", header[header.index("COPY (") - 5 :], re.MULTILINE)
    recipe = " ".join(lines[: lines.index(") TO 'known.parquet'") + 1])
    for old, new in (
        ("DATE '2025-03-01'", f"TIMESTAMP '{AT:%Y-%m-%d %H:%M}'"),
        ("log.parquet", str(whole)),
        ("known.parquet", str(known)),
    ):
        assert old in recipe
        recipe = recipe.replace(old, new)
    with duckdb.connect() as connection:
        connection.execute(recipe)
    return whole, known


@pytest.fixture(scope="module")
def honest(
    logs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The features of both, as they are built."""
    folder = tmp_path_factory.mktemp("features")
    whole, known = (built(folder / log.stem, [log]) for log in logs)
    return whole, known


def audited(
    features: tuple[pl.DataFrame, pl.DataFrame],
    folder: Path,
    make: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame,
) -> dict[str, dict[str, Any]]:
    """The rows of the audit by feature, after each file had something made of it by itself."""
    paths = folder / "whole.parquet", folder / "known.parquet"
    for frame, path in zip(features, paths, strict=True):
        make(frame).write_parquet(path)
    rows = asked("leakage", whole=paths[0], known=paths[1])
    return {row["feature"]: row for row in rows}


def of_the_future(frame: pl.DataFrame) -> pl.DataFrame:
    """How many events the card has in the hour to come."""
    times = pl.col("unix_time")
    ahead = frame.select("cc_num", "event_id", times).rename({"event_id": "later"})
    pairs = frame.select("event_id", "cc_num", times).join_where(
        ahead,
        pl.col("cc_num") == pl.col("cc_num_right"),
        pl.col("unix_time_right") > times,
        pl.col("unix_time_right") <= times + HOUR,
    )
    counts = pairs.group_by("event_id").agg(pl.len().alias("next_hour"))
    return frame.join(counts, "event_id", "left").with_columns(pl.col("next_hour").fill_null(0))


LEAKS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "next_hour": of_the_future,
    "seconds_to_next": lambda frame: frame.with_columns(
        (pl.col("unix_time").shift(-1).over("cc_num") - pl.col("unix_time")).alias(
            "seconds_to_next"
        )
    ),
    "card_fraud_rate": lambda frame: frame.with_columns(
        pl.col("is_fraud").mean().over("cc_num").alias("card_fraud_rate")
    ),
    "own_label": lambda frame: frame.with_columns(
        pl.col("is_fraud").fill_null(0).alias("own_label")
    ),
    "fraud_before": lambda frame: frame.with_columns(  # of the card, as soon as it happened
        (pl.col("is_fraud").fill_null(0).cum_sum() - pl.col("is_fraud").fill_null(0))
        .over("cc_num")
        .alias("fraud_before")
    ),
    "scaled": lambda frame: frame.with_columns(
        ((pl.col("log_amt") - pl.col("log_amt").mean()) / pl.col("log_amt").std()).alias("scaled")
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_feature_that_looks_ahead_is_found(
    honest: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path, name: str
) -> None:
    rows = audited(honest, tmp_path, LEAKS[name])
    assert {feature for feature, row in rows.items() if row["found"]} == {name}
    assert rows[name]["different"] > 0
    assert rows[name]["first"] is not None


def test_it_tells_how_far_ahead_a_feature_looks(
    honest: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    whole, known = (of_the_future(frame) for frame in honest)
    row = audited((whole, known), tmp_path)["next_hour"]
    both = whole.join(known, "event_id", suffix="_known")
    differ = both.filter(pl.col("next_hour") != pl.col("next_hour_known"))
    earliest = differ.sort("unix_time", "event_id").row(0, named=True)
    assert (row["different"], row["first"]) == (len(differ), earliest["event_id"])
    assert row["ahead"] == known["unix_time"].max() - earliest["unix_time"] <= HOUR


def test_honest_features_are_not(honest: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path) -> None:
    whole, known = honest
    assert known["is_fraud"].null_count() > 0
    rows = audited(honest, tmp_path)
    assert set(rows) == set(notebook.names)
    for row in rows.values():
        assert (row["events"], row["different"]) == (len(known), 0)
        assert not row["found"]
    assert 0 < len(known) < len(whole)


def test_nulls_and_kinds_of_numbers(tmp_path: Path) -> None:
    whole = pl.DataFrame(
        {
            "event_id": ["a", "b", "c"],
            "unix_time": [1, 2, 3],
            "same": [None, float("nan"), 1.0],
            "whole_number": [1, None, 3],
            "gone": [None, 2.0, 3.0],
            "text": ["x", "y", "z"],
        }
    )
    known = whole[:2].with_columns(
        pl.col("whole_number").cast(pl.Float64),
        pl.lit(None, dtype=pl.Float64).alias("gone"),
        pl.Series("text", ["x", "?"]),
    )
    rows = audited((whole, known), tmp_path)
    assert {name: row["first"] for name, row in rows.items() if row["found"]} == {
        "gone": "b",
        "text": "b",
    }


def test_a_feature_that_only_one_file_has_is_found(tmp_path: Path) -> None:
    whole = pl.DataFrame({"event_id": ["a", "b"], "unix_time": [1, 2], "f": [1, 2]})
    rows = audited((whole, whole[:1].rename({"f": "g"})), tmp_path)
    assert {name: row["found"] for name, row in rows.items()} == {"f": True, "g": True}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (["a", "b"], "nothing came after what was known"),
        (["x"], "no event is in both"),
    ],
)
def test_what_cannot_tell_anything_is_refused(tmp_path: Path, known: list[str], said: str) -> None:
    def frame(ids: list[str]) -> pl.DataFrame:
        return pl.DataFrame({"event_id": ids}).with_columns(unix_time=1, f=1.0)

    with pytest.raises(duckdb.Error, match=said):
        audited((frame(["a", "b"]), frame(known)), tmp_path)
