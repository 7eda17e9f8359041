"""An anomaly score as one more input: of training alone, kept with the run, and judged honestly."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from engine.catalog import notebook
from engine.errors import InputError
from engine.model.anomaly import WithAnomaly, fit_detector
from engine.model.features_file import FeatureTable, read_features
from engine.model.loading import load_run
from engine.model.reasons import reasons
from engine.model.split import SplitOptions, split
from engine.score.cli import main as score
from engine.train.anomaly import _did
from unit.train.cases import read_json, trained

DAY = 86_400


@pytest.fixture(scope="module")
def run(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of LightGBM with an anomaly score; not to be changed."""
    return trained(features, tmp_path_factory.mktemp("anomaly"), "run", "--anomaly")


@pytest.fixture(scope="module")
def table(features: Path) -> FeatureTable:
    return read_features(features, labels_required=True)


def test_two_trainings_give_the_same_bytes_whatever_the_threads(
    features: Path, run: Path, tmp_path: Path
) -> None:
    for threads in ("1", "2"):
        again = trained(features, tmp_path, threads, "--anomaly", "--threads", threads)
        for name in ("anomaly.pkl", "model.txt", "model.pkl", "metrics.json", "threshold.json"):
            assert (again / name).read_bytes() == (run / name).read_bytes(), name


def test_a_run_without_it_is_as_it_was(boosted: Path, run: Path) -> None:
    assert not (boosted / "anomaly.pkl").exists()
    assert "anomaly" not in read_json(boosted / "metrics.json")
    assert read_json(boosted / "manifest.json")["anomaly"] is None
    assert read_json(run / "manifest.json")["anomaly"]["input"] == "anomaly_score"
    assert (run / "features.json").read_bytes() == (boosted / "features.json").read_bytes()


def test_the_forest_sees_the_training_part_alone(table: FeatureTable, run: Path) -> None:
    parts = split(table, SplitOptions(label_delay=2 * DAY))
    by_hand = fit_detector(table.values.numbers[parts.train.rows], seed=42)
    assert by_hand.to_bytes() == (run / "anomaly.pkl").read_bytes()
    model = load_run(run).model
    assert isinstance(model, WithAnomaly)
    inputs = model.inputs(table.values.numbers)
    assert np.array_equal(inputs[:, :-1], table.values.numbers)
    assert np.array_equal(inputs[:, -1], by_hand.scores(table.values.numbers))
    usual = read_json(run / "manifest.json")["usual"]
    assert usual["anomaly_score"] == np.median(
        by_hand.scores(table.values.numbers[parts.train.rows])
    )
    assert [name for name in usual if name != "anomaly_score"] == list(notebook.names)


def test_what_is_strange_scores_high_and_a_null_counts_as_the_median() -> None:
    random = np.random.default_rng(5)
    values = random.normal(size=(3_000, 3))
    values[:, 2] = np.nan  # never had a value
    detector = fit_detector(values, seed=1)
    strange, usual, null, median = detector.scores(
        np.array(
            [
                [9.0, -9.0, 0.0],
                [0.0, 0.0, 0.0],
                [1.0, np.nan, np.nan],
                [1.0, np.median(values[:, 1]), 0.0],
            ]
        )
    )
    assert 0 < usual < strange < 1
    assert null == median


def test_scores_depend_on_no_slice(table: FeatureTable, monkeypatch: pytest.MonkeyPatch) -> None:
    values = table.values.numbers[:1_000]
    detector = fit_detector(values, seed=1)
    whole = detector.scores(values)
    monkeypatch.setattr("engine.model.anomaly._ROWS", 7)
    assert np.array_equal(detector.scores(values), whole)
    assert len(detector.scores(values[:0])) == 0


def test_both_are_compared_on_the_test_part(table: FeatureTable, run: Path, boosted: Path) -> None:
    said = read_json(run / "metrics.json")["anomaly"]
    rows = split(table, SplitOptions(label_delay=2 * DAY)).test.rows
    for name, path in (("with", run), ("without", boosted)):
        scores = load_run(path).model.scores(table.values.numbers[rows])
        expected = average_precision_score(table.known_labels[rows], scores)
        value, low, high = said[name]["average_precision"]
        assert value == pytest.approx(expected)
        assert low < value < high
    figures = read_json(run / "metrics.json")["figures"]
    assert said["with"]["average_precision"][0] == figures["average_precision"]["value"]
    difference = said["with"]["average_precision"][0] - said["without"]["average_precision"][0]
    assert said["difference"]["value"] == pytest.approx(difference)
    # Of the same draws: narrower than either alone.
    _, low, high = said["with"]["average_precision"]
    assert said["difference"]["high"] - said["difference"]["low"] < high - low
    assert said["used"] is True
    assert said["sentence"].startswith("On validation the anomaly score ")
    assert said["validation"]["difference"]["value"] is not None


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ((0.02, 0.01, 0.03), "raised average precision by 0.0200 [+0.0100, +0.0300]"),
        ((-0.02, -0.03, -0.01), "lowered average precision by 0.0200 [-0.0300, -0.0100]"),
        (
            (0.02, -0.01, 0.05),
            "changed average precision by +0.0200 [-0.0100, +0.0500], which is no sure difference",
        ),
        ((None, None, None), "did nothing that can be measured"),
        ((0.02, None, None), "raised average precision by 0.0200, how surely was not measured"),
    ],
)
def test_the_sentence(difference: tuple[float | None, ...], words: str) -> None:
    assert _did(dict(zip(("value", "low", "high"), difference, strict=True))) == words


@pytest.mark.parametrize("model", ["lightgbm", "random_forest"])
def test_it_scores_and_gives_reasons(
    features: Path, tmp_path: Path, table: FeatureTable, model: str
) -> None:
    split_by = "random" if model == "random_forest" else "time"
    options = ("--anomaly", "--model", model, "--split", split_by, "--resamples", "0")
    run = load_run(trained(features, tmp_path, "run", *options))
    values = table.values.numbers[:200]
    together = run.model.contributions(values).sum(axis=1)
    scores = run.model.scores(values)
    if model == "lightgbm":
        scores = np.log(scores) - np.log1p(-scores)
    assert np.ptp(scores - together) < 1e-9
    said = [reason for row in reasons(run, table.values[:200], 27) for reason in row]
    words = {reason.words for reason in said if reason.feature == "anomaly_score"}
    assert words
    assert all(word.startswith("unlike past transactions: anomaly score 0.") for word in words)
    out = tmp_path / "scores.parquet"
    args = [str(features), "--run", str(tmp_path / "run"), "--out", str(out), "--quiet"]
    assert score([*args, "--resamples", "0"]) == 0
    assert np.array_equal(
        pl.read_parquet(out)["score"].to_numpy(), run.model.scores(table.values.numbers)
    )


@pytest.mark.parametrize("name", ["anomaly.pkl", "model.pkl", "model.txt"])
def test_all_its_files_are_verified_before_one_is_read(
    run: Path, tmp_path: Path, name: str
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    (copy / name).write_bytes(b"cposix\nsystem\n")
    with pytest.raises(InputError, match=f"{name}: not the file that was trained"):
        load_run(copy)
    (copy / name).unlink()
    with pytest.raises(InputError, match=f"{name}: cannot be read"):
        load_run(copy)


@given(st.integers(0, 2**31 - 1))
def test_any_seed_gives_scores_from_0_to_1(seed: int) -> None:
    values = np.random.default_rng(seed).exponential(size=(50, 2))
    scores = fit_detector(values, seed=seed).scores(values)
    assert ((scores > 0) & (scores < 1)).all()


def test_no_difference_is_neither_up_nor_down() -> None:
    assert _did({"value": 0.0, "low": None, "high": None}) == "changed nothing in average precision"
    assert _did({"value": 0.01, "low": None, "high": None}).startswith("raised")
    assert _did({"value": -0.01, "low": None, "high": None}).startswith("lowered")
