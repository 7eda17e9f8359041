"""What a training refuses: one message with a hint, and nothing left behind."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from unit.build.cases import tree
from unit.train.cases import read_json, train


@pytest.fixture
def changed(features: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of the build with its features or its report changed."""

    def change(
        of_features: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame,
        **of_report: object,
    ) -> Path:
        copy = tmp_path / "changed"
        copy.mkdir()
        (copy / "features.json").write_bytes((features / "features.json").read_bytes())
        report = read_json(features / "build.json") | of_report
        (copy / "build.json").write_text(json.dumps(report))
        frame = of_features(pl.read_parquet(features / "features.parquet"))
        frame.write_parquet(copy / "features.parquet")
        return copy

    return change


def assert_refused(
    capsys: pytest.CaptureFixture[str], words: str, features: Path, out: Path, *options: str
) -> None:
    before = tree(out.parent)
    assert train(features, out, "run", *options) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert words in what
    assert "(was" in what
    assert hint.startswith("hint: ")
    assert tree(out.parent) == before


def labels_of(values: list[object]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def change(frame: pl.DataFrame) -> pl.DataFrame:
        repeated = [values[place % len(values)] for place in range(len(frame))]
        return frame.with_columns(pl.Series("is_fraud", repeated, strict=False))

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop("is_fraud"), "there is no label column"),
        (labels_of([0]), "there is no fraud"),
        (labels_of([1]), "nothing but fraud"),
        (labels_of([1, None]), "there is nothing but fraud"),
        (lambda frame: frame.with_columns(is_fraud=pl.lit(None, pl.Int8)), "no event has a label"),
        (labels_of([1.0, float("nan")]), "rows have no label that can be read"),
        (labels_of(["yes", "perhaps"]), "rows have no label that can be read"),
        (lambda frame: frame.drop("hour"), "lacking hour"),
        (lambda frame: frame.select(reversed(frame.columns)), "another order"),
        (
            lambda frame: frame.with_columns(pl.lit("x").alias("hour")),
            "what its definitions say",
        ),
        (lambda frame: frame.head(100), "not the file that build.json"),
    ],
)
def test_features_that_say_nothing_to_learn(
    changed: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[pl.DataFrame], pl.DataFrame],
    words: str,
) -> None:
    assert_refused(capsys, words, changed(change), tmp_path / "out" / "runs")


def test_no_fraud_in_the_test_part(
    changed: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def none_late(frame: pl.DataFrame) -> pl.DataFrame:
        late = pl.col("unix_time") > frame["unix_time"].quantile(0.7)
        return frame.with_columns(pl.when(late).then(0).otherwise("is_fraud").alias("is_fraud"))

    assert_refused(capsys, "the test part, ", changed(none_late), tmp_path / "out" / "runs")


@pytest.mark.parametrize("labels", [["yes", "no"], ["T", "F"], [True, False], ["1", "0"]])
def test_labels_in_words_train(
    changed: Callable[..., Path], tmp_path: Path, labels: list[object]
) -> None:
    assert train(changed(labels_of(labels)), tmp_path / "runs", "run") == 0


def test_features_of_other_definitions(
    changed: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = changed(fingerprint="0" * 64)
    assert_refused(capsys, "other definitions of notebook", other, tmp_path / "out" / "runs")


def test_no_build_report(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "features.parquet"
    alone.write_bytes((features / "features.parquet").read_bytes())
    assert_refused(capsys, "build.json: cannot be read", alone, tmp_path / "out" / "runs")
    assert_refused(capsys, "no features there", tmp_path / "none", tmp_path / "out" / "runs")


def test_a_log_is_no_features(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = features.parent / "features.csv"
    assert_refused(capsys, "not a file of features", log, tmp_path / "out" / "runs")


@pytest.mark.parametrize("rows", [[], 6_000, {"written": "all"}, None])
def test_a_build_report_that_does_not_count(
    changed: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rows: object,
) -> None:
    words = "not the file that build.json beside it tells of"
    assert_refused(capsys, words, changed(rows=rows), tmp_path / "out" / "runs")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--label-delay", "week"], "--label-delay"),
        (["--label-delay", "30d"], "no room"),
        (["--shares", "60,40"], "--shares"),
        (["--shares", "60,20,30"], "--shares"),
        (["--until", "yesterday"], "--until"),
        (["--threshold", "f1"], "--threshold"),
        (["--threshold", "alerts-per-day=0.001"], "--threshold"),
        (["--alert-cost", "-5"], "--alert-cost"),
        (["--alert-cost", "nan"], "--alert-cost"),
        (["--resamples", "x"], "--resamples"),
        (["--seed", "-1"], "--seed"),
        (["--threads", "0"], "--threads"),
        (["--model", "oracle"], "oracle"),
        (["--split", "random", "--until", "2025-02-01"], "takes no dates"),
        (["--id", "../run"], "--id"),
        (["--id", "current"], "--id"),
    ],
)
def test_options_that_mean_nothing(
    features: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    assert_refused(capsys, words, features, tmp_path / "out" / "runs", *options)


def test_places_that_hold_something_else(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "out" / "runs"
    (runs / "run").mkdir(parents=True)
    assert_refused(capsys, "and not a run", features, runs, "--overwrite")
    (runs / "run").rmdir()
    (runs / "current").mkdir()
    assert_refused(capsys, "not a link to a run", features, runs)
    file = tmp_path / "out" / "file"
    file.write_text("mine")
    assert_refused(capsys, "not a folder", features, file)
