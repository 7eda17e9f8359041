"""How far Spark is, as it is told while somebody waits."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from engine.backends.spark.watching import watched

PATIENCE = 20.0


class Tracker:
    """Of three stages, of which one is somebody else's."""

    def __init__(self) -> None:
        self.completed = {1: 5, 2: 0, 3: 0}
        self.active = [1]

    def getActiveStageIds(self) -> list[int]:  # noqa: N802 - Spark's name
        return self.active

    def getStageInfo(self, stage: int) -> Any:  # noqa: ANN401, N802 - as Spark's
        return None if stage == 3 else SimpleNamespace(numCompletedTasks=self.completed[stage])


def session_of(tracker: Tracker) -> Any:  # noqa: ANN401 - stands for Spark's
    return SimpleNamespace(sparkContext=SimpleNamespace(statusTracker=lambda: tracker))


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.backends.spark.watching._EVERY_SECONDS", 0.001)


def test_tasks_that_have_ended_are_told() -> None:
    tracker, told = Tracker(), list[tuple[str, float]]()
    half = threading.Event()

    def watch(doing: str, part: float) -> None:
        told.append((doing, part))
        if part == 0.5:
            half.set()
        elif part == 0.0:
            # Before the block is gone into; what is active by then is somebody else's.
            assert tracker.active == [1]

    with watched(session_of(tracker), "compute", 4, watch):
        tracker.active = [1, 2, 3]
        tracker.completed[2] = 2
        assert half.wait(PATIENCE)
    parts = [part for _, part in told]
    assert {doing for doing, _ in told} == {"compute"}
    assert parts == sorted(parts)
    assert parts[0] == 0.0
    assert parts[-1] == 1.0


def test_what_spark_forgets_is_not_told_backwards() -> None:
    tracker, told = Tracker(), list[float]()
    half, later = threading.Event(), threading.Event()

    def watch(_doing: str, part: float) -> None:
        if half.is_set():
            later.set()
        told.append(part)
        if part == 0.5:
            tracker.completed[2] = 0
            half.set()

    with watched(session_of(tracker), "compute", 4, watch):
        tracker.active = [1, 2]
        tracker.completed[2] = 2
        assert later.wait(PATIENCE)
    assert told == sorted(told)


def test_what_fails_is_told_by_whoever_waits_and_nobody_else() -> None:
    class Gone(Tracker):
        def getActiveStageIds(self) -> list[int]:  # noqa: N802 - Spark's name
            raise ConnectionError

    told = list[float]()
    before = threading.active_count()
    with (
        pytest.raises(ValueError, match="ours"),
        watched(session_of(Gone()), "compute", 4, lambda _, part: told.append(part)),
    ):
        raise ValueError("ours")
    assert told == [0.0]
    assert threading.active_count() == before


def test_a_spark_that_is_gone_keeps_nobody_from_hearing_of_it() -> None:
    told = list[float]()
    with watched(SimpleNamespace(), "compute", 4, lambda _, part: told.append(part)):  # type: ignore[arg-type] # as good as none
        pass
    assert told == [0.0, 1.0]


def test_nobody_is_told_nothing() -> None:
    with watched(None, "compute", 4, None):  # type: ignore[arg-type] # asked nothing
        pass
