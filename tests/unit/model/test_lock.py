"""One process at a time decides which run is in use."""

import sys
from pathlib import Path

import pytest

from engine.errors import OutputError
from engine.model.lock import only_one
from processes import started

_HOLDING = """
import sys
import time
from pathlib import Path
from engine.model.lock import only_one

with only_one(Path(sys.argv[1])):
    print("held", file=sys.stderr, flush=True)
    time.sleep(60)
"""


def test_a_second_one_is_told_who_is_at_work(tmp_path: Path) -> None:
    with started([sys.executable, "-c", _HOLDING, str(tmp_path)]) as process:
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
