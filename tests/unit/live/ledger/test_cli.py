"""The commands on ledgers, as people call them, and who reads what they write."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.events.canonical import EVENT_ID
from engine.ledger import job
from engine.ledger.cli import main
from engine.live.ledger import export
from engine.live.ledger.reader import reading
from engine.live.ledger.rows import Batch, Label
from engine.model.reasons import Reason
from replay.questions.cli import main as ask
from unit.build.cases import assert_same_bits, built, canonical, tree, write
from unit.live.ledger.cases import (
    ABOUT,
    BEGAN,
    DAY,
    MODEL,
    decision,
    fallback,
    json_events,
    opened,
    quarantined,
    recorded,
)
from unit.model.cases import simulated

_DAY_LATER = "2025-09-26"  # BEGAN is 21:00 on the day before


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Five decisions: one flagged and explained, one fallback; the second is not answered yet."""
    path = tmp_path / "live.db"
    with opened(path) as made:
        made.enrol(MODEL)
        rows = [decision(0), decision(1), decision(2, flagged=1, score=0.75), fallback(3)]
        made.record(Batch([*rows, decision(5)], [quarantined(4)], stream_id="9"))
        made.reply([recorded(place) for place in (0, 2, 3, 5)])
        made.reasons([(2, [Reason("log_amt", 1.5, "much")])])
    return path


def said(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    assert main([*map(str, args)]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    assert main([*map(str, args)]) == 2
    error = capsys.readouterr().err
    assert "\nhint: " in error
    return error


def test_decisions_are_a_folder_that_is_asked(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "out"
    text = said(capsys, "export", ledger, "--out", out)
    assert text.startswith(f"4 decisions written to {out} in ")
    assert "1 fallback left out, which no model decided" in text
    assert sorted(tree(out)) == ["ledger.json", "part-000000.parquet", "replay.json"]
    assert ask([str(out), "--question", "alerts", "--question", "patterns"]) == 0
    told = capsys.readouterr().out
    assert "4 decisions" in told
    assert "log_amt" in told


def test_all_questions_cope_with_fallbacks_but_skew_counts_them(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    text = said(capsys, "export", ledger, "--out", out, "--fallbacks")
    assert "1 of them are fallbacks" in text
    assert ask([str(out)]) == 0
    assert "5 decisions" in capsys.readouterr().out


@pytest.mark.parametrize("leap", [5, None])
def test_an_export_says_whose_clocks_were_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], leap: int | None
) -> None:
    path, out = tmp_path / "live.db", tmp_path / "out"
    with opened(path, replace(ABOUT, lateness=60, leap=leap)) as made:
        made.enrol(MODEL)
        made.record(Batch([decision(0)]))
    said(capsys, "export", path, "--out", out)
    about = json.loads((out / "ledger.json").read_text())
    assert (about["lateness"], about["leap"]) == (60, leap)


def test_one_file_or_parts_of_a_log(
    ledger: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, folder = tmp_path / "log.parquet", tmp_path / "log"
    text = said(capsys, "export", ledger, "--as", "log", "--out", file)
    assert "4 events written" in text
    assert "1 event left out that could not be read" in text
    assert "without labels: the ledger has none yet" in text
    monkeypatch.setattr(export, "PART_ROWS", 3)
    said(capsys, "export", ledger, "--as", "log", "--out", folder)
    assert sorted(tree(folder)) == ["log.json", "part-000000.parquet", "part-000001.parquet"]
    frames = [pl.read_parquet(path) for path in (file, folder / "part-*.parquet")]
    assert frames[0].equals(frames[1])
    assert frames[0]["trans_num"].to_list() == ["e0", "e1", "e2", "e5"]
    assert str(frames[0]["amt"][0]) == "12.50"


def test_a_log_is_built_as_the_one_that_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    came = simulated(400, days=3)
    events = canonical(came)
    path, out = tmp_path / "live.db", tmp_path / "log"
    hidden = [name for name in ("is_fraud", "label_time", "job") if name in events.columns]
    texts = json_events(events.drop(hidden))
    with opened(path) as made:
        made.enrol(MODEL)
        ids = events[EVENT_ID]
        made.record(
            Batch(
                [
                    decision(place, event_id=id_, event=text)
                    for place, (id_, text) in enumerate(zip(ids, texts, strict=True))
                ]
            )
        )
        labels = zip(ids, events["is_fraud"], strict=True)
        made.label([Label(id_, label, BEGAN, 1_800_000_000, "bank") for id_, label in labels])
    said(capsys, "export", path, "--as", "log", "--out", out)
    straight = built(tmp_path / "straight", [write(came, tmp_path / "came.csv")])
    exported = built(tmp_path / "exported", [out])
    assert_same_bits(exported.drop("label_time"), straight)


def test_a_span_of_arrivals(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    span = ("--since", "2025-09-25T21:00:01", "--until", "2025-09-25T21:00:02")
    content = json.loads(
        said(capsys, "export", ledger, "--out", tmp_path / "a.pq", *span, "--json", "--quiet")
    )
    assert {name: content[name] for name in ("as", "rows", "fallbacks", "left_out")} == {
        "as": "decisions",
        "rows": 2,
        "fallbacks": 0,
        "left_out": 0,
    }
    later = ("--since", _DAY_LATER)
    assert "in that span" in refused(capsys, "export", ledger, "--out", tmp_path / "b", *later)
    only = ("--since", "2025-09-25T21:00:03", "--until", "2025-09-25T21:00:03")
    assert "(was 1 fallbacks)" in refused(capsys, "export", ledger, "--out", tmp_path / "b", *only)
    assert not (tmp_path / "b").exists()


def test_what_is_there_is_replaced_only_if_asked_and_only_an_export(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, mine = tmp_path / "out", tmp_path / "mine"
    said(capsys, "export", ledger, "--out", out, "--quiet")
    before = tree(out)
    assert "add --overwrite" in refused(capsys, "export", ledger, "--out", out)
    assert tree(out) == before
    said(capsys, "export", ledger, "--out", out, "--as", "log", "--overwrite", "--quiet")
    assert sorted(tree(out)) == ["log.json", "part-000000.parquet"]
    mine.mkdir()
    said(capsys, "export", ledger, "--out", mine, "--quiet")
    (mine / "notes.txt").write_text("mine")
    assert "no export has made" in refused(capsys, "export", ledger, "--out", mine, "--overwrite")
    assert (mine / "notes.txt").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    assert "a file of that name" in refused(capsys, "export", ledger, "--out", tmp_path / "file")
    (tmp_path / "a.parquet").mkdir()
    error = refused(capsys, "export", ledger, "--out", tmp_path / "a.parquet", "--overwrite")
    assert "a folder of that name" in error


@pytest.mark.parametrize("name", ["out", "out.parquet"])
@pytest.mark.parametrize("is_there", [False, True])
def test_an_interrupt_leaves_what_was_there(
    ledger: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    is_there: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    folder = tmp_path / "into"
    folder.mkdir()
    if is_there:
        said(capsys, "export", ledger, "--out", folder / name, "--quiet")
    before = tree(folder)
    whole = job.decision_frames

    def interrupted(*args: object, **options: object) -> Iterator[pl.DataFrame]:
        yield from whole(*args, **options)  # type: ignore[arg-type]  # as they came
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "decision_frames", interrupted)
    command = ["export", str(ledger), "--out", str(folder / name), "--overwrite"]
    assert main(command) == 130
    assert "nothing was left half-written" in capsys.readouterr().err
    assert tree(folder) == before


def test_reasons_are_told_by_their_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reasons = ["amt is not a number (was 'x')", "not JSON", "amt is not a number (was 'y')"]
    with opened(tmp_path / "live.db") as made:
        rows = [quarantined(each)._replace(reason=reason) for each, reason in enumerate(reasons)]
        made.record(Batch([], rows))
    assert "3 quarantined (2 amt is not a number; 1 not JSON)" in said(
        capsys, "show", tmp_path / "live.db"
    )


def test_show(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "show", ledger)
    for line in (
        "5 decisions from 2025-09-25 21:00:00 to 2025-09-25 21:00:05\n",
        "1 flagged, 1 fallback (1 malformed)\n",
        "flags: 4 recorded, 0 refused, 0 expired, 1 pending, 0 not to be posted; 0 attempts",
        "1 explained, 0 labelled, 1 quarantined (1 not JSON)\n",
        "model 20250901-120000 (lightgbm, abababababab) from event 0 on, threshold 0.5\n",
    ):
        assert line in text
    content = json.loads(said(capsys, "show", ledger, "--json"))
    assert content["stream_id"] == "9"
    assert content["first_arrival"] == BEGAN
    assert content["flags"]["pending"] == 1
    assert content["bytes"] > 0
    assert content["removed"] == {}


def test_show_of_an_empty_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path / "live.db"):
        pass
    assert "\n0 decisions\n" in said(capsys, "show", tmp_path / "live.db")
    error = refused(capsys, "export", tmp_path / "live.db", "--out", tmp_path / "out")
    assert "there are no decisions in it yet (was 0)" in error


def test_retain(
    ledger: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_now", lambda: BEGAN + 90 * DAY)
    assert "perhaps the clock is wrong" in refused(capsys, "retain", ledger, "--keep", "1d")
    assert "too short a time" in refused(capsys, "retain", ledger, "--keep", "90s")
    assert said(capsys, "retain", ledger, "--keep", "91d") == "nothing is that old\n"
    with opened(ledger) as made:
        made.record(Batch([decision(6, arrival_time=BEGAN + 90 * DAY)]))
    text = said(capsys, "retain", ledger, "--keep", "89d", "--quiet", "--json")
    assert json.loads(text)["removed"]["decisions"] == 4
    assert "4 older decisions removed" in said(capsys, "show", ledger)
    with reading(ledger) as reader:
        assert reader.rows("SELECT sequence FROM decisions ORDER BY 1") == [(1,), (6,)]


def test_they_work_while_another_process_decides(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(ledger) as made:
        said(capsys, "export", ledger, "--out", tmp_path / "out")
        made.record(Batch([decision(6)]))
        assert "6 decisions" in said(capsys, "show", ledger)
        made.record(Batch([decision(7)]))


@pytest.mark.parametrize("command", [[], ["show"], ["export", "live.db"], ["retain", "live.db"]])
def test_command_lines_that_lack_something(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert "cannot read the command line" in refused(capsys, *command)


@pytest.mark.parametrize("command", [["--help"], ["export", "--help"], ["retain", "--help"]])
def test_help(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 0
    assert "exit codes: 0 done" in capsys.readouterr().out


def test_a_ledger_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["show"], ["export", "--out", tmp_path / "out"], ["retain", "--keep", "9d"]):
        name, *options = command
        assert "no such file" in refused(capsys, name, tmp_path / "live.db", *options)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_can_be_read_without_the_lock(ledger: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(ledger, copy)
    assert main(["show", str(copy)]) == 0
