"""Snapshots by another process, which may fail to begin."""

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest

from engine.live.keeping import Keeper
from engine.live.troubles import Troubles
from live.cases import Heard, until
from unit.replay.judge.clients import run


class Saved:
    """Stands in for a process that has saved."""

    returncode = 0

    async def communicate(self) -> tuple[bytes, bytes]:
        return b"live.db.1758834000000000.000000000123.state\n", b""


def test_where_there_can_be_no_process_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    async def begun(*_: Any, **__: Any) -> Saved:  # noqa: ANN401 - whatever is asked for
        tries.append(len(tries))
        if len(tries) < 3:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        return Saved()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begun)
    heard = Heard()

    async def test() -> None:
        keeper = Keeper(tmp_path / "live.db", 5, 0, lambda: 7, Troubles(heard), heard, 0.01)
        task = asyncio.create_task(keeper.run())
        await until(lambda: "snapshot saved" in dict(heard.said))
        assert not task.done()
        task.cancel()

    run(test())
    assert [event for event, _ in heard.said] == [
        "snapshot: trouble",
        "snapshot: well again",
        "snapshot saved",
    ]
    assert dict(heard.said)["snapshot: trouble"] == {
        "why": "no process for it (was Cannot allocate memory)"
    }


def test_few_events_are_saved_in_time_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sequence, begun = [5], []

    async def begin(*_: Any, **__: Any) -> Saved:  # noqa: ANN401 - whatever is asked for
        begun.append(sequence[0])
        return Saved()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begin)
    monkeypatch.setattr("engine.live.keeping._LOOK_SECONDS", 0.001)
    heard = Heard()

    async def test() -> None:
        troubles = Troubles(heard)
        keeper = Keeper(
            tmp_path / "live.db", 1_000, 5, lambda: sequence[0], troubles, heard, longest=0.01
        )
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(0.1)
        assert not begun  # there is nothing new to save
        sequence[0] = 6
        await until(lambda: begun == [6])
        await asyncio.sleep(0.1)
        assert begun == [6]
        assert not task.done()
        task.cancel()

    run(test())
