"""Scratch that a killed process leaves is cleared by the next, and that of a living one is not."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.events import owned
from engine.events.disk import scratch_folder

_HOLD = """
import sys, time
from pathlib import Path
from engine.events.disk import scratch_folder
with scratch_folder(Path(sys.argv[1])) as scratch:
    (scratch / "deep").mkdir()
    (scratch / "deep" / "rows").write_text("x")
    print(scratch.name, flush=True)
    time.sleep(600)
"""


def scratch_in(near: Path) -> set[str]:
    return {path.name for path in near.glob(".scratch-*")}


def test_scratch_of_a_killed_process_is_swept_and_no_other(tmp_path: Path) -> None:
    mine = tmp_path / ".scratch-mine"  # of somebody else, by chance of that name
    mine.mkdir()
    (mine / "precious").write_text("x")
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        with scratch_folder(tmp_path) as scratch:
            assert scratch_in(tmp_path) == {mine.name, name, scratch.name}
            process.send_signal(signal.SIGKILL)
            process.wait()
            with scratch_folder(tmp_path) as other:
                assert scratch_in(tmp_path) == {mine.name, scratch.name, other.name}
    assert scratch_in(tmp_path) == {mine.name}
    assert (mine / "precious").exists()


def test_nothing_outside_is_reached_through_links(tmp_path: Path) -> None:
    outside, near = tmp_path / "outside", tmp_path / "near"
    for folder in (outside, near):
        folder.mkdir()
    with scratch_folder(outside) as scratch:
        left = near / scratch.name
        left.mkdir()
        (left / owned._MARK).touch()
    (outside / "precious").write_text("x")
    (outside / owned._MARK).touch()
    (left / "link").symlink_to(outside)
    (near / ".scratch-link").symlink_to(outside)
    with scratch_folder(near) as scratch:
        assert scratch_in(near) == {scratch.name, ".scratch-link"}
    assert (outside / "precious").exists()


def test_whoever_is_swept_before_the_lock_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, tried = fcntl.flock, []

    def swept_first(descriptor: int, how: int) -> None:
        tried.append(descriptor)
        if len(tried) == 1:
            owned._remove(next(tmp_path.glob(".scratch-*")))
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", swept_first)
    with scratch_folder(tmp_path) as scratch:
        assert scratch.is_dir()
        assert scratch_in(tmp_path) == {scratch.name}
    assert len(tried) == 2
    assert not scratch_in(tmp_path)


def test_without_locks_nothing_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_descriptor: int, _how: int) -> None:
        raise OSError(os.strerror(95))

    monkeypatch.setattr(fcntl, "flock", none)
    with scratch_folder(tmp_path) as scratch, scratch_folder(tmp_path) as other:
        assert scratch_in(tmp_path) == {scratch.name, other.name}
    assert not scratch_in(tmp_path)
