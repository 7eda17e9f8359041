"""A run that is replaced: at any instant the old or the new one is there, whoever is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.model import replace
from engine.model.replace import put_in_place, settle_replaced
from engine.model.store import check_place
from processes import PATIENCE_SECONDS, started
from unit.build.cases import tree

# Replaces a run again and again, with one of another number each time.
_REPLACING = """
import sys
from pathlib import Path
from engine.events.disk import scratch_folder
from engine.model.replace import put_in_place

runs, number = Path(sys.argv[1]), 0
while True:
    number += 1
    with scratch_folder(runs) as scratch:
        made = scratch / "run"
        made.mkdir()
        for name in ("manifest.json", "model.txt"):
            (made / name).write_text(str(number))
        put_in_place(made, runs / "run")
    print(number, file=sys.stderr, flush=True)
"""


def folder(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "manifest.json").write_text(content)
    return path


def exchanges(tmp_path: Path) -> bool:
    one, other = folder(tmp_path / "probe", "1"), folder(tmp_path / "probed", "2")
    done = replace._exchanged(one, other)
    assert (one / "manifest.json").read_text() == ("2" if done else "1")
    return done


def test_a_name_always_leads_to_a_whole_run(tmp_path: Path) -> None:
    """Looked for while it is replaced, then killed, a few times over."""
    if not exchanges(tmp_path):
        pytest.skip("neither system nor file system can exchange two names here")
    runs = tmp_path / "runs"
    runs.mkdir()
    for _ in range(3):
        with started([sys.executable, "-c", _REPLACING, str(runs)]) as process:
            assert process.stderr is not None
            process.stderr.readline()  # the first is there
            for _ in range(5_000):
                assert (runs / "run").is_dir()
            process.send_signal(signal.SIGKILL)
            process.stderr.close()
            process.wait(PATIENCE_SECONDS)
        contents = {path.read_text() for path in (runs / "run").iterdir()}
        assert len(contents) == 1
        assert sorted(path.name for path in (runs / "run").iterdir()) == [
            "manifest.json",
            "model.txt",
        ]


# As where names cannot be exchanged, killed when the old run has stepped aside.
_KILLED = """
import os, signal, sys
from pathlib import Path
from engine.model import replace

replace._exchanged = lambda one, other: False
rename = Path.rename

def renamed(path, target):
    if path.name == "made":
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)

Path.rename = renamed
replace.put_in_place(Path(sys.argv[1]) / "made", Path(sys.argv[1]) / "run")
"""


def test_where_names_cannot_be_exchanged_the_next_start_puts_the_old_one_back(
    tmp_path: Path,
) -> None:
    folder(tmp_path / "run", "old")
    folder(tmp_path / "made", "new")
    killed = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", _KILLED, str(tmp_path)], check=False, timeout=PATIENCE_SECONDS
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "run").exists()
    check_place(tmp_path, "run", overwrite=True)
    assert (tmp_path / "run" / "manifest.json").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "run"]


def test_what_was_replaced_is_removed_at_the_next_start(tmp_path: Path) -> None:
    folder(tmp_path / "run", "new")
    folder(tmp_path / ".run.replaced", "old")
    settle_replaced(tmp_path / "run")
    assert tree(tmp_path) == {"run": None, "run/manifest.json": b"new"}


@pytest.mark.parametrize("can", [True, False])
def test_a_folder_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, can: bool
) -> None:
    if not can:
        monkeypatch.setattr(replace, "_exchanged", lambda _one, _other: False)
    put_in_place(folder(tmp_path / "made", "first"), tmp_path / "run")
    put_in_place(folder(tmp_path / "made", "second"), tmp_path / "run")
    assert (tmp_path / "run" / "manifest.json").read_text() == "second"
    assert {path.name for path in tmp_path.iterdir()} <= {"run", "made"}


def test_a_failure_between_the_two_steps_puts_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replace, "_exchanged", lambda _one, _other: False)
    folder(tmp_path / "run", "old")
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "nothing", tmp_path / "run")
    assert tree(tmp_path) == {"run": None, "run/manifest.json": b"old"}
