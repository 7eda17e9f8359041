"""A ledger that is played back is held to what was written, and says if it is not complete."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.errors import InputError
from engine.sink import sink_parquet
from replay import ledger
from replay.cli import main
from replay.job import replay
from replay.options import Options
from replay.parts import NOTE
from unit.replay.cases import Stop, stopped_after

pytestmark = pytest.mark.usefixtures("short")


def parts_of(folder: Path) -> list[Path]:
    return sorted(folder.glob(ledger.PARTS))


def edit(part: Path, change: pl.Expr, *, noted: bool = True) -> None:
    note = pl.read_parquet_metadata(part)[NOTE]
    rows = pl.read_parquet(part).with_columns(change)
    sink_parquet(rows.lazy(), part, metadata={NOTE: note} if noted else None)


def amounts(folder: Path) -> None:
    event = pl.col("event").struct.with_fields(amt=pl.field("amt") + 1)
    edit(parts_of(folder)[1], event)


def without_notes(folder: Path) -> None:
    for part in parts_of(folder):
        edit(part, pl.lit(0.5).alias("score"), noted=False)


def cut(folder: Path) -> None:
    part = parts_of(folder)[-1]
    part.write_bytes(part.read_bytes()[:-100])


def summarised(folder: Path, **change: object) -> None:
    file = folder / ledger.SUMMARY
    file.write_text(json.dumps(json.loads(file.read_text()) | change))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "edited": (amounts, r"part-000001\.parquet: not as it was recorded"),
    "without notes": (without_notes, r"part-000000\.parquet: not as it was recorded \(was none"),
    "cut": (cut, r"part-\d+\.parquet: cannot be read"),
    "without the first": (lambda folder: parts_of(folder)[0].unlink(), "part 0 is missing"),
    "without one between": (lambda folder: parts_of(folder)[2].unlink(), "part 2 is missing"),
    "with another": (
        lambda folder: (folder / "part-more.parquet").write_bytes(b""),
        r"is missing \(was .*part-more",
    ),
}
# Only what is said at the end tells these.
COMPLETE: dict[str, tuple[Callable[[Path], object], str]] = {
    "without the last": (lambda folder: parts_of(folder)[-1].unlink(), "not as many decisions"),
    "of another digest": (
        lambda folder: summarised(folder, digest="0" * 64),
        r"replay\.json: not as it was recorded \(was 000000000000…",
    ),
    "of no digest": (lambda folder: summarised(folder, digest=None), r"replay\.json: .*was none"),
    "of no count": (
        lambda folder: summarised(folder, events={}),
        r"not as many decisions as replay\.json says \(was 2,000, it says None\)",
    ),
    "of no object": (
        lambda folder: (folder / ledger.SUMMARY).write_text("[]"),
        r"replay\.json: does not say",
    ),
    "of nothing": (
        lambda folder: (folder / ledger.SUMMARY).write_text("{"),
        r"replay\.json: cannot be read",
    ),
}


@pytest.fixture
def again(options: Options, tmp_path: Path) -> Options:
    return replace(options, inputs=(str(options.ledger),), ledger=tmp_path / "again")


def refused(again: Options, words: str) -> None:
    with pytest.raises(InputError, match=words) as said:
        replay(again)
    assert said.value.hint


@pytest.mark.parametrize("damage", [*DAMAGE, *COMPLETE])
def test_a_ledger_that_is_not_as_it_was_written_is_no_source(
    options: Options, again: Options, damage: str
) -> None:
    replay(options)
    assert options.ledger is not None
    harm, words = (DAMAGE | COMPLETE)[damage]
    harm(options.ledger)
    refused(again, words)


@pytest.mark.parametrize("damage", DAMAGE)
def test_nor_is_one_that_was_stopped(options: Options, again: Options, damage: str) -> None:
    stopped_after(options, 1_500, Stop)
    assert options.ledger is not None
    harm, words = DAMAGE[damage]
    harm(options.ledger)
    refused(again, words)


def test_that_it_is_not_complete_is_said(
    options: Options, again: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped_after(replace(options, batch=100), 1_000, Stop)
    args = [*again.inputs, "--run", str(again.run), "--quiet", "--json"]
    assert main(args) == 0
    events = json.loads(capsys.readouterr().out)["events"]
    assert (events["decided"], events["complete"]) == (1_000, False)
    assert main(args[:3]) == 0
    assert "the ledger is not complete" in capsys.readouterr().out
    assert replay(options).outcome.decided == 2_000
    assert main(args[:3]) == 0
    assert "not complete" not in capsys.readouterr().out
    whole = replay(again)
    assert (whole.complete, whole.outcome.decided) == (True, 2_000)


def test_the_name_of_a_ledger_is_no_pattern(options: Options, tmp_path: Path) -> None:
    first = replay(replace(options, ledger=None)).digest
    named = replace(options, ledger=tmp_path / "it's [1] *")
    stopped_after(replace(named, batch=100), 1_000, Stop)
    assert replay(named).digest == first
    assert replay(replace(options, inputs=(str(named.ledger),), ledger=None)).digest == first
