"""Scratch is in the backtest's own folder, and what a killed one has left there is cleared."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.build.options import Options as BuildOptions
from engine.errors import InputError, OutputError
from replay.backtest import table
from replay.backtest.job import backtest
from replay.backtest.options import Options
from replay.backtest.scratch import workplace


def test_nothing_is_beside_the_folder_while_it_works(
    fast: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "deep" / "out"
    build = table.build

    def seen(options: BuildOptions) -> object:
        assert options.out.parent.parent == out
        assert [path.name for path in tmp_path.rglob("*") if path.is_dir()] == [
            "deep",
            "out",
            options.out.parent.name,
        ]
        return build(options)

    monkeypatch.setattr(table, "build", seen)
    with pytest.raises(InputError, match="no room"):
        backtest(replace(fast, out=out, windows=replace(fast.windows, train=90 * 86_400)))
    assert not list(tmp_path.iterdir())  # as it was: nothing has come of it


@pytest.mark.parametrize("files", [(), ("backtest.json",)])
def test_what_a_killed_one_has_left_is_cleared(tmp_path: Path, files: tuple[str, ...]) -> None:
    left = tmp_path / ".scratch-killed" / "features"
    left.mkdir(parents=True)
    (left / "features.parquet").touch()
    for name in files:
        (tmp_path / name).touch()
    with workplace(tmp_path) as scratch:
        assert {path.name for path in tmp_path.iterdir()} == {scratch.name, *files}
    assert {path.name for path in tmp_path.iterdir()} == set(files)


def test_a_folder_of_something_else_is_left_alone(fast: Options, tmp_path: Path) -> None:
    (tmp_path / ".scratch-mine").mkdir()
    (tmp_path / "precious").touch()
    with pytest.raises(OutputError, match="not a backtest"):
        backtest(replace(fast, out=tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {".scratch-mine", "precious"}


def test_one_at_a_time(tmp_path: Path) -> None:
    with workplace(tmp_path / "out") as scratch:
        with (
            pytest.raises(OutputError, match="another backtest is at work there") as said,
            workplace(tmp_path / "out"),
        ):
            pass
        assert said.value.hint
        assert scratch.is_dir()
    with workplace(tmp_path / "out"):
        pass
    assert not list(tmp_path.iterdir())
