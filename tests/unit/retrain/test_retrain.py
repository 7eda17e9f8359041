"""Retraining: what is decided is written down, and current moves only for something better."""

import hashlib
import json
import shutil
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.model import lock, store
from engine.model.loading import load_run
from engine.retrain import job
from engine.retrain.cli import main
from unit.build.cases import tree
from unit.train.cases import read_json, trained

DAY = 86_400
WINDOW = ("--no-report", "--days", "6", "--resamples", "40", "--quiet")


def retrain(features: Path, runs: Path, *options: str) -> int:
    return main([str(features), "--runs", str(runs), "--id", "challenger", *WINDOW, *options])


@pytest.fixture
def runs(boosted: Path, tmp_path: Path) -> Path:
    """A folder of runs with a champion."""
    return Path(shutil.copytree(boosted.parent, tmp_path / "runs", symlinks=True))


@pytest.fixture(scope="session")
def misled(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs whose champion learnt from labels that were dealt out at random."""
    folder = tmp_path_factory.mktemp("misled")
    for name in ("features.json", "build.json"):
        (folder / name).write_bytes((features / name).read_bytes())
    frame = pl.read_parquet(features / "features.parquet")
    dealt = pl.col("is_fraud").shuffle(seed=1)
    frame.with_columns(dealt).write_parquet(folder / "features.parquet")
    return trained(folder, folder / "runs", "champion").parent


@pytest.fixture
def worse(misled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(misled, tmp_path / "runs", symlinks=True))


def changed(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = read_json(run / "manifest.json")
    change(manifest)
    (run / "manifest.json").write_text(json.dumps(manifest))


def test_a_better_challenger_is_promoted(
    features: Path, worse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retrain(features, worse, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (worse / "current").readlink() == Path("challenger")
    assert load_run(worse / "current").manifest["id"] == "challenger"
    written = read_json(worse / "challenger" / "decision.json")
    assert written.items() <= said.items()
    assert said["switched"]
    assert written["decision"] == "promote"
    assert written["champion"]["id"] == "champion"
    figure = written["comparison"]["figures"]["average_precision"]
    assert figure["difference"]["value"] >= 0.005
    assert figure["difference"]["low"] > 0
    page = (worse / "challenger" / "retrain.html").read_text()
    assert "The challenger is promoted, it takes the place of champion." in page
    assert "velocity_15m" in page
    assert sorted(path.name for path in worse.iterdir()) == [
        *(".current.lock", ".retrain.lock", "challenger", "champion", "current")
    ]


def test_the_champion_is_kept_unless_the_margin_is_passed(
    features: Path, worse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retrain(features, worse, "--margin", "0.9", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (worse / "current").readlink() == Path("champion")
    assert not said["switched"]
    assert read_json(worse / "challenger" / "decision.json")["decision"] == "keep"
    assert "less than the margin of 0.9" in " ".join(said["reasons"])


def test_a_dry_run_decides_and_does_not_switch(
    features: Path, worse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [str(features), "--runs", str(worse), *WINDOW[:-1], "--dry-run"]
    assert main(options) == 0
    text = capsys.readouterr().out
    assert "would be promoted; a dry run" in text
    assert "drift of" in text
    assert (worse / "current").readlink() == Path("champion")
    [run] = worse.glob("*-lightgbm")
    assert read_json(run / "decision.json")["dry_run"]


def test_a_challenger_is_what_a_training_would_be(
    features: Path, runs: Path, tmp_path: Path
) -> None:
    """The champion's settings, and nothing learnt from the days both are judged by."""
    assert retrain(features, runs) == 0
    parts = read_json(runs / "challenger" / "manifest.json")["parts"]
    champion = read_json(runs / "boosted" / "manifest.json")
    judged = read_json(runs / "challenger" / "decision.json")["judged_by"]
    delay = champion["options"]["label_delay_days"] * DAY
    assert parts["test"]["end"] - parts["test"]["start"] == 6 * DAY
    assert parts["validation"]["end"] == parts["test"]["start"] - delay
    assert (judged["from"], judged["until"]) == (parts["test"]["from"], parts["test"]["until"])
    last = int(pl.read_parquet(features / "features.parquet")["unix_time"].max())  # type: ignore[arg-type] # of whole numbers
    assert parts["test"]["end"] == int((last + 1 - delay) // DAY * DAY)
    dates = ("--test-from", parts["test"]["from"], "--until", parts["test"]["until"])
    by_hand = trained(features, tmp_path / "by hand", "challenger", *dates)
    for name in ("model.txt", "threshold.json", "metrics.json", "bins.json"):
        assert (runs / "challenger" / name).read_bytes() == (by_hand / name).read_bytes()


def test_the_settings_are_the_champions(features: Path, tmp_path: Path) -> None:
    given = (
        *("--threshold", "alerts-per-day=5", "--calibration", "isotonic", "--shares", "50,30,20"),
        *("--seed", "11", "--alert-cost", "7.5", "--cards-per-day", "3", "--split", "time+cards"),
    )
    runs = tmp_path / "runs"
    trained(features, runs, "champion", *given)
    assert retrain(features, runs) == 0
    champion, challenger = (
        read_json(runs / name / "manifest.json") for name in ("champion", "challenger")
    )
    dates = {"test_from", "until"}
    for name, value in champion["options"].items():
        assert challenger["options"][name] == value or name in dates, name
    assert challenger["seed"] == champion["seed"] == 11


def test_equal_inputs_give_equal_decisions(features: Path, runs: Path, tmp_path: Path) -> None:
    again = Path(shutil.copytree(runs, tmp_path / "again", symlinks=True))
    assert retrain(features, runs, "--threads", "1") == 0
    assert retrain(features, again, "--threads", "2") == 0
    one, two = tree(runs / "challenger"), tree(again / "challenger")
    assert one == two


def test_drift_is_of_the_recent_events(features: Path, runs: Path, tmp_path: Path) -> None:
    assert retrain(features, runs) == 0
    quiet = read_json(runs / "challenger" / "decision.json")
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("features.json", "build.json"):
        (moved / name).write_bytes((features / name).read_bytes())
    frame = pl.read_parquet(features / "features.parquet")
    start = read_json(runs / "challenger" / "manifest.json")["parts"]["test"]["start"]
    later = pl.col("unix_time") >= start
    frame.with_columns(
        pl.when(later).then(pl.col("city_pop") * 3 + 7).otherwise("city_pop").alias("city_pop")
    ).write_parquet(moved / "features.parquet")
    shutil.rmtree(runs / "challenger")
    assert retrain(moved, runs) == 0
    found = read_json(runs / "challenger" / "decision.json")["drift"]
    assert found["features"][0]["feature"] == "city_pop"
    assert found["features"][0]["word"] == "shifted"
    assert found["events"] == int(frame.select(later.sum()).item())
    before = {each["feature"]: each["psi"] for each in quiet["drift"]["features"]}
    for each in found["features"][1:]:
        assert each["psi"] == before[each["feature"]]


def test_a_champion_from_before_bins_has_no_drift(
    features: Path, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "boosted" / "bins.json").unlink()
    changed(runs / "boosted", lambda manifest: manifest["sha256"].pop("bins.json"))
    assert main([str(features), "--runs", str(runs), "--id", "challenger", *WINDOW[:-1]]) == 0
    assert "drift: not known" in capsys.readouterr().out
    assert "Not known" in (runs / "challenger" / "retrain.html").read_text()


def test_a_champion_whose_bins_do_not_tell_of_cards(features: Path, runs: Path) -> None:
    """From before that was kept: how many events a card had is told by its manifest."""
    assert retrain(features, runs) == 0
    told = read_json(runs / "challenger" / "decision.json")["drift"]
    path = runs / "boosted" / "bins.json"
    content = read_json(path)
    del content["events_per_card"]
    for each in (*content["features"].values(), content["score"]):
        del each["alike"]
    path.write_text(json.dumps(content))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    changed(runs / "boosted", lambda manifest: manifest["sha256"].update({path.name: digest}))
    shutil.rmtree(runs / "challenger")
    assert retrain(features, runs) == 0
    old = read_json(runs / "challenger" / "decision.json")["drift"]
    assert [each["psi"] for each in old["features"]] == [each["psi"] for each in told["features"]]
    words = {each["feature"]: each["word"] for each in old["features"]}
    # 60 cards are worth as many events of what is the card holder's.
    assert words["lat"] == words["age"] == "too few events or cards"
    assert words["hour"] == words["dow"] == "not whole weeks"  # of a training of three and a bit
    assert old["cards"] == 60


def assert_refused(
    capsys: pytest.CaptureFixture[str], words: str, features: Path, runs: Path, *options: str
) -> None:
    before = {path: content for path, content in tree(runs).items() if path != ".retrain.lock"}
    assert retrain(features, runs, *options) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert words in what
    assert "(was" in what
    assert hint.startswith("hint: ")
    assert before == {
        path: content for path, content in tree(runs).items() if path != ".retrain.lock"
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--days", "20"], "judged by what it has learnt from"),
        (["--until", "2025-01-20"], "judged by what it has learnt from"),
        (["--until", "2026-01-20"], "holds no events"),
        (["--days", "0"], "--days"),
        (["--metric", "brier_score"], "--metric"),
        (["--margin", "-1"], "--margin"),
        (["--margin", "1"], "--margin"),
        (["--resamples", "39"], "--resamples"),
        (["--id", "boosted"], "this run is there already"),
        (["--champion", "none"], "there is no champion"),
    ],
)
def test_what_is_refused(
    features: Path,
    runs: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    assert_refused(capsys, words, features, runs, *options)


def test_a_name_that_is_taken_is_refused_before_anything_is_read(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none"), "--runs", str(runs), "--id", "boosted", *WINDOW]) == 2
    told = capsys.readouterr().err
    assert "this run is there already" in told
    assert "--overwrite" not in told


def test_no_champion(features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(capsys, "there is no champion to challenge", features, tmp_path / "none")
    (tmp_path / "runs").mkdir()
    assert_refused(capsys, "there is no champion to challenge", features, tmp_path / "runs")
    assert not (tmp_path / "none").exists()


def test_champions_that_cannot_be_compared(
    features: Path, runs: Path, forest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at_random = str(forest)
    assert_refused(capsys, "was split at random", features, runs, "--champion", at_random)
    changed(runs / "boosted", lambda manifest: manifest["options"].pop("threshold"))
    assert_refused(capsys, "settings of the training cannot be read", features, runs)
    changed(runs / "boosted", lambda manifest: manifest.update(fingerprint="0" * 64))
    assert_refused(capsys, "trained on other definitions of notebook", features, runs)


def test_whoever_switches_meanwhile_is_left_alone(
    features: Path, worse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = job.decide

    def switched(*args: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
        (worse / "current").unlink()
        (worse / "current").symlink_to("rolled-back")
        return decide(*args)

    monkeypatch.setattr(job, "decide", switched)
    assert retrain(features, worse) == 0
    assert (worse / "current").readlink() == Path("rolled-back")
    written = read_json(worse / "challenger" / "decision.json")
    assert written["decision"] == "keep"
    assert "Meanwhile current was led to rolled-back" in written["reasons"][-1]


def test_a_switch_while_the_page_is_drawn_is_left_alone(
    features: Path, worse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision_page = job.decision_page
    shutil.copytree(worse / "champion", worse / "rolled-back")

    def switched(content: dict[str, Any]) -> str:
        (worse / "current").unlink()
        (worse / "current").symlink_to("rolled-back")
        return decision_page(content)

    monkeypatch.setattr(job, "decision_page", switched)
    assert retrain(features, worse) == 0
    assert (worse / "current").readlink() == Path("rolled-back")
    assert read_json(worse / "challenger" / "decision.json")["decision"] == "keep"
    assert "led to rolled-back" in (worse / "challenger" / "retrain.html").read_text()


def test_a_champion_that_was_replaced_under_its_name_stays_in_use(
    features: Path, worse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision_page = job.decision_page

    def replaced(content: dict[str, Any]) -> str:
        changed(worse / "champion", lambda manifest: manifest.update(seed=7))
        return decision_page(content)

    monkeypatch.setattr(job, "decision_page", replaced)
    assert retrain(features, worse) == 0
    assert (worse / "current").readlink() == Path("champion")
    written = read_json(worse / "challenger" / "decision.json")
    assert written["decision"] == "keep"
    assert "champion was replaced by another run" in written["reasons"][-1]


def test_a_run_in_use_that_was_not_compared_stays(
    features: Path, worse: Path, boosted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The challenger beats the weak champion that was named, and not the strong one in use."""
    shutil.copytree(boosted, worse / "strong")
    (worse / "current").unlink()
    (worse / "current").symlink_to("strong")
    options = ("--champion", str(worse / "champion"))
    assert main([str(features), "--runs", str(worse), "--id", "c", *WINDOW[:-1], *options]) == 0
    assert (worse / "current").readlink() == Path("strong")
    written = read_json(worse / "c" / "decision.json")
    assert (written["decision"], written["in_use"]) == ("keep", "strong")
    last = "current leads to strong, which was not compared: it stays in use."
    assert written["reasons"][-1] == last
    said = capsys.readouterr().out
    assert "c: the challenger is not promoted, strong stays in use" in said
    assert last in said
    assert last in (worse / "c" / "retrain.html").read_text()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_champion_that_is_named_may_be_the_one_in_use_or_nothing_is(
    features: Path, worse: Path, tmp_path: Path, *, elsewhere: bool
) -> None:
    champion = worse / "champion"
    if elsewhere:  # a copy is the same run
        champion = Path(shutil.copytree(champion, tmp_path / "copy"))
    assert retrain(features, worse, "--champion", str(champion)) == 0
    assert (worse / "current").readlink() == Path("challenger")
    shutil.rmtree(worse / "challenger")
    (worse / "current").unlink()
    assert retrain(features, worse, "--champion", str(champion)) == 0
    assert (worse / "current").readlink() == Path("challenger")
    page = (worse / "challenger" / "retrain.html").read_text()
    assert "The challenger is promoted, no run was in use before." in page


@pytest.mark.parametrize("broken", ["paired", "decision_page", "write_bytes", "make_current"])
def test_whatever_fails_leaves_the_runs_as_they_were(
    features: Path, worse: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    before = tree(worse)

    def fail(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job, broken, fail)
    assert retrain(features, worse) == 130
    after = tree(worse)
    assert after.pop(".retrain.lock")
    assert after == before


def interrupting(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """A signal once what is called has done its work."""
    real = getattr(owner, name)

    def interrupted(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
        found = real(*args, **options)
        signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(owner, name, interrupted)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(job, "decision_page"), (job, "_record"), (store, "put_in_place")],
    ids=["drawn", "written", "trained"],
)
def test_an_interrupt_before_the_switch_leaves_no_challenger(
    features: Path,
    worse: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    owner: object,
    name: str,
) -> None:
    """Even while the page is drawn, or while the challenger is put in its place."""
    before = tree(worse)
    interrupting(monkeypatch, owner, name)
    assert retrain(features, worse) == 130
    assert capsys.readouterr().err.endswith("interrupted: nothing was left half-written\n")
    after = tree(worse)
    assert {path: after[path] for path in before} == before
    assert not after.keys() - before.keys() - {".retrain.lock", ".current.lock"}


def test_an_interrupt_while_another_process_switches_ends_the_wait(
    features: Path, worse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []

    def waited(_seconds: float) -> None:
        held.append(True)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("waits on")

    monkeypatch.setattr(lock, "sleep", waited)
    real = job.write_bytes

    with ExitStack() as stack:

        def written(content: bytes, path: Path) -> None:
            real(content, path)
            if path.name == job.DECISION:
                stack.enter_context(lock.switching(worse))

        monkeypatch.setattr(job, "write_bytes", written)
        assert retrain(features, worse) == 130
    assert held == [True]
    assert (worse / "current").readlink() == Path("champion")
    assert not (worse / "challenger").exists()


def test_an_interrupt_after_the_switch_leaves_what_is_in_use_and_says_so(
    features: Path,
    worse: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    interrupting(monkeypatch, job, "make_current")
    assert retrain(features, worse) == 130
    said = f"it was decided, and {worse / 'current'} leads to challenger\n"
    assert capsys.readouterr().err.endswith(f"interrupted: {said}")
    assert load_run(worse / "current").manifest["id"] == "challenger"
    assert read_json(worse / "current" / "decision.json")["decision"] == "promote"


def test_a_champion_in_another_folder_of_runs_gives_way(
    features: Path, misled: Path, tmp_path: Path
) -> None:
    shutil.copytree(misled / "champion", tmp_path / "store" / "champion")
    runs = tmp_path / "ext" / "runs"
    runs.mkdir(parents=True)
    (runs / "current").symlink_to("../../store/champion")
    assert retrain(features, runs) == 0
    written = read_json(runs / "challenger" / "decision.json")
    assert (written["decision"], written["champion_in_use"]) == ("promote", True)
    assert (runs / "current").readlink() == Path("challenger")


def test_a_run_elsewhere_of_the_challengers_name_is_not_the_challenger(
    features: Path, misled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(misled / "champion", tmp_path / "store" / "challenger")
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "current").symlink_to("../store/challenger")
    interrupting(monkeypatch, job, "decision_page")
    assert retrain(features, runs) == 130
    assert not (runs / "challenger").exists()
    assert (runs / "current").readlink() == Path("../store/challenger")


def copied(features: Path, folder: Path, frame: pl.DataFrame) -> Path:
    """A build of a part of the events, or of changed ones."""
    folder.mkdir()
    (folder / "features.json").write_bytes((features / "features.json").read_bytes())
    rows = read_json(features / "build.json")
    rows["rows"]["written"] = len(frame)
    (folder / "build.json").write_text(json.dumps(rows))
    frame.write_parquet(folder / "features.parquet")
    return folder


def test_a_log_too_short_for_a_challenger(
    features: Path, worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The options that are named are those that a retraining has."""
    frame = pl.read_parquet(features / "features.parquet")
    end = frame["unix_time"].max()
    assert isinstance(end, int)
    for days, words in ((11, "no room for a challenger to learn"), (13, "for the challenger, no")):
        short = frame.filter(pl.col("unix_time") > end - days * DAY)
        folder = copied(features, tmp_path / f"{days} days", short)
        assert retrain(folder, worse) == 2
        what, hint = capsys.readouterr().err.splitlines()
        assert words in what
        assert hint == "hint: ask for fewer --days, or take a log that reaches further back"
    assert_refused(capsys, "no room for a challenger", features, worse, "--days", "3000")


def test_days_without_fraud_judge_nobody(
    features: Path, worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pl.read_parquet(features / "features.parquet")
    end = frame["unix_time"].max()
    assert isinstance(end, int)
    late = pl.col("unix_time") > end - 9 * DAY
    for label, name in ((0, "no fraud"), (None, "no label")):
        changed = pl.when(late).then(pl.lit(label, pl.Int8)).otherwise("is_fraud")
        folder = copied(features, tmp_path / name, frame.with_columns(is_fraud=changed))
        assert_refused(capsys, "of the days to judge by there is no fraud", folder, worse)


def test_nobody_is_judged_by_events_without_a_label(
    features: Path, worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pl.read_parquet(features / "features.parquet")
    known = pl.int_range(pl.len()) % 4 > 0
    label = pl.when(known).then("is_fraud")
    some = copied(features, tmp_path / "some", frame.with_columns(is_fraud=label))
    assert main([str(some), "--runs", str(worse), "--id", "challenger", *WINDOW[:-1]]) == 0
    said = capsys.readouterr().out
    written = read_json(worse / "challenger" / "decision.json")
    judged, compared = written["judged_by"], written["comparison"]
    test = read_json(worse / "challenger" / "manifest.json")["parts"]["test"]
    inside = pl.col("unix_time").is_between(test["start"], test["end"] - 1)
    there = frame.select(a=(inside & known).sum(), b=(inside & ~known).sum()).row(0)
    assert (compared["events"], judged["unlabelled"]) == there
    assert test["events"] == compared["events"]
    assert compared["days"] == pytest.approx(6 * there[0] / sum(there))
    assert f"without {there[1]:,} events that have no label:" in said
    page = (worse / "challenger" / "retrain.html").read_text()
    assert f"without {there[1]:,} events that have no label" in page
