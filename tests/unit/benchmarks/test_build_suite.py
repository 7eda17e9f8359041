"""The suite from its command line: what it keeps, what it refuses, and what it leaves behind."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.measure import Run
from benchmarks.simulated import Simulated
from benchmarks.suites import build as suite
from benchmarks.suites.build_page import page
from benchmarks.suites.build_results import as_text
from engine.build.job import build
from engine.build.options import Options
from engine.build.outputs import FEATURES
from engine.catalog import load_feature_set
from processes import PATIENCE_SECONDS, started
from unit.benchmarks.in_process import make

ROOT = Path(__file__).parents[3]
SMALL = ["--rows", "5_000", "--cards", "500", "--hot-rows", "300", "--repeats", "3"]
TINY = ["--rows", "300", "--cards", "20", "--hot-rows", "50", "--repeats", "3"]


def run(args: list[str], tmp_path: Path) -> int:
    folders = ["--dir", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    return main(["build", *args, *folders])


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("measured")
    assert run(SMALL, folder) == 0
    return folder, json.loads((folder / "results" / "build-5000.json").read_text())


def test_every_measurement_is_kept(measured: tuple[Path, dict[str, Any]]) -> None:
    _, results = measured
    assert {name: len(runs) for name, runs in results["runs"].items()} == {
        "floor": 3,
        "build": 3,
        "one hot card": 3,
    }
    for name, runs in results["runs"].items():
        for one in runs:
            assert one["rows"] == (300 if name == "one hot card" else 5_000)
            assert 0 < one["work_seconds"] < one["wall_seconds"]
            assert one["cpu_seconds"] > 0
            assert 1 << 25 < one["peak_bytes"] < 1 << 32
            assert one["output_bytes"] > 0


def test_the_summary_follows_from_the_measurements(measured: tuple[Path, dict[str, Any]]) -> None:
    _, results = measured
    medians = {
        name: sorted(one["work_seconds"] for one in runs)[1]
        for name, runs in results["runs"].items()
    }
    summary = results["summary"]
    assert summary["medians"]["build"]["work_seconds"]["median"] == medians["build"]
    ratio = summary["build_over_floor"]["work_seconds"]
    assert ratio["median"] == medians["build"] / medians["floor"]
    assert ratio["least"] <= ratio["median"] <= ratio["most"]
    per_row = (medians["one hot card"] / 300) / (medians["build"] / 5_000)
    assert summary["hot_card_over_usual_per_row"]["median"] == pytest.approx(per_row)
    text = as_text(results)
    assert "build of 5,000 rows of 500 cards, 2 threads; medians of 3" in text
    assert f"{ratio['median']:.2f} (" in text


def test_the_floor_does_as_much_as_the_build(measured: tuple[Path, dict[str, Any]]) -> None:
    _, results = measured
    features = load_feature_set("notebook").names
    assert list(results["columns_written"])[-len(features) :] == list(features)
    assert "trans_num" in results["inputs"]["usual"]["columns_read"]
    assert "ssn" not in results["inputs"]["usual"]["columns_read"]
    sizes = results["summary"]["output_bytes"]
    assert sizes["floor"] == pytest.approx(sizes["build"], rel=0.1)


def test_the_results_say_where_they_are_from_and_name_no_folder(
    measured: tuple[Path, dict[str, Any]],
) -> None:
    folder, results = measured
    assert results["machine"]["cores"] >= 1
    assert results["machine"]["memory_bytes"] > 1 << 28
    assert {"python", "polars", "numpy", "pyarrow"} <= set(results["versions"])
    assert results["inputs"]["usual"]["seed"] == 0
    checked = results["inputs"]["usual"]["equal_to_the_reference"]
    assert checked[0] == "the first 5,000 rows"
    assert str(folder) not in json.dumps(results)
    assert str(Path.home()) not in json.dumps(results)


def test_nothing_but_the_results_is_left(measured: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = measured
    assert [path.name for path in folder.iterdir()] == ["results"]


def took(printed: dict[str, Any]) -> Run:
    return Run(1.0, 1.0, 1, printed)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work without starting Python for each piece of it."""

    def run_build(source: Path, folder: Path, threads: int, *, features: str) -> Run:
        chosen = load_feature_set(features)
        options = Options((str(source),), folder, chosen, threads=threads, overwrite=True)
        return took(build(options).content)

    def run_floor(module: str, args: list[str], *, threads: int) -> Run:
        assert (module, threads) == ("benchmarks.floor", 2)
        Path(args[args.index("--out") + 1]).touch()
        return took({"rows": {"written": 0}, "seconds": {"total": 1.0}})

    monkeypatch.setattr(Simulated, "make", make)
    monkeypatch.setattr(suite, "run_build", run_build)
    monkeypatch.setattr(suite, "run_module", run_floor)


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("planted_in", ["sample", "hot sample", "usual", "hot"])
def test_a_wrong_value_is_not_timed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    planted_in: str,
) -> None:
    right = suite.run_build

    def wrong(source: Path, folder: Path, threads: int, *, features: str) -> Run:
        done = right(source, folder, threads, features=features)
        if folder.name == planted_in:
            output = pl.read_parquet(folder / FEATURES).with_row_index("at")
            value = pl.col("velocity_1h") + (pl.col("at") == 7)
            output.with_columns(value).drop("at").write_parquet(folder / FEATURES)
        return done

    monkeypatch.setattr(suite, "run_build", wrong)
    assert run(TINY, tmp_path) == 1
    told = capsys.readouterr()
    assert "not measured: feature 'velocity_1h' differs in row 7 of the file" in told.err
    assert told.out == ""
    assert not list((tmp_path / "results").iterdir())
    assert not (tmp_path / "work").exists()


@pytest.mark.usefixtures("in_this_process")
def test_another_set_is_measured_beside_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*TINY, "--set", "pos"], tmp_path) == 0
    results = json.loads((tmp_path / "results" / "build-pos-300.json").read_text())
    assert results["command"].startswith("python -m benchmarks build --set pos --rows 300 ")
    assert list(results["runs"]) == ["floor", "notebook", "build", "one hot card"]
    features = load_feature_set("pos").names
    assert results["feature_set"]["features"] == len(features)
    assert list(results["columns_written"])[-len(features) :] == list(features)
    medians = {
        name: sorted(one["work_seconds"] for one in results["runs"][name])[1]
        for name in ("notebook", "build")
    }
    ratio = results["summary"]["over_notebook_per_row_and_feature"]["work_seconds"]["median"]
    per_feature = medians["build"] / len(features), medians["notebook"] / 26
    assert ratio == pytest.approx(per_feature[0] / per_feature[1])
    checked = results["inputs"]["usual"]["equal_to_the_reference"]
    assert checked[0] == "the first 300 rows"
    assert {what.split(" of ")[-1] for what in checked[1:]} == {"20 cards", "merchant", "category"}
    assert f"pos, {len(features)} features: time per row and feature ÷ notebook {ratio:.2f} (" in (
        capsys.readouterr().out
    )
    told = page(results, "kept.json")
    assert "| 300 rows, 20 cards, a year | floor | notebook | pos | pos ÷ floor |" in told
    assert f"it takes {ratio:.2f} times as long as notebook" in told


@pytest.mark.usefixtures("in_this_process")
def test_a_set_of_ones_own_is_measured_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "my_features.py").write_text(
        "from engine.definition import POS, feature, feature_set, key\n"
        "count = key('cc_num').last(days=1).count()\n"
        "one = feature_set('mine', POS, [feature('count_1d', count, 'events of a day')])\n"
    )
    assert run([*TINY, "--set", f"{tmp_path}/my_features.py:one"], tmp_path) == 0
    results = json.loads((tmp_path / "results" / "build-mine-300.json").read_text())
    asked = "python -m benchmarks build --set my_features.py:one --rows 300 "
    assert results["command"].startswith(asked)
    assert results["feature_set"]["name"] == "mine"
    assert str(tmp_path) not in json.dumps(results)


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("feature", ["card_sum_7d", "merchant_count_1d", "category_rush"])
def test_a_wrong_value_of_any_key_is_not_timed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    feature: str,
) -> None:
    monkeypatch.setattr(suite, "CHECKED_ROWS_OF_ALL", 5)
    right = suite.run_build

    def wrong(source: Path, folder: Path, threads: int, *, features: str) -> Run:
        done = right(source, folder, threads, features=features)
        if folder.name == "usual":
            output = pl.read_parquet(folder / FEATURES).with_row_index("at")
            value = pl.when(pl.col("at") != 299).then(feature).otherwise(-1)
            output.with_columns(value.alias(feature)).drop("at").write_parquet(folder / FEATURES)
        return done

    monkeypatch.setattr(suite, "run_build", wrong)
    assert run([*TINY, "--set", "pos"], tmp_path) == 1
    assert f"feature '{feature}' differs in row 299 of the file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["build", "--set", "nothing"], "no such feature set (was 'nothing')"),
        ([], "required: suite"),
        (["nothing"], "invalid choice: 'nothing'"),
        (
            ["build", "--rows", "many"],
            "--rows: not a whole number in bounds (was 'many')",
        ),
        (["build", "--rows", "0"], "(was '0')"),
        (["build", "--repeats", "2"], "give a whole number from 3 to 1,000"),
        (["build", "--threads", "-1"], "(was '-1')"),
        (["build", "--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    args: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 2
    message = capsys.readouterr().err
    assert told in message
    assert "\nhint: " in message


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    folders = ["--dir", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    command = [sys.executable, "-m", "benchmarks", "build", "--rows", "50_000_000", *folders]
    with started(command) as process:
        assert process.stderr is not None
        assert b"simulating" in process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        rest = process.communicate(timeout=PATIENCE_SECONDS)[1].decode()
    assert process.returncode == 130, rest
    assert "interrupted: nothing was left half-written" in rest
    assert "Traceback" not in rest
    assert not (tmp_path / "work").exists()
