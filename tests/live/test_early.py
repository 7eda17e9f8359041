"""A scorer that is asked to end before it has begun."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from live.cases import until
from live.processes_of import command, ended, started
from unit.replay.judge.clients import run

ENDS = {signal.SIGTERM: (143, "terminated"), signal.SIGINT: (130, "interrupted")}


@pytest.mark.parametrize("number", ENDS)
def test_who_is_asked_to_end_before_it_reads_the_stream_says_so(
    boosted: Path, tmp_path: Path, number: signal.Signals
) -> None:
    ledger, state = tmp_path / "live.db", tmp_path / "state"
    os.mkfifo(state)  # nobody writes into it: the start goes no further
    code, word = ENDS[number]

    async def test() -> None:
        async with started(command(1, boosted, ledger, "--state", str(state))) as process:
            await until(ledger.exists)
            await asyncio.sleep(0.3)
            process.send_signal(number)
            found, said = await ended(process)
        assert found == code, said
        assert f"{word}: nothing was left half-written" in said
        assert "Traceback" not in said

    run(test())
