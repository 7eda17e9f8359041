"""Another run in the place of the one that decides."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.catalog import notebook
from engine.errors import InputError
from engine.live import models
from engine.live.models import Models, signature
from engine.live.troubles import Troubles
from engine.model.run import MANIFEST
from live.cases import Heard, until
from unit.replay.judge.clients import run


def run_called(name: str) -> Any:  # noqa: ANN401 - what stands in for a run
    return SimpleNamespace(manifest={"id": name}, features=notebook)


def looking(
    place: Path, load: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch, expected: str
) -> Heard:
    """Look until a run is taken up that is called as expected."""
    monkeypatch.setattr(models, "load_run", load)
    heard = Heard()

    async def test() -> None:
        taken: list[str] = []

        async def take_up(found: Any) -> None:  # noqa: ANN401 - what stands in for a run
            taken.append(found.manifest["id"])

        looks = Models(place, run_called("first"), take_up, Troubles(heard), heard, 0.01)
        task = asyncio.create_task(looks.run())
        await until(lambda: taken == [expected])
        task.cancel()

    run(test())
    return heard


def test_a_run_that_came_while_the_state_was_made_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / MANIFEST).write_text("{}")
    looking(tmp_path, lambda _path: run_called("second"), monkeypatch, "second")


def test_a_run_that_is_copied_into_place_is_taken_up_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / MANIFEST).write_text("{}")
    looks: list[bool] = []

    def load(path: Path) -> Any:  # noqa: ANN401 - what stands in for a run
        is_whole = (path / "model.txt").exists()
        looks.append(is_whole)
        if not is_whole:
            (path / "model.txt").write_text("trees")  # it comes after the first look
            raise InputError("a file is missing", hint="copy it")
        return run_called("second")

    heard = looking(tmp_path, load, monkeypatch, "second")
    assert looks == [False, True]
    assert [event for event, _ in heard.said][:1] == ["model: trouble"]


def test_a_place_is_told_by_all_its_files(tmp_path: Path) -> None:
    assert signature(tmp_path) is None
    (tmp_path / MANIFEST).write_text("{}")
    first = signature(tmp_path)
    assert first == signature(tmp_path)
    (tmp_path / "model.txt").write_text("trees")
    second = signature(tmp_path)
    assert second != first
    link = tmp_path.with_name("link")
    link.symlink_to(tmp_path)
    assert signature(link) == second
