"""Measuring: what several runs come to, in which order they run, and what failure looks like."""

import pytest

from benchmarks.measure import Run, RunError, Spread, in_turns, run_module


def took(work: float) -> Run:
    return Run(work + 1, work, 1, {"seconds": {"total": work}})


def test_a_spread_is_the_median_between_the_extremes() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([4.0, 1.0, 2.0, 3.0]) == Spread(2.5, 1.0, 4.0)


def test_a_ratio_is_that_of_the_medians_between_the_turns() -> None:
    assert Spread.of_ratios([4.0, 9.0, 8.0], [2.0, 3.0, 4.0]) == Spread(8 / 3, 2.0, 3.0)


def test_the_extremes_hold_the_ratio_of_the_medians() -> None:
    spread = Spread.of_ratios([1.0, 10.0, 100.0], [10.0, 100.0, 1.0])
    assert spread.least <= spread.median <= spread.most


def test_runs_take_turns() -> None:
    order: list[str] = []

    def run(name: str) -> Run:
        order.append(name)
        return took(float(len(order)))

    done = in_turns(3, {"floor": lambda: run("floor"), "build": lambda: run("build")})
    assert order == ["floor", "build"] * 3
    assert [run.work_seconds for run in done["build"]] == [2.0, 4.0, 6.0]


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(RunError, match="No module named benchmarks"):
        run_module("benchmarks.nothing", [], threads=1)


def test_a_process_is_accounted_for_by_itself() -> None:
    burden = bytearray(300 << 20)
    burden[:: 1 << 12] = bytes([1]) * len(burden[:: 1 << 12])
    # Not one of ours, but it prints JSON and does next to nothing.
    run = run_module("benchmarks.watch", ["true"], threads=1)
    assert 0 < run.peak_bytes < len(burden) // 2
    assert 0 < run.cpu_seconds < 60
    assert 0 < run.wall_seconds < 60
    assert run.printed["exit"] == 0
