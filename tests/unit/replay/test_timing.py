"""A queue worked out by hand, and what it makes of a replay."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.cli import main
from replay.job import replay
from replay.options import Options
from replay.timing import MICROSECONDS, Queue, Spread, Timing
from unit.replay.cases import Stop, stopped_after


def through(timing: Timing, *frames: list[int]) -> tuple[list[int], list[int]]:
    queue = Queue(timing)
    parts = [queue.pass_through(np.array(frame, dtype=np.int64)) for frame in frames]
    return [int(at) for part in parts for at in part[0]], [
        int(at) for part in parts for at in part[1]
    ]


def test_events_wait_for_those_before_them() -> None:
    # Three at one instant, one while they are at work, one just then, and one much later.
    arrivals = [100, 100, 100, 115, 140, 500]
    decided = [110, 120, 130, 140, 150, 510]
    timing = Timing(score=Spread(10, 10), post=Spread(7, 7))
    assert through(timing, arrivals) == (decided, [at + 7 for at in decided])
    assert through(timing, arrivals[:2], [], arrivals[2:5], arrivals[5:])[0] == decided
    assert through(Timing(post=Spread(3, 3)), arrivals)[1] == [at + 3 for at in arrivals]
    assert through(Timing(), [])[0] == []
    assert through(timing, [-50, -50])[0] == [-40, -30]


@given(
    st.lists(st.integers(0, 300), max_size=40).map(sorted),
    st.lists(st.integers(0, 40), max_size=5).map(sorted),
)
def test_it_is_the_queue_one_by_one_however_it_is_cut(arrivals: list[int], cuts: list[int]) -> None:
    timing = Timing(score=Spread(2, 9), post=Spread(0, 50), seed=5)
    bounds = [0, *cuts, len(arrivals)]
    frames = [arrivals[start:end] for start, end in pairwise(bounds)]
    decided, posted = through(timing, *frames)
    assert (decided, posted) == through(timing, arrivals)
    free = 0
    for at, done, out in zip(arrivals, decided, posted, strict=True):
        assert 2 <= done - max(at, free) <= 9
        assert 0 <= out - done <= 50
        free = done


def test_a_spread_reaches_both_ends_as_often() -> None:
    decided, _ = through(Timing(score=Spread(1, 4)), list(range(0, 40_000, 10)))
    took, counts = np.unique(np.array(decided) % 10, return_counts=True)
    assert took.tolist() == [1, 2, 3, 4]
    assert counts.min() > 900
    other = through(Timing(score=Spread(1, 4), seed=1), list(range(0, 40_000, 10)))[0]
    assert other != decided


def test_what_is_late_is_not_caught(options: Options) -> None:
    plain = replay(replace(options, ledger=None))
    assert "timing" not in plain.summary()
    minutes = Spread(*[12 * 60 * MICROSECONDS] * 2)  # too long for 2,000 in ten days

    def timed(timing: Timing, **changes: object) -> dict[str, object]:
        replayed = replay(replace(options, ledger=None, timing=timing, **changes))
        assert replayed.digest == plain.digest
        content: dict[str, object] = replayed.summary()["timing"]
        return content

    prompt = timed(Timing())
    found = plain.outcome.summary()
    assert (prompt["in_time"], prompt["missed"], prompt["p99_seconds"]) == (2_000, 0, 0.0)
    assert prompt["recall_in_time"] == found["recall"]
    slow = timed(Timing(score=minutes))
    assert slow == timed(Timing(score=minutes), batch=37)
    assert int(str(slow["missed"])) > 1_000
    assert float(str(slow["recall_in_time"])) < found["recall"]
    late = timed(Timing(post=Spread(31 * MICROSECONDS, 31 * MICROSECONDS)))
    assert (late["in_time"], late["p50_seconds"], late["recall_in_time"]) == (0, 31.0, 0.0)
    in_time = timed(Timing(post=Spread(30 * MICROSECONDS, 30 * MICROSECONDS)))
    assert in_time["missed"] == 0  # the deadline itself is in time


@pytest.mark.usefixtures("short")
def test_a_stopped_replay_goes_on_to_the_same_times(options: Options) -> None:
    timing = Timing(score=Spread(0, 600 * MICROSECONDS), seed=3)
    options = replace(options, timing=timing)
    expected = replay(replace(options, ledger=None)).summary()["timing"]
    stopped_after(options, 1_000, Stop)
    assert replay(options).summary()["timing"] == expected


def test_the_command(log: Path, boosted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = [str(log), "--run", str(boosted), "--quiet"]
    times = ["--score-time", "0.5s..1.5s", "--post-time", "200ms"]
    assert main([*args, *times, "--seed", "4", "--json"]) == 0
    timing = json.loads(capsys.readouterr().out)["timing"]
    told = {name: timing[name] for name in ("score_time", "post_time", "deadline", "seed")}
    assert told == {"score_time": [0.5, 1.5], "post_time": [0.2] * 2, "deadline": 30.0, "seed": 4}
    assert main([str(log), "--run", str(boosted), "--deadline", "0s"]) == 0
    said = capsys.readouterr().out
    assert "2,000 of 2,000 posted within 0 s of arrival (1.0000); half of all took 0.00 s" in said
    for option, value in (
        ("--score-time", "fast"),
        ("--score-time", "2s..1s"),
        ("--post-time", "1s.."),
        ("--deadline", "-1s"),
    ):
        assert main([*args, f"{option}={value}"]) == 2
        assert option in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--score-time", "10ms.."], "--score-time: not a span of time (was '10ms..')"),
        (["--post-time", "..10ms"], "--post-time: not a span of time (was '..10ms')"),
        (["--score-time", ""], "--score-time: not a span of time (was '')"),
        (["--post-time", "2s..1s"], "--post-time: the least comes after the most (was '2s..1s')"),
        (["--seed", "foo"], "--seed: not a whole number in bounds (was 'foo')"),
        (["--seed", "foo", "--score-time", "1s"], "--seed: not a whole number"),
        (["--seed", "5"], "--seed: nothing is drawn without --score-time or --post-time (was '5')"),
        (["--seed", "5", "--deadline", "1s"], "--seed: nothing is drawn without"),
        (["--deadline", ""], "--deadline: not a span of time (was '')"),
    ],
)
def test_refusals(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log.csv", "--run", "run", *args]) == 2
    refused = capsys.readouterr().err
    assert refused.startswith(said)
    hint = refused.partition("\nhint: ")[2]
    assert hint
    assert args[0] not in {"--score-time", "--post-time"} or "10ms..90ms" in hint
