"""Backtests: both ways decide alike, whatever happens on the way, and by the past alone."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import InputError, OutputError
from engine.model.run import Run
from engine.model.split import DAY
from engine.model.threshold import Rule
from replay import ledger, playback
from replay.backtest import models, vectorised
from replay.backtest.decisions import digest_of
from replay.backtest.folds import plan
from replay.backtest.job import backtest
from replay.backtest.options import Options
from replay.backtest.page import backtest_page
from replay.backtest.policies import Action
from replay.backtest.text import backtest_text
from unit.build.cases import write
from unit.replay.backtest.cases import POLICY, Done

_ALERTS = [int(Action.ALERTED), int(Action.UNREVIEWED)]


def decided(done: Done) -> pl.DataFrame:
    return done.result.tested[0].decisions


def test_both_ways_decide_alike(done: Done) -> None:
    (tested,) = done.result.tested
    assert tested.checked is not None
    assert (tested.checked.decisions, tested.checked.differing) == (len(decided(done)), 0)
    assert done.result.differing == 0
    # The stream has asked everything of the policy.
    assert set(tested.decisions["action"].to_list()) == set(map(int, Action))
    assert len(done.result.content["folds"]) == 2


def test_the_check_says_what_a_leap_changes(done: Done, tmp_path: Path) -> None:
    """The stream rests for longer than that: after each rest some clocks are not believed."""
    options = replace(done.options, resamples=0, out=tmp_path / "out", leap=1_800)
    doubting = backtest(options)
    (tested,) = doubting.tested
    assert tested.checked is not None
    assert 0 < doubting.differing < tested.checked.decisions == len(decided(done))
    assert tested.digest != done.digest
    about = json.loads((tmp_path / "out" / "ledger-backtest" / "ledger.json").read_text())
    assert (about["lateness"], about["leap"]) == (3_600, 1_800)
    (tmp_path / "out" / "results.json").unlink()
    with pytest.raises(InputError, match=r"another backtest, by its leap \(was 1800, now none"):
        backtest(replace(options, leap=None))


def test_features_computed_at_once_take_no_leap(fast: Options) -> None:
    with pytest.raises(InputError, match="--leap: features that are computed at once") as said:
        backtest(replace(fast, mode="vectorised", leap=7 * DAY))
    assert "--event-driven" in said.value.hint


def test_the_folder_holds_it_all(done: Done) -> None:
    there = {path.name for path in done.folder.iterdir()}
    assert there == {
        "backtest.json",
        "backtest.parquet",
        "ledger-backtest",
        "report.html",
        "results.json",
        "runs",
    }
    content = json.loads((done.folder / "results.json").read_text())
    assert content == done.result.content
    kept = pl.read_parquet(done.folder / "backtest.parquet")
    assert kept["event_id"].equals(decided(done)["event_id"])
    assert set(kept["action"].to_list()) == {action.word for action in Action}
    recorded = pl.concat(map(pl.read_parquet, sorted(done.folder.glob("ledger-*/part-*.parquet"))))
    assert recorded["score"].equals(decided(done)["score"])
    assert recorded["model"].n_unique() == 2  # one of each fold


@pytest.mark.parametrize("change", [{"batch": 1}, {"batch": 37}, {"threads": 2}])
def test_no_decision_depends_on_batches_or_threads(
    done: Done, fast: Options, change: dict[str, int]
) -> None:
    for mode in ("event-driven", "vectorised"):
        again = backtest(replace(fast, mode=mode, **change))  # type: ignore[arg-type]  # a case
        assert again.tested[0].digest == done.digest


def copied(done: Done, folder: Path) -> Options:
    """What is left of the backtest where it was killed after training."""
    shutil.copytree(done.folder, folder)
    for left in ("results.json", "report.html", "backtest.parquet"):
        (folder / left).unlink()
    shutil.rmtree(folder / "ledger-backtest")
    return replace(done.options, resamples=0, out=folder)


class Stop(KeyboardInterrupt):
    """What a person's Ctrl-C raises."""


@pytest.mark.parametrize("how", [Stop, SystemExit])  # the second as good as kill -9: no clean-up
def test_stopped_among_decisions_it_goes_on_to_the_same_digest(
    done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: type[BaseException]
) -> None:
    monkeypatch.setattr(playback, "_CHUNK_ROWS", 64)
    monkeypatch.setattr(ledger, "PART_ROWS", 128)
    monkeypatch.setattr(models, "train", None)  # nothing is trained anew
    options = copied(done, tmp_path / "out")
    left = len(decided(done)) * 2 // 3
    decide = playback.Decider.decide

    def until(self: playback.Decider, rows: list[object], labels: object = None) -> object:
        nonlocal left
        left -= len(rows)
        if left < 0:
            raise how
        return decide(self, rows, labels)  # type: ignore[arg-type]  # handed on as they came

    with monkeypatch.context() as patch:
        patch.setattr(playback.Decider, "decide", until)
        with pytest.raises(how):
            backtest(options)
    assert not (tmp_path / "out" / "results.json").exists()

    again = backtest(options).tested[0]
    assert again.digest == done.digest
    assert 0 < (again.resumed or 0) < len(decided(done))
    assert again.checked is not None
    assert again.checked.differing == 0


def test_stopped_in_training_it_trains_the_rest(
    done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = copied(done, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "runs" / "fold-02")
    trained: list[str] = []
    train = models.train

    def noted(settings: object, *rest: object) -> object:
        trained.append(settings.id)  # type: ignore[attr-defined]  # of a training
        return train(settings, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(models, "train", noted)
    assert backtest(replace(options, mode="vectorised")).tested[0].digest == done.digest
    assert trained == ["fold-02"]


def test_what_is_there_is_not_replaced_unasked(done: Done, log: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="a complete one is there already"):
        backtest(done.options)
    options = copied(done, tmp_path / "out")
    with pytest.raises(InputError, match="another backtest, by its policy"):
        backtest(replace(options, policy=replace(POLICY, budget=8)))
    shutil.rmtree(tmp_path / "out" / "runs" / "fold-02")  # it would be trained in another way
    for training in (
        replace(options.training, calibration="isotonic"),
        replace(options.training, rule=Rule("recall", 0.8)),
    ):
        with pytest.raises(InputError, match="another backtest, by its training"):
            backtest(replace(options, training=training))
    events = pl.read_parquet(log)
    amounts = pl.when(pl.int_range(pl.len()) == 1_500).then(1.0).otherwise(pl.col("amt"))
    other = write(events.with_columns(amt=amounts), tmp_path / "log.parquet")
    with pytest.raises(InputError, match="another backtest, by its inputs"):
        backtest(replace(options, inputs=(str(other),)))
    precious = tmp_path / "precious"
    (precious / "runs").mkdir(parents=True)
    with pytest.raises(OutputError, match="not a backtest"):
        backtest(replace(options, out=precious, overwrite=True))
    assert (precious / "runs").exists()


def perturbed(
    log: Path, out: Path, start: int, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> Path:
    """The log, changed from an instant on."""
    events = pl.read_parquet(log)
    later = pl.col("unix_time") >= start
    changed = [events.filter(~later), change(events.filter(later))]
    return write(pl.concat(changed), out / "log.parquet")


def test_labels_that_are_not_known_yet_change_no_decision(
    done: Done, fast: Options, log: Path, tmp_path: Path
) -> None:
    """From a delay before the last fold's test on, every label is turned round."""
    test_from = pl.Series([done.result.content["folds"][-1]["from"]]).str.to_datetime()
    start = int(test_from.dt.epoch("s").item()) - fast.windows.delay
    other = perturbed(
        log, tmp_path, start, lambda events: events.with_columns(is_fraud=1 - pl.col("is_fraud"))
    )
    again = backtest(replace(fast, inputs=(str(other),), mode="vectorised"))
    assert again.tested[0].digest == done.digest
    assert again.content["overall"] != done.result.content["overall"]
    # A second earlier they count: the test can fail.
    events = pl.read_parquet(log)
    known = events.filter(pl.col("unix_time") < start)["unix_time"].max()
    turned = pl.when(pl.col("unix_time") >= known - 86_400).then(1 - pl.col("is_fraud"))
    other = write(
        events.with_columns(is_fraud=turned.otherwise("is_fraud")), tmp_path / "log.parquet"
    )
    again = backtest(replace(fast, inputs=(str(other),), mode="vectorised"))
    assert again.tested[0].digest != done.digest


def test_labels_that_the_log_says_came_later_change_no_decision(
    done: Done, fast: Options, log: Path, tmp_path: Path
) -> None:
    """Half of the labels take up to 30 days; those not known at the last test are turned round."""
    test_from = pl.Series([done.result.content["folds"][-1]["from"]]).str.to_datetime()
    start = int(test_from.dt.epoch("s").item())
    events = pl.read_parquet(log)
    days = pl.int_range(pl.len()) * 7_919 % 61 - 30  # known at once where that is below 0
    events = events.with_columns(
        label_time=pl.when(days > -15).then(pl.col("unix_time") + days * DAY)
    )
    windows = replace(fast.windows, train=12 * DAY)
    known = pl.max_horizontal(pl.col("unix_time") + windows.delay, "label_time")
    turned = pl.when(known > start).then(1 - pl.col("is_fraud")).otherwise("is_fraud")
    assert events.filter((known > start) & (pl.col("unix_time") < start - 3 * DAY)).height > 100
    found = []
    for name, changed in (
        ("late", events),
        ("turned", events.with_columns(is_fraud=turned)),
        ("untold", events.drop("label_time")),
        ("untold turned", events.with_columns(is_fraud=turned).drop("label_time")),
    ):
        other = write(changed, tmp_path / f"{name}.parquet")
        result = backtest(replace(fast, inputs=(str(other),), windows=windows))
        assert result.differing == 0
        found.append(result)
    late, turned_late, untold, untold_turned = (each.tested[0].digest for each in found)
    assert late == turned_late
    assert late != untold
    # Without label_time they are learnt from: the test can fail.
    assert untold != untold_turned
    learnt = [each.content["folds"][-1]["contenders"]["backtest"]["trained"] for each in found]
    for part in ("train", "validation"):
        assert 0 < learnt[0][part]["events"] < learnt[2][part]["events"]


def test_events_without_a_label_are_history_and_are_decided_on(
    done: Done, fast: Options, log: Path, tmp_path: Path
) -> None:
    """Every fifth label is missing, and all of the last test window's."""
    events = pl.read_parquet(log)
    last = done.result.content["folds"][-1]
    window = pl.lit(last["from"]).str.to_datetime().dt.epoch("s") <= pl.col("unix_time")
    missing = (pl.int_range(pl.len()) % 5 == 0) | window
    there = pl.when(~missing).then("is_fraud").alias("is_fraud")
    other = write(events.with_columns(there), tmp_path / "log.parquet")
    found = backtest(replace(fast, inputs=(str(other),)))
    assert found.differing == 0
    content, decisions = found.content, found.tested[0].decisions
    assert content["log"]["events"] == 3_000
    assert content["log"]["unlabelled"] == events.select(missing.sum()).item()
    assert len(decisions) == len(decided(done))
    first, unlabelled = content["folds"]
    assert 0 < first["unlabelled"] < first["events"]
    assert unlabelled["unlabelled"] == unlabelled["events"] > 0
    of = unlabelled["contenders"]["backtest"]
    # Alerts there are alerts, and of nothing else there is anything to say.
    alerts = decisions.filter(pl.col("fold") == 2, pl.col("action").is_in(_ALERTS)).height
    assert alerts == of["outcomes"]["unlabelled_alerts"]["value"] > 0
    assert alerts == of["outcomes"]["alerts"]["value"]
    assert of["outcomes"]["precision"]["value"] is None
    assert of["outcomes"]["money_of_false_alerts"]["value"] == 0
    assert of["metrics"]["events"] == of["metrics"]["fraud"] == 0
    assert of["metrics"]["figures"]["average_precision"]["value"] is None
    assert of["metrics"]["figures"]["at_threshold.alerts_per_day"]["value"] is None
    # Nothing was learnt from them, and what was left out is counted.
    for part in ("train", "validation"):
        whole = last["contenders"]["backtest"]["trained"][part]
        learnt = of["trained"][part]
        assert learnt["left_out"] > 0 == whole["left_out"]
        assert learnt["events"] + learnt["left_out"] == whole["events"]
    # What is measured is what is measured of the labelled ones alone.
    metrics = content["overall"]["backtest"]["metrics"]
    assert metrics["events"] == first["events"] - first["unlabelled"]
    assert metrics["fraud"] == first["fraud"]
    assert "without a label" in backtest_text(found)
    assert "without a label" in backtest_page(content)
    assert "without a label" not in backtest_page(done.result.content)


def test_labels_that_are_missing_change_no_decision_as_long_as_nothing_is_learnt_from_them(
    done: Done, fast: Options, log: Path, tmp_path: Path
) -> None:
    events = pl.read_parquet(log)
    last = pl.lit(done.result.content["folds"][-1]["from"]).str.to_datetime().dt.epoch("s")
    unknown = pl.col("unix_time") + fast.windows.delay > last
    there = pl.when(~unknown).then("is_fraud").alias("is_fraud")
    other = write(events.with_columns(there), tmp_path / "log.parquet")
    assert backtest(replace(fast, inputs=(str(other),))).tested[0].digest == done.digest


@pytest.mark.parametrize("mode", ["vectorised", "event-driven"])
def test_what_comes_later_changes_no_decision(
    done: Done, fast: Options, log: Path, tmp_path: Path, mode: str
) -> None:
    before = decided(done)
    row = before.filter(fold=2)[200]
    start = row["event_time"].item()
    other = perturbed(
        log,
        tmp_path,
        start,
        lambda events: events.with_columns(
            pl.col("amt") * 3 + 1,
            is_fraud=1 - pl.col("is_fraud"),
            merchant=pl.lit("fraud_Other"),
        ),
    )
    after = backtest(replace(fast, inputs=(str(other),), mode=mode)).tested[0].decisions  # type: ignore[arg-type]  # one of them
    kept = pl.col("event_time") < start
    assert digest_of(after.filter(kept)) == digest_of(before.filter(kept))
    assert digest_of(after) != done.digest


def test_a_window_without_events_is_no_fold_and_the_others_keep_their_numbers(
    fast: Options, log: Path, tmp_path: Path
) -> None:
    windows = replace(fast.windows, test=2 * DAY, validation=4 * DAY)
    whole = plan(windows, *_first_and_last(log), start=None, until=None)
    empty = whole[1]
    inside = pl.col("unix_time").is_between(empty.start, empty.end, closed="left")
    other = write(pl.read_parquet(log).filter(~inside), tmp_path / "log.parquet")
    found = backtest(replace(fast, inputs=(str(other),), windows=windows))
    assert found.differing == 0
    numbers = [fold.number for fold in whole if fold is not empty]
    assert [fold["fold"] for fold in found.content["folds"]] == numbers
    assert found.tested[0].decisions["fold"].unique().sort().to_list() == numbers
    for mode in ("vectorised", "event-driven"):
        alone = backtest(replace(fast, inputs=(str(other),), windows=windows, mode=mode))  # type: ignore[arg-type]  # one of them
        assert alone.content["overall"] == found.content["overall"]
        assert alone.tested[0].digest == found.tested[0].digest


def _first_and_last(log: Path) -> tuple[int, int]:
    times = pl.read_parquet(log)["unix_time"]
    return int(times[0]), int(times[-1])


def test_a_log_out_of_time_order_is_refused_or_put_in_order(
    done: Done, fast: Options, log: Path, tmp_path: Path
) -> None:
    events = pl.read_parquet(log)
    later = events["unix_time"][998] < events["unix_time"][999]
    assert later
    mixed = write(events[[*range(998), 999, 998, *range(1_000, 3_000)]], tmp_path / "log.parquet")
    fast = replace(fast, inputs=(str(mixed),))
    with pytest.raises(InputError, match="out of time order") as said:
        backtest(fast)
    assert "--order event-time" in said.value.hint
    ordered = backtest(replace(fast, order="event-time"))
    assert ordered.tested[0].digest == done.digest
    assert ordered.differing == 0


def test_a_single_bit_is_found(fast: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    of_fold = vectorised._of_fold

    def harmed(table: object, fold: object, run: Run) -> pl.DataFrame:
        decisions = of_fold(table, fold, run)  # type: ignore[arg-type]  # handed on as they came
        scores = decisions["score"].to_numpy().copy()
        if decisions["fold"][0] == 2:
            scores[5] = np.nextafter(scores[5], 1.0)
        return decisions.with_columns(score=pl.Series(scores))

    monkeypatch.setattr(vectorised, "_of_fold", harmed)
    found = backtest(fast)
    (tested,) = found.tested
    assert found.differing == 1
    assert tested.checked is not None
    (example,) = tested.checked.examples
    assert (example.fold, example.column) == (2, "score")
    assert example.event_id == tested.decisions.filter(fold=2)["event_id"][5]
    assert example.event_id in str(example)
    assert found.content["contenders"]["backtest"]["check"]["differing"] == 1
