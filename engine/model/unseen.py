"""Which events a run has not learnt from, so that it may be judged by them.

A run has learnt from its training part, and its threshold and calibration are of its validation
part; what lies in no part, or in its test part, it has not seen.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.ranked import Integers
from engine.model.run import MANIFEST, Run
from engine.model.split import utc_text

_TEST: Final = "test"


def seen(run: Run, times: Integers) -> NDArray[np.bool_]:
    """Whether each instant, seconds since 1970 UTC, is of the time that a run has learnt from."""
    inside = np.zeros(len(times), dtype=bool)
    for name, (start, end) in part_times(run).items():
        if name != _TEST:
            inside |= (times >= start) & (times < end)
    return inside


def part_times(run: Run) -> dict[str, tuple[int, int]]:
    """When each part of a run begins and ends, in seconds since 1970 UTC, by its name."""
    parts: Any = run.manifest.get("parts")
    try:
        found = {
            name: (int(parts[name]["start"]), int(parts[name]["end"]))
            for name in ("train", "validation", _TEST)
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{run.path / MANIFEST}: the parts cannot be read (was {error!r})",
            hint="train anew with python -m engine.train",
        ) from error
    return found


def test_time(run: Run) -> tuple[int, int]:
    """When a run's test part begins and ends, in seconds since 1970 UTC."""
    return part_times(run)[_TEST]


def learnt_time(run: Run) -> tuple[int, int]:
    """When what a run has learnt from begins and ends, in seconds since 1970 UTC."""
    learnt = [times for name, times in part_times(run).items() if name != _TEST]
    return min(start for start, _ in learnt), max(end for _, end in learnt)


def refuse_seen(run: Run, start: int, end: int, *, hint: str) -> None:
    """Refuse to judge a run by a time that it has learnt from.

    Parameters
    ----------
    run
        The run.
    start, end
        Seconds since 1970 UTC, from ``start`` to before ``end``.
    hint
        What to do about it.

    Raises
    ------
    InputError
        If its training or its validation part is of that time, if only a second of it.
    """
    for name, (first, last) in part_times(run).items():
        if name != _TEST and first < end and start < last:
            raise InputError(
                f"{run.path}: would be judged by what it has learnt from (was "
                f"{utc_text(start)} to {utc_text(end)}; its {name} part is of "
                f"{utc_text(first)} to {utc_text(last)})",
                hint=hint,
            )
