"""What a training leaves: the same bytes each time, whole or not at all, and readable elsewhere."""

import hashlib
import json
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score

from engine.catalog import notebook
from engine.definition import fingerprint
from engine.errors import InputError
from engine.model.features_file import read_features
from engine.model.loading import load_run
from engine.train.text import _parts
from unit.build.cases import tree
from unit.model.cases import build_features, simulated
from unit.train.cases import read_json, train, trained

FILES = ["bins.json", "features.json", "manifest.json", "metrics.json", "threshold.json"]


def test_the_files_of_a_run(boosted: Path, forest: Path) -> None:
    assert sorted(path.name for path in boosted.iterdir()) == sorted(
        [*FILES, "model.pkl", "model.txt"]
    )
    assert sorted(path.name for path in forest.iterdir()) == sorted([*FILES, "model.pkl"])
    manifest = read_json(boosted / "manifest.json")
    assert manifest["fingerprint"] == fingerprint(notebook)
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((boosted / name).read_bytes()).hexdigest() == digest
    assert sorted(manifest["sha256"]) == sorted(
        {*FILES, "model.pkl", "model.txt"} - {"manifest.json"}
    )
    assert manifest["seed"] == 42
    assert manifest["versions"]["lightgbm"] == lightgbm.__version__
    assert list(manifest["parts"]) == ["train", "validation", "test"]
    assert manifest["metrics"]["average_precision"]["value"] > 0.3
    assert json.loads((boosted / "features.json").read_text()) == list(notebook.names)


@pytest.mark.parametrize("model", ["lightgbm", "random_forest"])
def test_the_report_of_a_run(features: Path, tmp_path: Path, model: str) -> None:
    """It is there, the manifest vouches for it, and it is the same whatever threads made it."""
    options = ("--model", model, "--report")
    one = trained(features, tmp_path / "1", "run", *options, "--threads", "1")
    two = trained(features, tmp_path / "2", "run", *options, "--threads", "2")
    assert tree(one) == tree(two)
    images = [f"plots/{path.name}" for path in (one / "plots").iterdir()]
    hashes = read_json(one / "manifest.json")["sha256"]
    assert {"report.html", *images} <= hashes.keys()
    for name, digest in hashes.items():
        assert hashlib.sha256((one / name).read_bytes()).hexdigest() == digest
    assert load_run(one).manifest["id"] == "run"
    (one / images[0]).unlink()
    with pytest.raises(InputError, match="plots/"):
        load_run(one)


@pytest.mark.parametrize("model", ["lightgbm", "random_forest"])
def test_two_trainings_with_one_seed_give_the_same_bytes(
    features: Path, tmp_path: Path, model: str
) -> None:
    options = ("--model", model, "--resamples", "5")
    one = trained(features, tmp_path, "one", *options, "--threads", "1")
    two = trained(features, tmp_path, "two", *options, "--threads", "2")
    other = trained(features, tmp_path, "other", *options, "--seed", "1")
    models = ["model.txt", "model.pkl"] if model == "lightgbm" else ["model.pkl"]
    for file in (*models, "threshold.json", "metrics.json"):
        assert (one / file).read_bytes() == (two / file).read_bytes()
    for file in models:
        assert (one / file).read_bytes() != (other / file).read_bytes()


def test_the_forest_is_the_notebooks(features: Path, forest: Path) -> None:
    """Trained by hand as the notebook does it, and read as the notebook does."""
    from sklearn.model_selection import train_test_split

    frame = pl.read_parquet(features / "features.parquet")
    values, labels = frame.select(notebook.names).to_numpy(), frame["is_fraud"].to_numpy()
    learnt, test, learnt_labels, test_labels = train_test_split(
        values, labels, test_size=0.2, random_state=42, stratify=labels
    )
    by_hand = RandomForestClassifier(
        n_estimators=160, class_weight={0: 1, 1: 5}, random_state=42, n_jobs=2
    ).fit(learnt, learnt_labels)
    model = joblib.load(forest / "model.pkl")
    names = json.loads((forest / "features.json").read_text())
    threshold = read_json(forest / "threshold.json")["threshold"]
    scores = model.predict_proba(frame.select(names).to_numpy())[:, 1]
    assert np.array_equal(model.predict_proba(test), by_hand.predict_proba(test))
    assert load_run(forest).flags(scores).sum() == (scores >= threshold).sum()
    figures = read_json(forest / "metrics.json")["figures"]
    expected = average_precision_score(test_labels, model.predict_proba(test)[:, 1])
    assert figures["average_precision"]["value"] == pytest.approx(expected)


def test_lightgbm_reads_its_text(features: Path, boosted: Path) -> None:
    table = read_features(features, labels_required=True)
    booster = lightgbm.Booster(model_file=boosted / "model.txt")
    scores = load_run(boosted).scores(table.values)
    assert np.array_equal(booster.predict(table.values.numbers), scores)


def test_the_threshold_never_sees_the_test_part(features: Path, tmp_path: Path) -> None:
    """Labels of the test part, and all after it, turned over: all but the figures stays."""
    one = trained(features, tmp_path, "one")
    test = read_json(one / "manifest.json")["parts"]["test"]
    turned = tmp_path / "turned"
    turned.mkdir()
    for name in ("features.json", "build.json"):
        (turned / name).write_bytes((features / name).read_bytes())
    frame = pl.read_parquet(features / "features.parquet")
    label = pl.col("is_fraud")
    later = pl.col("unix_time") >= test["start"]
    frame.with_columns(
        pl.when(later).then(1 - label).otherwise(label).alias("is_fraud")
    ).write_parquet(turned / "features.parquet")
    two = trained(turned, tmp_path, "two")
    for name in ("model.txt", "threshold.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert (one / "metrics.json").read_bytes() != (two / "metrics.json").read_bytes()


def test_current_leads_to_the_newest_and_moves_with_its_folder(
    features: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    trained(features, runs, "one")
    trained(features, runs, "two", "--keep-current")
    assert (runs / "current").readlink() == Path("one")
    trained(features, runs, "three")
    assert (runs / "current").readlink() == Path("three")
    assert sorted(path.name for path in runs.iterdir()) == [
        *(".current.lock", "current", "one", "three", "two")
    ]
    runs.rename(tmp_path / "moved")
    assert load_run(tmp_path / "moved" / "current").manifest["id"] == "three"


def test_a_run_is_replaced_only_if_that_is_said(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = trained(features, tmp_path, "one")
    before = tree(tmp_path)
    assert train(features, tmp_path, "one") == 2
    assert "add --overwrite" in capsys.readouterr().err
    assert tree(tmp_path) == before
    trained(features, tmp_path, "one", "--overwrite", "--seed", "9")
    assert read_json(one / "manifest.json")["seed"] == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == [".current.lock", "current", "one"]


def test_the_summary(features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from engine.train.cli import main

    args = [str(features), "--out", str(tmp_path / "runs"), "--label-delay", "2d"]
    assert main([*args, "--resamples", "5", "--calibration", "isotonic"]) == 0
    said = capsys.readouterr().out
    assert "max-f1 on validation" in said
    assert "average precision" in said
    assert "current leads here now" in said
    assert f"report: {tmp_path / 'runs'}" in said
    assert all(len(line) <= 110 for line in said.splitlines() if str(tmp_path) not in line)
    told = ["--id", "json", "--resamples", "0", "--json", "--quiet", "--no-report"]
    assert main([*args, *told]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["manifest"]["id"] == "json"
    assert content["metrics"]["figures"]["roc_auc"].keys() == {"value"}


@pytest.mark.parametrize(
    "rule", ["precision=0.5", "recall=0.5", "alerts-per-day=5", "cost", "max-f1"]
)
def test_rules_hold_where_they_were_chosen(features: Path, tmp_path: Path, rule: str) -> None:
    run = trained(features, tmp_path, "run", "--threshold", rule, "--split", "time+cards")
    threshold = read_json(run / "threshold.json")
    assert threshold["rule"] == rule
    assert threshold["chosen_on"] == "validation"
    match rule.split("="):
        case ["precision", value]:
            assert threshold["there"]["precision"] >= float(value)
        case ["recall", value]:
            assert threshold["there"]["recall"] >= float(value)
        case ["alerts-per-day", value]:
            assert threshold["there"]["alerts_per_day"] <= float(value)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "between them no gap"),
        (1.0, "between them the 1 day until labels are known"),
        (2.5, "between them the 2.5 days until labels are known"),
    ],
)
def test_the_gap_in_words(days: float, words: str) -> None:
    options = {"label_delay_days": days, "split": "time"}
    [line] = _parts({"options": options, "parts": {}})
    assert line.endswith(words)


def test_labels_that_cannot_be_read_are_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.train.cli import main

    place = pl.int_range(pl.len())
    events = simulated().with_columns(
        pl.when(place < 3)
        .then(pl.lit("maybe"))
        .otherwise(pl.col("is_fraud").cast(str))
        .alias("is_fraud"),
        pl.when(place == 5).then(99_999_999).otherwise("amt").alias("amt"),
    )
    features = build_features(tmp_path / "features", events)
    args = [str(features), "--out", str(tmp_path / "runs"), "--id", "run", "--label-delay", "2d"]
    assert main([*args, "--resamples", "0"]) == 0
    said = capsys.readouterr().out
    assert "\nwithout 4 rows of the log that were quarantined, 3 for the label\n" in said
    data = read_json(tmp_path / "runs" / "run" / "manifest.json")["data"]
    assert (data["quarantined"], data["quarantined_labels"], data["events"]) == (4, 3, 5_996)
    page = (tmp_path / "runs" / "run" / "report.html").read_text()
    assert "without 4 rows of the log that could not be read, 3 for the label" in page


def some_labels(features: Path, out: Path, known: pl.Expr) -> Path:
    """A build in which some events have no label."""
    out.mkdir()
    for name in ("features.json", "build.json"):
        (out / name).write_bytes((features / name).read_bytes())
    frame = pl.read_parquet(features / "features.parquet")
    label = pl.when(known).then("is_fraud")
    frame.with_columns(is_fraud=label).write_parquet(out / "features.parquet")
    return out


@pytest.mark.parametrize("split", ["time", "random", "time+cards"])
def test_events_without_a_label_are_in_no_part(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str
) -> None:
    from engine.train.cli import main

    known = pl.int_range(pl.len()) % 4 > 0
    some = some_labels(features, tmp_path / "some", known)
    args = [str(some), "--out", str(tmp_path / "runs"), "--id", "run", "--label-delay", "2d"]
    assert main([*args, "--resamples", "0", "--split", split, "--no-report"]) == 0
    assert "\nwithout 1,500 events that have no label\n" in capsys.readouterr().out
    manifest = read_json(tmp_path / "runs" / "run" / "manifest.json")
    assert (manifest["data"]["events"], manifest["data"]["unlabelled"]) == (6_000, 1_500)
    parts = manifest["parts"]
    if split == "random":
        assert sum(part["events"] for part in parts.values()) == 4_500
    if split == "time":
        frame = pl.read_parquet(features / "features.parquet")
        for part in parts.values():
            inside = pl.col("unix_time").is_between(part["start"], part["end"] - 1)
            labelled = frame.select(inside & known)["unix_time"].sum()
            assert part["events"] == labelled
            assert part["fraud"] == frame.filter(inside & known)["is_fraud"].sum()
        metrics = read_json(tmp_path / "runs" / "run" / "metrics.json")
        every = frame.select((inside).sum()).item()
        days = (part["end"] - part["start"]) / 86_400
        assert metrics["days"] == pytest.approx(days * part["events"] / every)
        assert metrics["cards_looked_at"] == 10


def test_what_is_not_labelled_yet_does_not_move_the_parts(features: Path, tmp_path: Path) -> None:
    """The end of the log is left out for its labels anyway."""
    whole = trained(features, tmp_path, "whole")
    last = read_json(whole / "manifest.json")["parts"]["test"]["end"]
    some = some_labels(features, tmp_path / "some", pl.col("unix_time") < last)
    run = trained(some, tmp_path, "run")
    assert read_json(run / "manifest.json")["data"]["unlabelled"] > 0
    for name in ("model.txt", "threshold.json", "metrics.json", "bins.json"):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name


def test_events_labelled_too_late_are_not_learnt_from_and_are_told_of(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.train.cli import main

    whole = trained(features, tmp_path / "runs", "whole")
    before = read_json(whole / "manifest.json")
    assert before["data"]["late"] == 0
    train, validation = before["parts"]["train"], before["parts"]["validation"]
    some = some_labels(features, tmp_path / "some", pl.lit(value=True))
    frame = pl.read_parquet(some / "features.parquet")
    fraud, time = pl.col("is_fraud") == 1, pl.col("unix_time")
    late = ~fraud & (pl.int_range(pl.len()) % 4 == 0) & (time < train["end"])
    known = pl.when(late).then(validation["start"] + 1).otherwise(time).cast(pl.Int64)
    frame.insert_column(4, frame.select(label_time=known).to_series()).write_parquet(
        some / "features.parquet"
    )
    count = frame.select((late & (time >= train["start"])).sum()).item()
    args = [str(some), "--out", str(tmp_path / "runs"), "--id", "run", "--label-delay", "2d"]
    capsys.readouterr()
    assert main([*args, "--resamples", "0", "--no-report"]) == 0
    told = f"without {count:,} events labelled only after the next part begins"
    assert f"\n{told}\n" in capsys.readouterr().out
    manifest = read_json(tmp_path / "runs" / "run" / "manifest.json")
    assert manifest["data"]["late"] == count > 0
    assert manifest["parts"]["train"]["events"] == train["events"] - count
    assert manifest["parts"]["validation"] == validation


def test_of_a_sample_fewer_cards_are_looked_at_and_that_is_said(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.train.cli import main

    args = [str(features), "--out", str(tmp_path / "runs"), "--id", "run", "--resamples", "0"]
    assert main([*args, "--split", "random", "--label-delay", "2d"]) == 0
    said = capsys.readouterr().out
    assert "these events are a sample: 2 cards a day are looked at, as of all events 10" in said
    assert "card precision@2 a day" in said
    metrics = read_json(tmp_path / "runs" / "run" / "metrics.json")
    assert (metrics["cards_per_day"], metrics["cards_looked_at"]) == (10, 2)
    page = (tmp_path / "runs" / "run" / "report.html").read_text()
    assert "These events are a sample: 2 cards a day are looked at" in page
    assert "card precision@2 a day" in page
