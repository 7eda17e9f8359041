"""Features left out of a training: the run is of a smaller set, everywhere."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.catalog import notebook
from engine.compare.cli import main as compare
from engine.definition import fingerprint
from engine.model.loading import load_run
from engine.model.narrowed import set_without
from engine.retrain.cli import main as retrain
from engine.score.cli import main as score
from replay.backtest.cli import main as backtest
from replay.cli import main as replay
from unit.train.cases import read_json, train, trained

LEFT_OUT = "velocity_*,gender_?,age"
GONE = {"age", "gender_M", "gender_F", *(n for n in notebook.names if n.startswith("velocity_"))}
KEPT = [name for name in notebook.names if name not in GONE]


@pytest.fixture(scope="module")
def run(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of LightGBM on fewer features; not to be changed."""
    out = tmp_path_factory.mktemp("without")
    return trained(features, out, "run", "--without", LEFT_OUT, "--report")


@pytest.fixture
def log(features: Path) -> Path:
    """What the features were built from."""
    return features.parent / "features.csv"


def test_the_run_is_of_the_smaller_set(run: Path) -> None:
    manifest = read_json(run / "manifest.json")
    assert json.loads((run / "features.json").read_text()) == KEPT
    assert list(manifest["usual"]) == list(read_json(run / "bins.json")["features"]) == KEPT
    smaller = set_without(notebook, GONE)
    assert manifest["fingerprint"] == fingerprint(smaller) != fingerprint(notebook)
    assert manifest["options"]["without"] == LEFT_OUT.split(",")
    assert load_run(run).features == smaller
    page = (run / "report.html").read_text()
    assert f"on the {len(KEPT)} features of" in page
    assert "--without &#x27;velocity_*,gender_?,age&#x27;" in page


def test_amounts_are_known_though_no_feature_tells_them(features: Path, tmp_path: Path) -> None:
    found = trained(features, tmp_path, "run", "--without", "log_amt,user_amt_delta")
    assert "money.saved" in read_json(found / "metrics.json")["figures"]


def test_it_scores_the_wider_build_the_log_and_its_replay_alike(
    features: Path, run: Path, log: Path, tmp_path: Path
) -> None:
    for name, source in (("wide", features), ("log", log)):
        out = str(tmp_path / f"{name}.parquet")
        assert score([str(source), "--run", str(run), "--out", out, "--quiet"]) == 0
    scores = pl.read_parquet(tmp_path / "wide.parquet").sort("event_id")["score"].to_numpy()
    of_log = pl.read_parquet(tmp_path / "log.parquet").sort("event_id")["score"].to_numpy()
    assert np.array_equal(scores, of_log)
    ledger = tmp_path / "ledger"
    assert replay([str(log), "--run", str(run), "--ledger", str(ledger), "--quiet"]) == 0
    served = pl.concat(map(pl.read_parquet, sorted(ledger.glob("part-*.parquet"))))
    assert np.array_equal(served.sort("event_id")["score"].to_numpy(), scores)


def test_it_is_compared_with_the_whole_on_the_wider_build(
    features: Path, run: Path, boosted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    args = [str(run), str(boosted), str(features), "--resamples", "10", "--json", "--quiet"]
    assert compare(args) == 0
    figures = json.loads(capsys.readouterr().out)["comparison"]["figures"]
    for name, path in (("run", run), ("baseline", boosted)):
        alone = read_json(path / "metrics.json")["figures"]
        assert {figure: each[name] for figure, each in figures.items()} == alone


def test_its_challenger_leaves_out_the_same(features: Path, run: Path, tmp_path: Path) -> None:
    args = [str(features), "--runs", str(tmp_path), "--champion", str(run), "--id", "challenger"]
    more = ["--days", "6", "--resamples", "40", "--no-report", "--quiet"]
    assert retrain([*args, *more]) == 0
    challenger = load_run(tmp_path / "challenger")
    assert challenger.features == load_run(run).features
    assert challenger.manifest["options"]["without"] == LEFT_OUT.split(",")


def test_backtests_take_it_and_none_that_learnt_from_others(
    features: Path, run: Path, boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = read_json(run / "manifest.json")["parts"]["test"]
    days = ["--from", test["from"], "--until", test["until"], "--test", "4d", "--delay", "2d"]
    given = [str(features), "--run", str(run), *days, "--quiet", "--resamples", "0"]
    capsys.readouterr()
    out = tmp_path / "backtest"
    assert backtest([*given, "--out", str(out)]) == 0
    assert read_json(out / "backtest.json")["fingerprint"] == fingerprint(load_run(run).features)
    other = ["--out", str(tmp_path / "other"), "--against-run", str(boosted)]
    assert backtest([*given, *other]) == 2
    refused = capsys.readouterr().err
    assert "the runs are of different feature sets (was notebook " in refused
    assert "engine.compare … --baseline-features" in refused.splitlines()[1]


@pytest.mark.parametrize(
    ("patterns", "words"),
    [("velo", "has no such feature (was 'velo')"), ("*", "leaves nothing to learn from (was '*')")],
)
def test_what_names_nothing_or_everything_is_refused(
    features: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    patterns: str,
    words: str,
) -> None:
    assert train(features, tmp_path / "runs", "run", "--without", patterns) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert words in what
    assert hint.startswith("hint: ")
    assert not (tmp_path / "runs").exists()
