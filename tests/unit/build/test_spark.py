"""Builds by Spark: the same file as any other engine's, and what is said of it beforehand."""

from pathlib import Path

import polars as pl
import pytest

from backends import backend_or_skip
from engine.build.cli import main
from engine.build.job import build
from engine.build.options import Options
from engine.catalog import load_feature_set
from replay.simulate import Settings, simulate
from unit.build.cases import write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    events = pl.concat(simulate(Settings(rows=400, cards=10, days=4, seed=6, fraud_rate=0.1)))
    # Late events, an event that comes twice, and a row that cannot be read.
    return write(pl.concat([events[200:], events[:210]]), tmp_path / "log.csv")


@pytest.mark.parametrize("name", ["notebook", "pos"])
def test_a_build_by_spark_is_a_build_like_any_other(tmp_path: Path, log: Path, name: str) -> None:
    backend_or_skip("spark")
    from engine.backends.spark.session import shared_session

    shared_session()  # a build takes the session that there is
    features = load_feature_set(name)
    built = {}
    for engine in ("polars", "spark"):
        out = tmp_path / engine
        report = build(Options(inputs=(str(log),), out=out, features=features, engine=engine))
        rows = report.content["rows"]
        assert (rows["written"], rows["duplicates"]) == (400, 10)
        built[engine] = pl.read_parquet(out / "features.parquet")
    assert built["spark"].equals(built["polars"])
    assert sorted(path.name for path in (tmp_path / "spark").iterdir()) == [
        "build.json",
        "features.json",
        "features.parquet",
        "quarantine.parquet",
    ]


def test_the_plan_is_told(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = [str(log), "--out", str(tmp_path / "out"), "--engine", "spark", "--explain"]
    assert main([*args, "--set", "pos", "--threads", "2"]) == 0
    text = capsys.readouterr().out
    for base in ("cc_num", "merchant", "category"):
        assert f"rows meet by ({base})" in text
    assert "the whole stream is cut into slices of time" in text
    assert "in one task" not in text


def test_a_master_is_sparks_alone(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(log), "--out", str(tmp_path / "out"), "--master", "local[2]"]) == 2
    refused = capsys.readouterr().err
    assert "--master is of the engine spark (was 'local[2]', engine 'polars')" in refused
