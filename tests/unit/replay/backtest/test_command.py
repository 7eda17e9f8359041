"""The command: exit codes, champion against challenger, refusals, the page."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.build.cli import main as build_main
from replay.backtest.cli import main
from replay.backtest.page import backtest_page
from unit.build.cases import write
from unit.replay.backtest.cases import Done

WINDOWS = ("--train", "10d", "--delay", "2d", "--test", "4d", "--resamples", "5", "--threads", "1")


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, dict[str, Any]]:
    code = main([*args, *WINDOWS, "--json", "--quiet"])
    said = capsys.readouterr()
    assert said.err == ""
    content: dict[str, Any] = json.loads(said.out)
    return code, content


def test_two_thresholds_side_by_side(
    done: Done, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = tmp_path / "features"
    assert build_main([str(log), "--out", str(built), "--quiet"]) == 0
    code, content = run(capsys, str(built), "--threshold", "0.9", "--against-threshold", "0.1")
    assert code == 0
    outcomes = content["comparison"]["outcomes"]["alerts"]
    strict, lax = (outcomes[name]["value"] for name in ("challenger", "champion"))
    assert strict < lax
    assert outcomes["difference"]["value"] == strict - lax
    flagged = {
        name: content["overall"][name]["metrics"]["confusion"]["at_threshold"]
        for name in ("challenger", "champion")
    }
    scores = done.result.tested[0].decisions["score"]
    # The models are those of the other backtest: seed and windows are.
    assert sum(flagged["challenger"][f"{each}_positives"] for each in ("true", "false")) == int(
        (scores >= 0.9).sum()
    )
    # As the same models rank for both, what is told apart is the threshold alone.
    precision = content["comparison"]["metrics"]["figures"]["average_precision"]
    assert precision["difference"]["value"] == 0


def test_one_model_for_all_folds(done: Done, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = done.folder / "runs" / "fold-01"
    code, content = run(capsys, str(log), "--run", str(first), "--check", "--batch", "64")
    assert code == 0
    decisions = content["contenders"]["backtest"]["check"]
    assert decisions["differing"] == 0
    # From its own test part on, in whole windows; the first is the one it was trained for.
    assert content["folds"][0]["from"] == done.result.content["folds"][0]["from"]
    of_fold = [
        each["folds"][0]["contenders"]["backtest"]["metrics"]["figures"]["average_precision"]
        for each in (content, done.result.content)
    ]
    assert of_fold[0] == of_fold[1]


def test_trained_anew_against_one_that_is_there(
    done: Done, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = str(done.folder / "runs" / "fold-01")
    out = tmp_path / "out"
    code, content = run(capsys, str(log), "--against-run", first, "--out", str(out), "--check")
    assert code == 0
    folds = content["folds"]
    assert len(folds) == 2
    of_each = [fold["contenders"] for fold in folds]
    # The champion is the model of the first fold, so only from the second on they differ.
    assert of_each[0]["challenger"]["metrics"] == of_each[0]["champion"]["metrics"]
    assert of_each[1]["challenger"]["metrics"] != of_each[1]["champion"]["metrics"]
    assert {path.name for path in out.glob("ledger-*")} == {"ledger-challenger", "ledger-champion"}
    page = (out / "report.html").read_text()
    assert "Side by side" in page
    assert page == backtest_page(json.loads((out / "results.json").read_text()))


def test_a_run_is_not_judged_by_what_it_has_learnt_from(
    done: Done, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = str(done.folder / "runs" / "fold-01")
    day = done.result.content["folds"][0]["contenders"]["backtest"]["trained"]["train"]["from"]
    assert main([str(log), "--run", first, "--from", day, *WINDOWS]) == 2
    assert "would be judged by what it has learnt from" in capsys.readouterr().err


def test_a_log_of_days_that_a_run_has_learnt_from_says_so(
    done: Done, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = done.folder / "runs" / "fold-02"
    fold = done.result.content["folds"][1]
    learnt = fold["contenders"]["backtest"]["trained"]
    events = pl.read_parquet(log)
    earlier = write(events[: len(events) // 2], tmp_path / "earlier.parquet")
    assert main([str(earlier), "--run", str(second), *WINDOWS]) == 2
    said = capsys.readouterr().err
    assert "the log is of days that the run has learnt from" in said
    assert f"learnt from {learnt['train']['from']} to {learnt['validation']['until']}" in said
    assert f"may be tested from {fold['from']} on" in said
    assert "take a log that goes on after that" in said
    before = write(events[:100], tmp_path / "before.parquet")
    assert main([str(before), "--run", str(second), *WINDOWS]) == 2
    assert "of days before those that the run has learnt from" in capsys.readouterr().err
    test_from = pl.lit(fold["from"]).str.to_datetime().dt.epoch("s")
    short = write(events.filter(pl.col("unix_time") < test_from), tmp_path / "short.parquet")
    assert main([str(short), "--run", str(second), *WINDOWS]) == 2
    assert "no room for a test window after the days" in capsys.readouterr().err


def test_the_page_loads_nothing_and_names_nobody(done: Done, log: Path) -> None:
    page = (done.folder / "report.html").read_text()
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    for card in pl.read_parquet(log)["cc_num"].unique().to_list():
        assert str(card) not in page
    assert page.count("<svg") == 6


def test_what_is_printed(done: Done, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = ("--budget", "7", "--block", "saved", "--reviews", "6", "--threshold", "max-f1")
    assert main([str(log), *WINDOWS, *policy]) == 0
    said = capsys.readouterr().out
    assert f"digest {done.digest}" in said
    assert "at most 7 alerts a UTC day" in said
    for fold in done.result.content["folds"]:
        assert fold["from"] in said


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--train", "36h"), "--train: folds are of whole UTC days"),
        (("--train", "2d"), "no room to learn in"),
        (("--threshold", "best"), "--threshold: not a rule"),
        (("--against-threshold", "best"), "--against-threshold: not a rule"),
        (("--run", "runs/x", "--threshold", "max-f1"), "has chosen its threshold by its own rule"),
        (("--budget", "0"), "--budget"),
        (("--order", "arrival"), "--order"),
        (("--from", "2031-01-01"), "no room for a single test window"),
        (("--from", "2001-01-01"), "--from: the log has no events to test from then on"),
        (("--until", "2031-01-01"), "--until: the log has no events to test by then"),
    ],
)
def test_refusals(
    log: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], words: str
) -> None:
    assert main([str(log), *WINDOWS, *args, "--quiet"]) == 2
    refused = capsys.readouterr().err
    assert words in refused
    assert "\nhint: " in refused


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (pl.lit(None, dtype=pl.Int64), "no event has a label (was 3,000 without)"),
        (None, "no event has a label"),
        (
            pl.when(pl.col("unix_time") < pl.col("unix_time").max() - 12 * 86_400).then("is_fraud"),
            "no event of the test windows has a label",
        ),
    ],
)
def test_what_is_said_of_labels_names_the_log(
    log: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: pl.Expr | None,
    words: str,
) -> None:
    events = pl.read_parquet(log)
    other = tmp_path / "other.parquet"
    events = events.drop("is_fraud") if change is None else events.with_columns(is_fraud=change)
    assert main([str(write(events, other)), *WINDOWS, "--quiet"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{other}: {words}")
    assert "scratch" not in said


def test_a_build_cannot_be_played_back(features: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(features), "--check"]) == 2
    assert "holds no events to play back" in capsys.readouterr().err
