"""The suite of Spark: it checks what it times, and says what it measured."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from backends import backend_or_skip
from benchmarks.cli import main
from benchmarks.compare import DifferenceError
from benchmarks.measure import Run
from benchmarks.simulated import Simulated
from benchmarks.spark import peer
from benchmarks.spark.drive import SQL, measured
from benchmarks.suites import spark as suite
from replay.simulate import Settings, simulate

ROWS = 600


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    backend_or_skip("spark")
    from engine.backends.spark.session import shared_session

    shared_session()

    def make(self: Simulated, file: Path, *, threads: int) -> None:
        assert threads == 2
        settings = Settings(rows=self.rows, cards=self.cards, days=9, seed=self.seed)
        pl.concat(simulate(settings)).write_parquet(file)

    def run(by: str, file: Path, out: Path, threads: int) -> Run:
        if "checked" not in out.parts:  # how long it takes is not looked at here
            seconds = {"start": 5.0, "first": 3.0, "total": 12.0 if by == SQL else 2.0}
            return Run(9.0, 8.0, 1 << 26, {"rows": ROWS, "seconds": seconds})
        asked = argparse.Namespace(input=file, out=out, set="notebook", by=by, threads=threads)
        return Run(3.0, 2.0, 1 << 26, measured(asked))

    monkeypatch.setattr(Simulated, "make", make)
    monkeypatch.setattr(suite, "_run", run)
    return


@pytest.mark.usefixtures("in_this_process")
def test_the_suite_keeps_and_says_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--dir", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    assert main(["spark", "--rows", str(ROWS), *folders]) == 0
    kept = json.loads((tmp_path / "results" / f"spark-{ROWS}.json").read_text())
    assert kept["inputs"]["equal_by_sql"] >= 24
    assert len(kept["runs"]) == 6
    assert kept["summary"]["ratios"]["Spark SQL ÷ spark"]["median"] == 6
    assert all(run["rows"] == ROWS for runs in kept["runs"].values() for run in runs)
    text = capsys.readouterr().out
    assert text == suite.as_text(kept)
    for words in ("spark ÷ polars", "Spark SQL ÷ spark", "spark, 1 core"):
        assert words in text
    page = suite.page(kept, "spark.json")
    assert page.startswith(f"```console\n$ python -m benchmarks spark --rows {ROWS} ")
    assert f"{text}```" in page
    assert page.endswith("[every measurement](spark.json).")


@pytest.mark.usefixtures("in_this_process")
def test_sql_that_computes_something_else_is_not_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.parquet"
    Simulated(rows=ROWS, cards=3, days=9).make(log, threads=2)
    monkeypatch.setattr(peer, "QUERY", peer.QUERY.replace("1 PRECEDING)", "CURRENT ROW)"))
    with pytest.raises(DifferenceError, match=r"'velocity_60s' of Spark SQL differs"):
        suite._check_sql(log, tmp_path, 2)
