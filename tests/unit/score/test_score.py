"""Scoring: the same from features and from the log, reasons that add up, and honest figures."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.model.features_file import read_features
from engine.model.loading import load_run
from engine.model.reasons import HOLDER, reasons
from engine.score.cli import main
from unit.build.cases import tree, write
from unit.model.cases import simulated


def score(*args: str | Path, resamples: int = 5) -> int:
    return main([*map(str, args), "--resamples", str(resamples)])


def test_features_and_raw_logs_give_the_same_scores(
    features: Path, boosted: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    assert score(features, "--run", boosted, "--out", one, "--quiet") == 0
    log = features.parent / "features.csv"
    assert score(log, "--run", boosted, "--out", two, "--quiet") == 0
    frame = pl.read_parquet(one)
    assert frame.equals(pl.read_parquet(two))
    assert frame.columns == [
        *("event_id", "cc_num", "unix_time", "is_fraud"),
        *("score", "probability", "flagged", "reasons"),
    ]
    run = load_run(boosted)
    assert np.array_equal(frame["flagged"].to_numpy() == 1, run.flags(frame["score"].to_numpy()))
    said = frame.filter(pl.col("flagged") == 1)["reasons"].list.len()
    assert said.min() >= 1  # type: ignore[operator] # of numbers it is one
    assert said.max() <= 3  # type: ignore[operator] # of numbers it is one
    assert not frame.filter(pl.col("flagged") == 0)["reasons"].list.len().sum()
    # Nothing is left of what was built on the way.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.parquet", "two.parquet"]


@pytest.mark.parametrize("kind", ["boosted", "forest"])
def test_contributions_add_up_to_the_score(
    features: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    run = load_run(request.getfixturevalue(kind))
    seen = read_features(features, labels_required=True).values[:300]
    values = seen.numbers
    together = run.model.contributions(values).sum(axis=1)
    scores = run.model.scores(values)
    if kind == "boosted":
        scores = np.log(scores) - np.log1p(-scores)
    # What is left is the same for each event: where a score begins that nothing is known of.
    assert np.ptp(scores - together) < 1e-9
    for row, found in zip(values, reasons(run, seen, 3), strict=True):
        assert HOLDER not in {reason.feature for reason in found[:-1]}
        strengths = [reason.contribution for reason in found if reason.feature != HOLDER]
        assert strengths == sorted(strengths, reverse=True)
        assert all(strength > 0 for strength in strengths)
        assert len(row) == len(run.features.names)


def test_figures_of_events_it_has_never_seen(
    boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write(simulated(3_000, seed=8), tmp_path / "new.csv")
    assert score(log, "--run", boosted) == 0
    said = capsys.readouterr().out
    assert "3,000 events scored by" in said
    assert "average precision" in said
    assert "; usual is " in said
    assert "of the days that the run was trained on" in said
    for card in pl.read_csv(log, separator="|", infer_schema=False)["cc_num"].unique():
        assert card not in said
    assert score(log, "--run", boosted, "--json", "--quiet") == 0
    said = capsys.readouterr().out
    content = json.loads(said)
    assert content["metrics"]["events"] == 3_000
    assert content["highest"][0]["card"].startswith("*")


def test_without_labels_there_are_scores_and_no_figures(
    boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write(simulated(500).drop("is_fraud"), tmp_path / "new.parquet")
    assert score(log, "--run", boosted, "--out", tmp_path / "scores.parquet") == 0
    assert "no figures: 500 events have no label" in capsys.readouterr().out
    assert "is_fraud" not in pl.read_parquet(tmp_path / "scores.parquet").columns


def test_figures_are_of_the_labelled_ones(
    boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = simulated(3_000, seed=8)
    unknown = pl.int_range(pl.len()) % 3 == 0
    some = events.with_columns(pl.when(~unknown).then("is_fraud").alias("is_fraud"))
    out = tmp_path / "scores.parquet"
    assert score(write(some, tmp_path / "some.parquet"), "--run", boosted, "--out", out) == 0
    said = capsys.readouterr().out
    # Each event keeps the label that it has.
    scored = pl.read_parquet(out)
    assert scored.schema["is_fraud"] == pl.Int8
    told = scored.select("is_fraud").to_series().to_list()
    assert told == [None if label is None else int(label) for label in some["is_fraud"]]
    assert "figures of the labelled ones, without 1,000 events that have no label" in said
    assert "2,000 events, " in said
    assert "average precision" in said


def test_alerts_a_day_are_of_as_many_days_as_there_are_labels_for(
    boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = simulated(3_000, seed=8).sort("unix_time")
    days = events["unix_time"].max() // 86_400 - events["unix_time"].min() // 86_400 + 1  # type: ignore[operator] # of numbers they are
    every_other = pl.int_range(pl.len()) % 2 == 0
    first_half = pl.int_range(pl.len()) < 1_500
    for labelled in (every_other, first_half):
        some = events.with_columns(pl.when(labelled).then("is_fraud").alias("is_fraud"))
        log = write(some, tmp_path / "some.parquet")
        assert score(log, "--run", boosted, "--json", "--quiet") == 0
        metrics = json.loads(capsys.readouterr().out)["metrics"]
        assert metrics["events"] == 1_500
        assert metrics["days"] == pytest.approx(days / 2)


def test_labels_without_fraud_are_scored_and_give_no_figures(
    boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day without fraud is no reason to score nothing."""
    log = write(
        simulated(500).with_columns(pl.lit(0, pl.Int64).alias("is_fraud")), tmp_path / "new.parquet"
    )
    assert score(log, "--run", boosted, "--out", tmp_path / "scores.parquet") == 0
    assert "no figures: there is no fraud among the labels" in capsys.readouterr().out
    assert pl.read_parquet(tmp_path / "scores.parquet")["is_fraud"].sum() == 0
    assert score(log, "--run", boosted, "--json", "--quiet") == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["metrics"], content["lacking"]) == (None, "no fraud")


def test_messages_name_the_log_and_not_where_its_features_are_for_now(
    boosted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = write(simulated(100), tmp_path / "new.parquet")
    found = pl.read_parquet

    def empty(source: Path | list[Path]) -> pl.DataFrame:
        names = [path.name for path in source] if isinstance(source, list) else [source.name]
        return found(source).head(0) if names == ["features.parquet"] else found(source)

    monkeypatch.setattr(pl, "read_parquet", empty)
    assert score(log, "--run", boosted, "--quiet") == 2
    assert capsys.readouterr().err.startswith(f"{log}: there are no events (was 0 rows)\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--run", "nowhere"], "not a run"),
        (["--reasons", "x"], "--reasons"),
        (["--alert-cost", "x"], "--alert-cost"),
        (["--out", "."], "--out: a folder"),
        (["--out", "there.parquet"], "--out: there already"),
        (["--out", "no/where.parquet"], "no such folder"),
    ],
)
def test_what_is_refused(
    features: Path,
    boosted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.parquet").write_text("mine")
    before = tree(tmp_path)
    assert score(features, "--run", boosted, *options) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert words in what
    assert "(was" in what
    assert hint.startswith("hint: ")
    assert tree(tmp_path) == before


def test_scores_replace_nothing_that_they_are_made_of(
    features: Path, boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = Path(shutil.copytree(boosted.parent, tmp_path / "runs", symlinks=True))
    built = Path(shutil.copytree(features, tmp_path / "built"))
    log = Path(shutil.copy(features.parent / "features.csv", tmp_path / "log.csv"))
    (tmp_path / "same.csv").symlink_to(log)
    before = tree(tmp_path)
    for given, out in (
        (log, log),
        (log, tmp_path / "runs" / ".." / "log.csv"),
        (log, tmp_path / "same.csv"),
        (built, built / "features.parquet"),
        (built / "features.parquet", built / "build.json"),
        (built, runs / "boosted" / "model.txt"),
        (built, runs / "current" / "scores.parquet"),
    ):
        assert score(given, "--run", runs / "current", "--out", out, "--overwrite") == 2
        what, hint = capsys.readouterr().err.splitlines()
        assert "--out: would replace what is read" in what or "--out: within the run" in what
        assert "(was" in what
        assert hint.startswith("hint: ")
    assert tree(tmp_path) == before
