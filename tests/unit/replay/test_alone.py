"""Two replays never write into one ledger."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InputError, OutputError
from replay import playback
from replay.alone import alone_in
from replay.job import replay
from replay.options import Options
from unit.replay.cases import recorded


@pytest.mark.usefixtures("short")
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
    with pytest.raises(InputError, match="--feed-lag|out of time order|no such file"):
        replay(replace(deep, inputs=(str(tmp_path / "nothing.csv"),)))
    assert not list(tmp_path.iterdir())
    assert replay(deep).outcome.decided == 2_000
    assert deep.ledger is not None
    assert len(recorded(deep.ledger)) == 2_000


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
