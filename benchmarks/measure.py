"""Measuring: runs as processes of their own, in turns, and what several runs come to."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.progress import say
from engine.errors import SentinelError

LEAST_REPEATS: Final = 3

_ROOT: Final = Path(__file__).parents[1]
_LAST_LINES: Final = 20


class RunError(SentinelError):
    """A process that was to be measured did not do its work."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took.

    Parameters
    ----------
    wall_seconds
        From its start to its end, starting Python and importing libraries included.
    cpu_seconds
        User and system time of all its threads, over the same span.
    peak_bytes
        The most memory that was resident.
    printed
        The JSON object that it printed.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    printed: dict[str, Any]

    @property
    def work_seconds(self) -> float:
        """Seconds of the work itself, by the process's own clock, start and imports left out."""
        return float(self.printed["seconds"]["total"])


@dataclass(frozen=True, slots=True)
class Spread:
    """A quantity over several runs."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))

    @classmethod
    def of_ratios(cls, over: Sequence[float], under: Sequence[float]) -> "Spread":
        """The ratio of the medians, between the extremes of the ratios of each turn's two runs.

        What else the machine does slows both runs of a turn, so that their ratio suffers less.
        The ratio of the medians may lie outside of these extremes, which then give way.
        """
        ratio = statistics.median(over) / statistics.median(under)
        ratios = [ratio, *(a / b for a, b in zip(over, under, strict=True))]
        return cls(ratio, min(ratios), max(ratios))

    def as_json(self) -> dict[str, float]:
        """What is kept of it."""
        return asdict(self)


def run_module(module: str, args: Sequence[str], *, threads: int, progress: bool = False) -> Run:
    """Run ``python -m module args`` to its end and measure it.

    Parameters
    ----------
    module, args
        What to run; it prints one JSON object on standard output.
    threads
        How many threads polars may have in it.
    progress
        Whether what it writes to standard error is shown at once; else only if it fails.

    Raises
    ------
    RunError
        If it fails, with what it wrote to standard error.
    """
    command = [sys.executable, "-m", "benchmarks.watch", sys.executable, "-m", module, *args]
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "POLARS_MAX_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join(paths),
    }
    with subprocess.Popen(  # noqa: S603 - our own module
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=None if progress else subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as watch:
        try:
            out, err = watch.communicate()
        except BaseException:
            watch.terminate()
            watch.communicate()  # until it is gone, so that what it wrote can be removed
            raise
    printed, _, spent = out.rstrip().rpartition("\n")
    # Without a report the watch itself was stopped, before or while it watched.
    took = json.loads(spent) if watch.returncode == 0 else {"exit": watch.returncode}
    if took["exit"] != 0:
        lines = (err or "").strip().splitlines()[-_LAST_LINES:]
        raise RunError(
            "\n".join([f"{module} failed (was exit code {took['exit']})", *lines]),
            hint="run it by itself to see more; a negative code is a signal, −9 mostly memory",
        )
    del took["exit"]
    return Run(**took, printed=json.loads(printed))


def in_turns(repeats: int, runs: Mapping[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Measure each of ``runs`` ``repeats`` times, one after the other and then all over again.

    So whatever slows the machine for a while falls on all of them.
    """
    done: dict[str, list[Run]] = {name: [] for name in runs}
    for turn in range(repeats):
        for name, run in runs.items():
            done[name].append(run())
            say(
                f"{turn + 1} of {repeats}: {name}, {done[name][-1].work_seconds:.2f} s of work, "
                f"{done[name][-1].wall_seconds:.2f} s in all"
            )
    return done
