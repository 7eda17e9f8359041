"""Two runs compared: only by what neither has learnt from, with figures as each has alone."""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.compare.cli import main
from unit.build.cases import build, write
from unit.model.cases import build_features, simulated
from unit.train.cases import read_json, trained


def compare(*args: str | Path) -> int:
    return main(["--resamples", "10", "--quiet", *map(str, args)])


@pytest.fixture(scope="module")
def other(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of LightGBM with more to learn from, and later days of test."""
    out = tmp_path_factory.mktemp("other")
    return trained(features, out, "other", "--test-from", "2025-02-05", "--seed", "7")


def said(capsys: pytest.CaptureFixture[str], *args: str | Path) -> dict[str, Any]:
    assert compare(*args, "--json") == 0
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return content


def test_by_default_from_where_the_later_test_part_begins(
    features: Path, boosted: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = said(capsys, boosted, other, features, "--seed", "7")
    tests = [read_json(run / "manifest.json")["parts"]["test"] for run in (boosted, other)]
    assert tests[0]["start"] < tests[1]["start"]
    assert content["from"] == tests[1]["from"]
    assert content["until"] == tests[1]["until"]
    comparison = content["comparison"]
    assert comparison["events"] == tests[1]["events"]
    # Of the other it is the test part: its figures are those that it was trained with.
    alone = read_json(other / "metrics.json")["figures"]
    assert {name: each["baseline"] for name, each in comparison["figures"].items()} == alone
    turned = said(capsys, other, boosted, features, "--seed", "7")["comparison"]
    for name, each in comparison["figures"].items():
        value = each["difference"]["value"]
        back = turned["figures"][name]["difference"]["value"]
        assert back == (value if value is None else pytest.approx(-value))


def test_the_same_test_part_of_a_split_at_random(
    features: Path, forest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boosted = trained(features, tmp_path, "boosted", "--split", "random")
    capsys.readouterr()
    content = said(capsys, boosted, forest, features, "--test-part")
    comparison = content["comparison"]
    for name, run in (("run", boosted), ("baseline", forest)):
        alone = read_json(run / "metrics.json")["figures"]
        assert {figure: each[name] for figure, each in comparison["figures"].items()} == alone
    assert main([*map(str, (boosted, forest, features)), "--test-part", "--resamples", "5"]) == 0
    text = capsys.readouterr().out
    assert "split at random: flattering" in text
    assert "average precision" in text
    assert max(len(line) for line in text.splitlines() if str(tmp_path.parent) not in line) <= 135


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", "2025-01-10"], "judged by what it has learnt from"),
        (["--until", "2025-01-10"], "no events to judge by"),
        (["--from", "2025-06-01", "--until", "2025-07-01"], "no events to judge by"),
        (["--from", "June"], "--from: not a date"),
        (["--test-part", "--from", "2025-02-05"], "--test-part: takes no dates"),
        (["--resamples", "-1"], "--resamples"),
        (["--alert-cost", "x"], "--alert-cost"),
        (["--threads", "0"], "--threads"),
    ],
)
def test_what_is_refused(
    features: Path,
    boosted: Path,
    other: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    assert_refused(capsys, words, boosted, other, features, *options)


def test_days_that_the_log_has_not_reached_do_not_count(
    features: Path, boosted: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = pl.read_parquet(features / "features.parquet")["unix_time"].to_list()
    after = date(1970, 1, 1) + timedelta(days=max(times) // 86_400 + 1)
    to_the_end = said(capsys, boosted, other, features, "--until", after.isoformat())
    beyond = said(capsys, boosted, other, features, "--until", "2026-12-31")
    assert to_the_end["until"] == after.isoformat()
    assert {**beyond, "seconds": 0} == {**to_the_end, "seconds": 0}
    start = date.fromisoformat(to_the_end["from"])
    assert to_the_end["comparison"]["days"] == (after - start).days


def assert_refused(capsys: pytest.CaptureFixture[str], words: str, *args: str | Path) -> None:
    assert compare(*args) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert words in what
    assert "(was" in what
    assert hint.startswith("hint: ")


def test_a_split_at_random_has_no_days_of_its_own(
    features: Path, boosted: Path, forest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(boosted, forest, features) == 2
    told = capsys.readouterr().err
    assert "judged by what it has learnt from" in told
    assert "compare by --test-part" in told


def test_runs_that_cannot_be_judged_by_these_features(
    features: Path, boosted: Path, other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_refused(capsys, "not a run", tmp_path / "none", other, features)
    elsewhere = build_features(tmp_path / "features", simulated(3_000, seed=8))
    words = "not the file that"
    assert_refused(capsys, words, boosted, other, elsewhere, "--test-part")
    # A manifest from before it told how events were split.
    early = Path(shutil.copytree(boosted, tmp_path / "early"))
    manifest = read_json(early / "manifest.json")
    del manifest["options"]["shares"]
    (early / "manifest.json").write_text(json.dumps(manifest))
    words = "how events were split cannot be read"
    assert_refused(capsys, words, early, other, features, "--test-part")
    del manifest["parts"]["train"]
    (early / "manifest.json").write_text(json.dumps(manifest))
    assert_refused(capsys, "the parts cannot be read", early, other, features)


def test_nobody_is_judged_by_events_without_a_label(
    features: Path, boosted: Path, other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("features.json", "build.json"):
        (tmp_path / name).write_bytes((features / name).read_bytes())
    frame = pl.read_parquet(features / "features.parquet")
    label = pl.when(pl.int_range(pl.len()) % 2 == 0).then("is_fraud")
    frame.with_columns(is_fraud=label).write_parquet(tmp_path / "features.parquet")
    whole = said(capsys, boosted, other, features)["comparison"]
    half = said(capsys, boosted, other, tmp_path)
    assert half["comparison"]["events"] + half["unlabelled"] == whole["events"]
    assert 0 < half["comparison"]["fraud"] < whole["fraud"]
    assert half["comparison"]["days"] == pytest.approx(half["coverage"] * whole["days"])
    assert half["comparison"]["cards_looked_at"] == 10
    assert main([*map(str, (boosted, other, tmp_path)), "--resamples", "0"]) == 0
    assert f"without {half['unlabelled']:,} events that have no label" in capsys.readouterr().out


def test_runs_of_two_feature_sets_are_judged_by_the_same_events(
    features: Path, boosted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write(simulated(), tmp_path / "log.csv")
    assert build(tmp_path / "pos", [log], "--set", "pos") == 0
    pos = trained(tmp_path / "pos", tmp_path / "runs", "pos")
    capsys.readouterr()
    built = ("--baseline-features", features)
    figures = said(capsys, pos, boosted, tmp_path / "pos", *built)["comparison"]["figures"]
    for run, name in ((pos, "run"), (boosted, "baseline")):
        alone = read_json(run / "metrics.json")["figures"]
        assert {of: each[name]["value"] for of, each in figures.items()} == {
            of: each["value"] for of, each in alone.items()
        }
    parts = said(capsys, pos, boosted, tmp_path / "pos", *built, "--test-part")["comparison"]
    assert parts["figures"] == figures
    for built, other in ((tmp_path / "pos", boosted), (features, pos)):
        assert compare(pos, boosted, built) == 2
        told, hint = capsys.readouterr().err.splitlines()
        assert f"not the features that {other} was trained on" in told
        assert "those of BASELINE (--set notebook) with --baseline-features" in hint
        assert "FEATURES of RUN (--set pos)" in hint


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda log: log.head(-1), "events"),
        (lambda log: log.with_columns(unix_time=pl.col("unix_time") + 1), "times"),
        (lambda log: log.with_columns(is_fraud=1 - pl.col("is_fraud")), "labels"),
        (lambda log: log.with_columns(cc_num=pl.col("cc_num") + 1), "cards"),
    ],
)
def test_other_events_are_no_ground_to_compare_on(
    features: Path,
    boosted: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[pl.DataFrame], pl.DataFrame],
    what: str,
) -> None:
    other = build_features(tmp_path / "other", change(simulated()))
    assert compare(boosted, boosted, features, "--baseline-features", other) == 2
    assert f"has not the {what} of {features}" in capsys.readouterr().err
