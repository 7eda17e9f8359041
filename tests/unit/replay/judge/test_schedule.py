"""When places are due, on a clock that the tests turn."""

import math

import pytest

from replay.judge.schedule import Schedule


def test_nothing_is_due_before_somebody_is_there() -> None:
    schedule = Schedule(10, 2.0, [], 0.0)
    assert schedule.released(100.0, 0) == 0
    assert schedule.wait(100.0, 0) == math.inf
    schedule.begin(100.0)
    schedule.begin(200.0)  # another client changes nothing
    assert schedule.released(100.0, 0) == 1


def test_places_are_due_at_even_times() -> None:
    schedule = Schedule(10, 2.0, [], 0.0)
    schedule.begin(100.0)
    assert [schedule.released(100.0 + s, 0) for s in (0.0, 0.4, 0.5, 1.6)] == [1, 1, 2, 4]
    assert schedule.wait(101.6, 4) == pytest.approx(0.4)
    assert schedule.ended is None
    assert schedule.released(104.5, 0) == 10
    assert schedule.released(200.0, 0) == 10
    assert schedule.ended == 104.5
    assert schedule.wait(200.0, 10) == math.inf


def test_a_stall_holds_back_and_then_lets_all_go() -> None:
    schedule = Schedule(100, 10.0, [5], 3.0)  # due at 0.5, so until 3.5
    schedule.begin(0.0)
    assert [schedule.released(s, 0) for s in (0.4, 0.5, 2.0, 3.4)] == [5, 5, 5, 5]
    assert schedule.wait(3.4, 5) == pytest.approx(0.1)
    assert schedule.released(3.5, 0) == 36


def test_stalls_overlap() -> None:
    schedule = Schedule(100, 10.0, [5, 10], 3.0)  # until 3.5 and until 4.0
    schedule.begin(0.0)
    assert [schedule.released(s, 0) for s in (1.5, 3.5, 3.9, 4.0)] == [5, 10, 10, 41]


def test_a_stall_is_found_however_late_one_looks() -> None:
    schedule = Schedule(100, 10.0, [5], 3.0)
    schedule.begin(0.0)
    assert schedule.released(9.0, 0) == 91


def test_without_a_rate_places_are_due_as_they_are_taken() -> None:
    schedule = Schedule(10, None, [4], 3.0)
    schedule.begin(0.0)
    assert not schedule.timed
    assert schedule.released(0.0, 0) == 4
    assert schedule.released(50.0, 3) == 4  # the stall begins when somebody is there
    assert schedule.released(51.0, 4) == 4
    assert schedule.wait(51.0, 4) == pytest.approx(3.0)
    assert schedule.released(54.0, 4) == 10
    assert schedule.ended is None
    assert schedule.released(55.0, 10) == 10
    assert schedule.ended == 55.0


@pytest.mark.parametrize(
    ("stalls", "seconds", "ended"),
    [([], 0.0, 104.5), ([5], 1.0, 104.5), ([9], 3.0, 107.5), ([4, 8], 2.0, 106.0)],
)
def test_the_end_is_when_the_last_was_due_however_late_one_looks(
    stalls: list[int], seconds: float, ended: float
) -> None:
    for looks in ([ended], [300.0], [ended - 0.01, 300.0], [100.0 + s / 10 for s in range(100)]):
        schedule = Schedule(10, 2.0, stalls, seconds)
        schedule.begin(100.0)
        for now in looks:
            schedule.released(now, 0)
            assert (schedule.ended is None) == (now < ended)
        assert schedule.ended == ended
