"""A file that is written appears whole, or not at all."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from engine.errors import OutputError
from engine.interrupts import Terminated, heard
from engine.sink import sink_parquet, write_frames

FRAME = pl.DataFrame({"x": [0.5, 1.5], "text": ["a", None]})


def test_frames_become_one_file(tmp_path: Path) -> None:
    out = tmp_path / "made.parquet"
    handed: list[int] = []
    assert write_frames([FRAME, FRAME], out, done=lambda frame: handed.append(len(frame))) == 4
    assert pl.read_parquet(out).equals(pl.concat([FRAME, FRAME]))
    assert handed == [2, 2]
    assert [*tmp_path.iterdir()] == [out]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_fails_changes_nothing_and_ends_whatever_makes_frames(
    tmp_path: Path, error: type[BaseException]
) -> None:
    out = tmp_path / "made.parquet"
    out.write_text("mine")
    ended = []

    def frames() -> Iterator[pl.DataFrame]:
        try:
            while True:
                yield FRAME
        finally:
            ended.append(True)

    def fail(_frame: pl.DataFrame) -> None:
        raise error

    with pytest.raises(error):
        write_frames(frames(), out, done=fail)
    assert ended == [True]
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_signal_is_heard_while_frames_are_made(tmp_path: Path) -> None:
    out = tmp_path / "made.parquet"

    def frames() -> Iterator[pl.DataFrame]:
        yield FRAME
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("it was put off")

    with pytest.raises(Terminated), heard():
        write_frames(frames(), out)
    assert not [*tmp_path.iterdir()]


def test_a_signal_while_the_last_is_written_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "made.parquet"
    out.write_text("mine")

    def written(lazy: pl.LazyFrame, path: Path) -> None:
        sink_parquet(lazy, path)
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Terminated), heard():
        write_frames([FRAME], out, written)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_sink_that_fails_is_named_after_the_file(tmp_path: Path) -> None:
    def full(lazy: pl.LazyFrame, path: Path) -> None:
        sink_parquet(lazy.head(1), path)
        raise OSError(28, "No space left on device")

    out = tmp_path / "made.parquet"
    with pytest.raises(OutputError, match="No space left") as raised:
        write_frames(iter([FRAME] * 9), out, full)
    assert raised.value.what.startswith(f"cannot write {out} (was: ")
    assert not [*tmp_path.iterdir()]


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    out = tmp_path / "made.parquet"
    out.mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*made\.parquet \(was"):
        write_frames([FRAME], out)
    assert [*tmp_path.iterdir()] == [out]
