"""One process at a time decides which run is in use."""

import sys
from pathlib import Path

import pytest

from engine.errors import OutputError
from engine.model import lock
from engine.model.lock import only_one, switching
from processes import started

_HOLDING = """
import sys
import time
from pathlib import Path
from engine.model import lock

with getattr(lock, sys.argv[2])(Path(sys.argv[1])):
    print("held", file=sys.stderr, flush=True)
    time.sleep(60)
"""


def test_a_second_one_is_told_who_is_at_work(tmp_path: Path) -> None:
    with started([sys.executable, "-c", _HOLDING, str(tmp_path), "only_one"]) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"held\n"
        with (
            pytest.raises(OutputError, match=rf"at work there \(was process {process.pid}\)"),
            only_one(tmp_path),
        ):
            pytest.fail("two at once")
        process.kill()
        process.stderr.close()
        process.wait()
    # A lock does not outlive who held it, killed or not.
    with only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


def test_a_switch_waits_for_another_one_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    with started([sys.executable, "-c", _HOLDING, str(tmp_path), "switching"]) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"held\n"
        monkeypatch.setattr(lock, "_PATIENCE_SECONDS", 0.1)
        with (
            pytest.raises(OutputError, match=rf"current there \(was process {process.pid}, for"),
            switching(tmp_path),
        ):
            pytest.fail("two at once")
        with only_one(tmp_path):  # which is another lock
            pass

        def ended(seconds: float) -> None:
            waits.append(seconds)
            process.kill()
            process.wait()

        monkeypatch.setattr(lock, "_PATIENCE_SECONDS", 60.0)
        monkeypatch.setattr(lock, "sleep", ended)
        with switching(tmp_path):
            assert waits
        process.stderr.close()
