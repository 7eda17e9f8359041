"""A process that is killed at any instant: what it was told is recorded is there, once."""

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from processes import PATIENCE_SECONDS, ROOT
from unit.live.ledger.cases import opened

_KILLS = 8
_LONGEST_SECONDS = 0.25

# Tells of each batch and of each final reply after the ledger has returned from it.
_CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from engine.live.ledger.rows import Batch
from unit.live.ledger.cases import MODEL, decision, opened, recorded

with opened(Path(sys.argv[1])) as ledger:
    ledger.enrol(MODEL)
    print(ledger.next_sequence, flush=True)
    while True:
        start = ledger.next_sequence
        size = 1 + start % 70
        places = range(start, start + size)
        ledger.record(Batch([decision(place) for place in places], stream_id=str(places[-1])))
        print("decided", start, start + size, flush=True)
        ledger.reply([recorded(place) for place in places if place % 3])
        print("replied", start, start + size, flush=True)
"""


def killed(path: Path, seconds: float) -> tuple[int, list[tuple[str, range]]]:
    """The place a process began at, and the places it had told of when it was killed."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _CHILD, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            began = int(process.stdout.readline())
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.kill()
            # A line that the kill cut off tells nothing.
            lines = process.stdout.read().split("\n")[:-1]
            assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        finally:
            process.kill()
    words = [line.split() for line in lines]
    return began, [(what, range(int(start), int(end))) for what, start, end in words]


def test_what_was_recorded_is_there_after_each_kill(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    chance = random.Random(5)  # noqa: S311 - when to kill
    decided: set[int] = set()
    replied: set[int] = set()
    for _ in range(_KILLS):
        began, told = killed(path, chance.uniform(0.0, _LONGEST_SECONDS))
        assert began > max(decided, default=-1)  # no place is given twice
        for what, places in told:
            (decided if what == "decided" else replied).update(places)
    with opened(path) as ledger:
        there = [row.sequence for rows in ledger.tail(-1) for row in rows]
        assert there == list(range(ledger.next_sequence))
        assert decided <= set(there)
        assert ledger.stream_id == str(there[-1])
        pending = {flag.sequence for flag in ledger.pending(-1, len(there))}
        answered = {
            place for (place,) in ledger._connection.execute("SELECT sequence FROM replies")
        }
        assert {place for place in replied if place % 3} <= answered
        assert pending == set(there) - answered
        assert ledger._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("seconds", [0.0, 0.02])
def test_a_kill_while_it_is_made_leaves_a_ledger_or_nothing(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "live.db"
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _CHILD, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    ) as process:
        for _ in range(PATIENCE_SECONDS * 1_000):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.001)
            if path.exists() or process.returncode is not None:
                break
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
    with opened(path) as ledger:
        assert ledger._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
