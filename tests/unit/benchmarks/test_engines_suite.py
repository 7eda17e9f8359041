"""The suite of engines from its command line: what it keeps, what it refuses, how it is shown."""

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks import builds
from benchmarks.cli import main
from benchmarks.measure import Run
from benchmarks.online import hot, resident
from benchmarks.simulated import Simulated
from benchmarks.suites import engines as suite
from benchmarks.suites.engines_options import Online, read_options
from benchmarks.suites.engines_page import page
from benchmarks.suites.engines_results import as_text
from engine.backends.online.compile import Features, Row
from engine.backends.online.engine import OnlineFeatures
from engine.build.job import build
from engine.build.options import Options
from engine.build.outputs import FEATURES
from engine.catalog import load_feature_set
from engine.skew.job import Findings
from engine.skew.options import Options as SkewOptions
from unit.benchmarks.in_process import make, run_module

SMALL = [
    *("--rows", "600", "--file-cards", "20", "--cards", "40,20", "--events", "100"),
    *("--hot-hour", "200", "--hot-day", "300", "--repeats", "3"),
]
HOT = ["200 events in an hour", "300 events in a day"]


def run(args: list[str], tmp_path: Path) -> int:
    folders = ["--dir", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    return main(["engines", *args, *folders])


@pytest.fixture(scope="module")
def in_this_process() -> Iterator[None]:
    """The same work without starting Python for each piece of it."""
    monkeypatch = pytest.MonkeyPatch()

    def run_build(
        source: Path, folder: Path, threads: int, *, features: str, engine: str = "polars"
    ) -> Run:
        options = Options(
            (str(source),),
            folder,
            features=load_feature_set(features),
            engine=engine,
            threads=threads,
            overwrite=True,
        )
        return Run(2.0, 1.0, 1 << 26, build(options).content)

    monkeypatch.setattr(Simulated, "make", make)
    monkeypatch.setattr(suite, "run_build", run_build)
    monkeypatch.setattr(suite, "run_module", run_module)
    monkeypatch.setattr(hot, "_ENOUGH_EVENTS", 1)
    monkeypatch.setattr(resident, "_ENOUGH_KEYS", 1)
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "")  # what the process sets for itself ends here
    yield
    monkeypatch.undo()


@pytest.fixture(scope="module")
def measured(
    tmp_path_factory: pytest.TempPathFactory,
    in_this_process: None,  # noqa: ARG001 - for what it does
) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("measured")
    assert run(SMALL, folder) == 0
    return folder, json.loads((folder / "results" / "engines-600.json").read_text())


def test_every_measurement_is_kept(measured: tuple[Path, dict[str, Any]]) -> None:
    _, results = measured
    runs = results["runs"]
    assert list(runs["batch"]) == ["polars", "duckdb", "online"]
    assert list(runs["online"]) == [
        f"{cards} cards, {what}"
        for cards in (20, 40)
        for what in ("collector managed", "collector python", "resident memory")
    ]
    assert list(runs["hot"]) == HOT
    assert {len(done) for part in runs.values() for done in part.values()} == {3}
    assert all(one["rows"] == 600 for done in runs["batch"].values() for one in done)
    for one in runs["online"]["20 cards, collector python"]:
        assert one["events"] == {"throughput": 100, "latency": 100}
        assert one["late"] == 0
        assert set(one["latency_us"]) == {"p50", "p99", "p99.9", "max"}
    for one in runs["hot"][HOT[0]]:
        assert len(one["ns_per_event"]) == 10


def test_the_summary_follows_from_the_measurements(measured: tuple[Path, dict[str, Any]]) -> None:
    _, results = measured
    summary, runs = results["summary"], results["runs"]
    spent = {
        engine: statistics.median(one["work_seconds"] for one in done)
        for engine, done in runs["batch"].items()
    }
    for engine, found in summary["batch"].items():
        assert found["work_seconds"]["median"] == spent[engine]
        ratio = found["over_polars"]["work_seconds"]["median"]
        assert ratio == pytest.approx(spent[engine] / spent["polars"])
    managed = runs["online"]["20 cards, collector managed"]
    per_second = statistics.median(100 / one["work_seconds"] for one in managed)
    found = summary["online"]["20"]
    assert found["managed"]["events_per_second"]["median"] == pytest.approx(per_second)
    assert 0 < found["cards_held"] <= 20
    tenths = [one["ns_per_event"] for one in runs["hot"][HOT[1]]]
    ratios = [one[-1] / statistics.median(one) for one in tenths]
    found = summary["hot"][HOT[1]]
    assert found["last_tenth_over_median_tenth"]["median"] == statistics.median(ratios)


def test_the_results_say_what_was_done(measured: tuple[Path, dict[str, Any]]) -> None:
    folder, results = measured
    inputs = results["inputs"]
    assert inputs["batch"]["equal_to_each_other"] == ["polars", "duckdb", "online"]
    assert inputs["batch"]["equal_to_the_reference"][0] == "the first 600 rows"
    assert inputs["online"]["40"]["state"]["equal_to_polars"] == "the 200 events after it"
    assert inputs["online"]["40"]["state"]["hours"] > 25
    assert inputs["hot"][HOT[0]]["faster"] == 24
    assert "--cards 20,40 --events 100 --hot-hour 200" in results["command"]
    assert str(folder) not in json.dumps(results)
    assert str(Path.home()) not in json.dumps(results)
    assert [path.name for path in folder.iterdir()] == ["results"]


def test_people_are_told_the_same(measured: tuple[Path, dict[str, Any]]) -> None:
    _, results = measured
    text = as_text(results)
    assert "engines over 600 rows of 20 cards, 2 threads; medians of 3" in text
    assert HOT[0] in text
    rate = results["summary"]["online"]["40"]["managed"]["events_per_second"]["median"]
    assert f"{rate:,.0f} (" in text
    shown = page(results, "somewhere.json")
    assert "[every measurement](somewhere.json)" in shown
    assert f"| {rate:,.0f} |" in shown


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("engine", ["polars", "duckdb", "online"])
def test_a_build_with_a_wrong_value_is_not_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    engine: str,
) -> None:
    right = suite.run_build

    def wrong(source: Path, folder: Path, threads: int, **more: str) -> Run:
        done = right(source, folder, threads, **more)  # type: ignore[arg-type]  # as it came
        if more["engine"] == engine:
            output = pl.read_parquet(folder / FEATURES).with_row_index("at")
            value = pl.col("velocity_1h") + (pl.col("at") == 7)
            output.with_columns(value).drop("at").write_parquet(folder / FEATURES)
        return done

    monkeypatch.setattr(suite, "run_build", wrong)
    assert run(SMALL, tmp_path) == 1
    told = capsys.readouterr()
    assert f"not measured: {engine}: feature 'velocity_1h' differs in row 7" in told.err
    assert told.out == ""
    assert not list((tmp_path / "results").iterdir())
    assert not (tmp_path / "work").exists()


@pytest.mark.usefixtures("in_this_process")
def test_an_engine_that_differs_is_not_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = suite.find_skew

    def differing(options: SkewOptions) -> Findings:
        found = find(options)
        found.settled["hour", "duckdb"].different = 3
        return found

    monkeypatch.setattr(suite, "find_skew", differing)
    assert run(SMALL, tmp_path) == 1
    told = capsys.readouterr().err
    assert "feature 'hour' of duckdb differs from polars (was 3 of 600 events" in told


@pytest.mark.usefixtures("in_this_process")
def test_what_is_served_wrongly_is_not_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    observe = OnlineFeatures.observe_row

    def wrong(self: OnlineFeatures, row: Row) -> Features | None:
        features = observe(self, row)
        return features and (features[0] + 1, *features[1:])  # type: ignore[operator]  # a number

    monkeypatch.setattr("benchmarks.online.check.OnlineFeatures.observe_row", wrong)
    monkeypatch.setattr(suite._SideBySide, "check", lambda _: None)
    assert run(SMALL, tmp_path) == 1
    assert "not measured: 20 cards: feature 'age' differs in row" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--cards", "1000,none"], "--cards: not a whole number in bounds (was 'none')"),
        (["--cards", ""], "(was '')"),
        (["--events", "10"], "give a whole number from 100"),
        (["--hot-hour", "0"], "--hot-hour: not a whole number in bounds (was '0')"),
        (["--repeats", "2"], "give a whole number from 3 to 1,000"),
        (["--rows", "1e6"], "--rows: not a whole number in bounds"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    args: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["engines", *args]) == 2
    message = capsys.readouterr().err
    assert told in message
    assert "\nhint: " in message


def test_quick_is_small_where_nothing_else_is_asked_for() -> None:
    quick = read_options(["--quick", "--events", "500"])
    assert quick.usual.rows == 100_000
    assert {online.events for online in quick.online} == {500}
    usual = read_options([])
    assert [online.simulated.cards for online in usual.online] == [1_000, 100_000, 1_000_000]
    assert [one.simulated.rows for one in usual.hot] == [10_000, 100_000, 1_000_000]


@pytest.mark.parametrize("cards", [1, 7, 1_000, 100_000, 1_000_000, 5_000_000])
@pytest.mark.parametrize("events", [100, 300_000])
def test_windows_are_full_before_events_are_served(cards: int, events: int) -> None:
    online = Online.of(cards, events, 0)
    log = online.simulated
    assert log.rows / log.days / cards == pytest.approx(2.6, rel=0.35 if cards == 1 else 0.05)
    assert online.warm_rows >= 1.25 * 2.6 * cards
    assert online.warm_rows + 2 * events <= log.rows


def test_a_million_cards_take_four_million_events() -> None:
    online = Online.of(1_000_000, 300_000, 0)
    assert online.warm_rows + 2 * online.events <= 4_000_000


def test_a_build_runs_with_the_engine_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def noted(_module: str, args: list[str], *, threads: int) -> Run:
        assert threads == 2
        asked.append(args)
        return Run(1.0, 1.0, 1, {})

    monkeypatch.setattr(builds, "run_module", noted)
    builds.run_build(tmp_path / "in", tmp_path, 2, features="notebook", engine="duckdb")
    assert asked[0][asked[0].index("--engine") + 1] == "duckdb"
