"""The command that asks questions."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.catalog import notebook
from replay import ledger as ledgers
from replay.questions.cli import main
from replay.questions.read import read_questions
from unit.replay.questions.cases import asked, decision, make_labels, make_ledger

CARD = 4_000_000_000_001_234


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """In a folder whose name means something in a pattern."""
    return make_ledger(
        tmp_path / "it's [1] *",
        [
            decision(
                "2025-08-01 10:00:00", CARD, 12_345_678, why=["hour", "lat"], merchant="a\x1bb"
            ),
            decision("2025-08-01 11:30:00", CARD),
            decision("2025-08-01 11:40:00", CARD, 250, why=["hour"]),
            decision("2025-08-01 12:00:00", CARD),
        ],
    )


def content(capsys: pytest.CaptureFixture[str], *args: str | Path, code: int = 0) -> dict[str, Any]:
    assert main([*map(str, args), "--json"]) == code
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    return made


def rows(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    (found,) = [each["rows"] for each in content["questions"] if each["name"] == name]
    return list(found)


def test_it_asks_what_can_be_asked(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = content(capsys, ledger)
    assert [each["name"] for each in made["questions"]] == ["alerts", "card", "exposed", "patterns"]
    assert made["unasked"] == {
        "leakage": ["whole", "known"],
        "skew": ["ledger", "features"],
        "suspects": ["features"],
    }
    assert (made["decisions"], made["alerts"], made["complete"]) == (4, 2, True)
    assert (made["first"], made["last"]) == ("2025-08-01 10:00:00", "2025-08-01 12:00:00")
    (alerts,) = rows(made, "alerts")
    assert (alerts["alerts"], alerts["money"]) == (2, 123_459.28)
    assert [row["pattern"] for row in rows(made, "patterns")] == ["hour"]


def test_tables_for_people(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(ledger), "--question", "card", "--question", "patterns"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        f"{ledger}: 4 decisions, 2 alerts, arrived 2025-08-01 10:00:00 to 2025-08-01 12:00:00 UTC"
    )
    assert lines[2] == "card: What happened on a card around its alerts?"
    cells = lines[4].split()
    assert cells == [
        "************1234", "2025-08-01", "10:00:00", "a\ufffdb", "-", "123,456.78", "0.9000",
        "yes", "-", "e0", "words", "of", "hour",
    ]  # fmt: skip
    assert str(CARD) not in "".join(lines)
    assert not [line for line in lines if line != line.rstrip()]


def test_on_a_terminal_lines_end_where_it_ends(
    ledger: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr("engine.command._Stdout.isatty", lambda _: True, raising=False)
    assert main([str(ledger), "--question", "card"]) == 0
    table = capsys.readouterr().out.splitlines()[3:]
    assert {len(line) for line in table} == {70}
    assert all(line.endswith("…") for line in table)


def test_a_span_and_variables(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = [ledger, "--question", "patterns", "--until", "2025-08-01T10:30", "--var", "reasons=1"]
    made = content(capsys, *args)
    assert [(row["pattern"], row["example"]) for row in rows(made, "patterns")] == [("hour", "e0")]
    assert (made["since"], made["until"]) == (None, "2025-08-01 10:30:00")
    zoned = content(capsys, *args[:3], "--until", "2025-08-01T12:30+02:00")
    assert rows(zoned, "patterns")[0]["example"] == "e0"
    assert main([*map(str, args)]) == 0
    assert "asked of what arrived until 2025-08-01 10:30:00 UTC" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["csv", "parquet", "build"])
def test_labels_of_a_log_or_a_build(
    ledger: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = pl.DataFrame(
        {
            "trans_num": ["e2", "e0", "e2", "other"],  # what comes again does not count
            "unix_time": [1_754_000_000, 1_753_000_000, 1_754_000_000, 1_754_000_000],
            "is_fraud": [1, 0, 0, 1],
        }
    )
    if kind == "build":
        (tmp_path / "built").mkdir()
        path = tmp_path / "built"
        make_labels(path / "features.parquet", {"e2": 1, "e0": 0})
    elif kind == "csv":
        path = tmp_path / "log.csv"
        log.write_csv(path, separator="|")
    else:
        path = tmp_path / "log.parquet"
        log.write_parquet(path)
    made = content(capsys, ledger, "--labels", path, "--question", "alerts")
    assert made["labelled"] == 2
    assert rows(made, "alerts")[0]["fraud"] == 1
    assert main([str(ledger), "--labels", str(path)]) == 0
    assert "2 of them have a label" in capsys.readouterr().out


def test_an_audit_that_finds_something_exits_with_1(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = tmp_path / "built"
    built.mkdir()
    features = pl.DataFrame({"event_id": ["e0", "e1"], **dict.fromkeys(notebook.names, 0.0)})
    features.write_parquet(built / "features.parquet")
    args = [ledger, "--question", "skew", "--features", built]
    assert content(capsys, *args)["found"] is False
    features.with_columns(hour=pl.lit(1)).write_parquet(built / "features.parquet")
    made = content(capsys, *args, code=1)
    assert made["found"] is True
    assert rows(made, "skew")[0] == {
        "feature": "hour", "events": 2, "different": 2, "first": "e0", "found": True
    }  # fmt: skip


def test_audits_of_files_need_no_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pl.DataFrame({"event_id": ["a", "b"], "unix_time": [1, 2], "f": [1.0, 2.0]})
    frame.write_parquet(tmp_path / "whole.parquet")
    frame[:1].with_columns(f=pl.lit(7.0)).write_parquet(tmp_path / "known.parquet")
    files = [f"--var={name}={tmp_path / name}.parquet" for name in ("whole", "known")]
    made = content(capsys, "--question", "leakage", *files, code=1)
    assert made["ledger"] is None
    assert rows(made, "leakage")[0]["first"] == "a"
    assert main(["--question", "leakage", *files]) == 1
    assert capsys.readouterr().out.startswith("leakage: Does a feature know")


def test_a_replay_that_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_ledger(tmp_path / "ledger", [decision("2025-08-01")], complete=False)
    assert content(capsys, folder)["complete"] is False
    assert main([str(folder)]) == 0
    assert "its replay has not ended" in capsys.readouterr().out
    begun = make_ledger(tmp_path / "begun", [], complete=False)
    assert main([str(begun)]) == 2
    assert "there are no decisions in it yet (was 0)\nhint: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("part", "complete", "said"),
    [
        (0, True, "part 0 is missing"),
        (1, False, "part 1 is missing"),
        (2, True, "not as many decisions as replay.json says (was 6, it says 7)"),
    ],
)
def test_a_ledger_that_lacks_decisions(
    tmp_path: Path, part: int, said: str, capsys: pytest.CaptureFixture[str], *, complete: bool
) -> None:
    decisions = [decision(f"2025-08-01 10:00:0{second}") for second in range(7)]
    folder = make_ledger(tmp_path / "ledger", decisions, complete=complete)
    assert content(capsys, folder)["decisions"] == 7
    (folder / f"part-{part:06}.parquet").unlink()
    assert main([str(folder)]) == 2
    refused = capsys.readouterr().err
    assert said in refused
    assert "\nhint: " in refused


def test_what_is_no_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder", "nothing"):
        assert main([str(tmp_path / name)]) == 2
        assert f"{name}: not a ledger" in capsys.readouterr().err
    empty = make_ledger(tmp_path / "empty", [])
    assert main([str(empty)]) == 2
    assert "there are no decisions in it (was 0)" in capsys.readouterr().err
    (empty / ledgers.ABOUT).write_text('{"format": 99}')
    assert main([str(empty)]) == 2
    assert "a ledger of another format (was 99)" in capsys.readouterr().err


def test_what_there_is_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    said = capsys.readouterr().out
    assert main(["--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == [each.name for each in read_questions()]
    for question in read_questions():
        assert f"{question.name}: {question.title}\n" in said
        for variable in question.variables:
            assert variable.says in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--question", "nobody"], "--question: no such question (was 'nobody')"),
        (["--question", "skew"], "skew: cannot be asked without features"),
        (["--var", "top"], "--var: not a variable and its value (was 'top')"),
        (["--var", "tip=1"], "--var: no question that is asked takes it (was 'tip')"),
        (["--var", "ledger=x"], "--var: this has a way of its own to be given (was 'ledger')"),
        (["--var", "top=many"], "cannot be answered (was: Conversion Error"),
        (["--until", "soon"], "--until: not an instant (was 'soon')"),
        (["--since", "2025-02-01", "--until", "2025-01-01"], "--since: later than --until"),
        (["--labels", "nothing.csv"], "nothing.csv"),
        (["--features", "nothing"], "--features: no features there (was 'nothing')"),
        (["--threads", "0"], "--threads"),
    ],
)
def test_refusals(
    ledger: Path, args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(ledger), *args]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "\nhint: " in captured.err
    assert captured.out == ""


def test_labels_that_tell_nothing_are_refused(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = pl.DataFrame({"trans_num": ["other"], "unix_time": [1_754_000_000], "is_fraud": [1]})
    path = tmp_path / "log.parquet"
    for frame, said in (
        (log, "--labels: none is of an event of this ledger"),
        (log.drop("is_fraud"), "--labels: there are no labels"),
        (log[:0], "--labels: there are no labels"),
    ):
        frame.write_parquet(path)
        assert main([str(ledger), "--labels", str(path)]) == 2
        assert said in capsys.readouterr().err


def test_the_files_give_the_same_by_themselves(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = ledger.rename(tmp_path / "plain")
    made = content(capsys, plain, "--question", "patterns")
    by_itself = asked("patterns", plain)
    assert [row["example"] for row in rows(made, "patterns")] == [
        row["example"] for row in by_itself
    ]
