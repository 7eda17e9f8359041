"""Two replays never write into one ledger."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from engine.errors import InputError, OutputError
from replay import playback
from replay.alone import alone_in
from replay.job import replay
from replay.options import Options
from unit.build.cases import write
from unit.replay.cases import Stop, recorded, stopped_after

pytestmark = pytest.mark.usefixtures("short")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_second_replay_is_refused_and_the_first_is_none_the_worse(
    options: Options, monkeypatch: pytest.MonkeyPatch, *, overwrite: bool
) -> None:
    expected = replay(replace(options, ledger=None)).digest
    decide, refused = playback.Decider.decide, []

    def beside(self: playback.Decider, rows: list[object], labels: object = None) -> object:
        if not refused:
            with pytest.raises(OutputError, match="another replay is at work there") as said:
                replay(replace(options, overwrite=overwrite))
            refused.append(said.value.hint)
        return decide(self, rows, labels)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(playback.Decider, "decide", beside)
    assert replay(options).digest == expected
    assert refused[0]
    assert options.ledger is not None
    assert recorded(options.ledger)["sequence"].to_list() == list(range(2_000))
    assert replay(replace(options, overwrite=True)).digest == expected  # it is let go of


def test_folders_are_made_and_gone_if_nothing_comes_of_it(options: Options, tmp_path: Path) -> None:
    deep = replace(options, ledger=tmp_path / "a" / "b" / "ledger")
    events = pl.read_parquet(options.inputs[0]).reverse()
    back = write(events, tmp_path / "back.parquet")
    with pytest.raises(InputError, match="out of time order"):
        replay(replace(deep, inputs=(str(back),)))
    assert [path.name for path in tmp_path.iterdir()] == [back.name]
    assert replay(deep).outcome.decided == 2_000
    assert deep.ledger is not None
    assert len(recorded(deep.ledger)) == 2_000


def test_a_ledger_below_the_folder_of_the_log_is_gone_on_with(
    log: Path, options: Options, tmp_path: Path
) -> None:
    """What was recorded there by then is no log."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "log.parquet").write_bytes(log.read_bytes())
    within = replace(options, inputs=(str(logs),), ledger=logs / "out" / "ledger", batch=100)
    stopped_after(within, 1_000, Stop)
    replayed = replay(within)
    assert (replayed.resumed, replayed.outcome.decided) == (1_000, 2_000)
    assert replay(replace(within, overwrite=True)).digest == replayed.digest


def test_what_is_empty_is_gone_and_what_is_not_stays(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with alone_in(folder, "--ledger", "replay"):
        assert folder.is_dir()
    assert not list(tmp_path.iterdir())
    with alone_in(folder, "--ledger", "replay"):
        (folder / "kept").touch()
    assert (folder / "kept").exists()
    with (
        pytest.raises(OutputError, match="cannot be written") as said,
        alone_in(folder / "kept", "--ledger", "replay"),
    ):
        pass
    assert said.value.hint
