"""The command line that writes SQL."""

import errno
import os
from pathlib import Path

import pytest

from engine.catalog import SETS
from engine.sql.cli import main


def test_it_writes_a_file_for_each_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "folder"
    assert main(["--out", str(out)]) == 0
    told = capsys.readouterr().out.splitlines()
    for name, line in zip(SETS, told, strict=True):
        text = (out / f"{name}.sql").read_text("utf-8")
        assert line == f"{out}/{name}.sql: {len(text.splitlines())} lines"
    text = (out / "notebook.sql").read_text("utf-8")
    assert main(["--set", "notebook", "--out", "-"]) == 0
    assert capsys.readouterr().out == text


def test_stale_files_are_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--out", str(tmp_path)]) == 1  # none there
    assert not list(tmp_path.iterdir())
    assert main(["--out", str(tmp_path)]) == 0
    assert main(["--check", "--out", str(tmp_path)]) == 0
    file = tmp_path / "notebook.sql"
    file.write_text(file.read_text("utf-8") + "-- by hand\n", "utf-8")
    capsys.readouterr()
    assert main(["--check", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"{file}: not what the feature set 'notebook' compiles to\n"
        f"hint: write it anew with python -m engine.sql --out {tmp_path}\n"
    )
    assert file.read_text("utf-8").endswith("-- by hand\n")


def test_the_hint_about_a_stale_file_writes_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--check"]) == 1
    assert capsys.readouterr().err.endswith("with python -m engine.sql\n")
    assert main(["--check", "--out", "my sql"]) == 1
    assert capsys.readouterr().err.endswith("with python -m engine.sql --out 'my sql'\n")


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_file_is_no_folder(
    tmp_path: Path, check: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notebook.sql"
    file.write_text("mine")
    assert main(["--out", str(file), *check]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"--out: a file, where a folder is meant (was {str(file)!r})\nhint: ")
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--set", "none"], "no such feature set (was 'none')"),
        (["--check", "--out", "-"], "--check: there is no file to look at"),
        (["--out", ""], "--out: no folder (was '')"),
        (["--check", "--out", ""], "--out: no folder (was '')"),
        (["--sets"], "cannot read the command line"),
    ],
)
def test_refusals(
    argv: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 2
    assert not list(tmp_path.iterdir())
    captured = capsys.readouterr()
    assert said in captured.err
    assert "hint: " in captured.err


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--out", str(tmp_path / "file" / "inside")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_changes_only_when_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notebook.sql"
    file.write_text("as it was", "utf-8")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert main(["--out", str(tmp_path)]) == 2
    assert "cannot be written (was: No space left on device)" in capsys.readouterr().err
    assert file.read_text("utf-8") == "as it was"
    assert list(tmp_path.iterdir()) == [file]
