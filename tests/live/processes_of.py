"""Live scorers as processes, which are asked to end, or killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from processes import ROOT
from unit.replay.judge.cases import KEY

Process = asyncio.subprocess.Process


def command(port: int, run: Path, ledger: Path, *more: str) -> list[str]:
    url = f"http://127.0.0.1:{port}"
    where = ("--stream", f"{url}/stream", "--flag", f"{url}/api/flag")
    rest = ("--run", str(run), "--ledger", str(ledger), "--listen", "off")
    return [sys.executable, "-m", "engine.live", *where, *rest, *more]


@asynccontextmanager
async def started(
    command: list[str], key: str = KEY.decode(), token: str = ""
) -> AsyncIterator[Process]:
    """A process, its notices in a pipe; a failure of the test ends it."""
    secrets = {"SENTINELPOS_API_KEY": key, "SENTINELPOS_TOKEN": token}
    process = await asyncio.create_subprocess_exec(
        *command,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | secrets,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def heard(process: Process, what: str) -> None:
    """Wait until a process has said something."""
    assert process.stderr is not None
    said = []
    while line := (await process.stderr.readline()).decode():
        said.append(line)
        if what in line:
            return
    raise AssertionError("".join(said))


async def ended(process: Process) -> tuple[int, str]:
    """The exit code of a process, and what it still had to say."""
    _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()
