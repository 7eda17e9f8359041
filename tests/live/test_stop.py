"""A process that reads and posts on the loop it will have, and is asked to end in the middle."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from processes import ROOT
from unit.replay.judge.cases import KEY, faults, log_of
from unit.replay.judge.clients import judging, run

PROGRAM = Path(__file__).parent / "program.py"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_read_is_flagged_before_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    async def test() -> None:
        # What is answered late is under way when the signal comes.
        chosen = faults("flag-slow=50ms@0.1,flag-lost=0.05,disconnect=0.01", timed=True)
        log = log_of(tmp_path, 2_000)
        async with judging(log, rate=2_000.0, faults=chosen) as running:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(PROGRAM),
                str(running.port),
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT), "SENTINELPOS_API_KEY": KEY.decode()},
            )
            try:
                assert process.stdout is not None
                assert await process.stdout.readline() == b"under way\n"
                process.send_signal(number)
                said, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            assert process.returncode == 0
            found = json.loads(said.splitlines()[-1])
            assert found["drained"] is True
            assert found["cancelled"] == [True, True]
            assert found["final"] == found["known"] > 200
            book = running.judge.book
            flagged = {one: value for one, value in enumerate(book.value.tolist()) if value >= 0}
            assert len(flagged) == found["known"]
            assert all(value == one % 2 for one, value in flagged.items())
            assert (await running.score())["flags"]["contradictory"] == 0

    run(test())
