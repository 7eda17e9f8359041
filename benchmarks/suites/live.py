"""How fast the live scorer is, and how soon it answers, beside the original design."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.kept import measure_and_keep
from benchmarks.live.drive import MAX
from benchmarks.live.inputs import BOOSTED, Inputs, described, provide
from benchmarks.machine import commit, machine
from benchmarks.measure import Run, in_turns, run_module
from benchmarks.progress import say
from benchmarks.simulated import Workspace
from benchmarks.suites.live_options import Options, read_options
from benchmarks.suites.live_results import ORIGINAL, as_text, name_of, summary
from engine.clock import utc_date
from engine.versions import versions

_LIBRARIES = ("numpy", "lightgbm", "scikit-learn", "uvloop", "msgspec", "fastapi", "uvicorn")


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    options = read_options(argv)
    return partial(
        measure_and_keep,
        "live",
        options.wanted.events,
        options.common,
        options.command,
        partial(measure, options),
        as_text,
    )


def measure(options: Options, space: Workspace) -> dict[str, Any]:
    """Time, check, and return everything that is kept.

    Raises
    ------
    DifferenceError
        If an event was not flagged once and in time, or another decision was made than in a replay.
    """
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    threads = options.common.threads
    inputs = provide(options.wanted, space, threads)
    replayed = _replayed(options, inputs, space.scratch, threads)
    runs: dict[str, Callable[[], Run]] = {
        name_of(rate): partial(_drive, options, inputs, replayed, rate, events)
        for rate, events in options.drives.items()
    }
    runs[ORIGINAL] = partial(_original, options, inputs, replayed)
    done = in_turns(options.common.repeats, runs)
    return around | {
        "versions": versions(_LIBRARIES),
        "repeats": options.common.repeats,
        "inputs": described(inputs, options.wanted),
        "model": BOOSTED,
        "summary": summary(done),
        "runs": {name: [run.printed for run in runs] for name, runs in done.items()},
    }


def _replayed(options: Options, inputs: Inputs, scratch: Path, threads: int) -> Path:
    """The ledger of a replay of the stream's first events, after the whole past."""
    say(f"replaying {options.sample:,} events")
    log, ledger = scratch / "sample.parquet", scratch / "replayed"
    past, stream = pl.scan_parquet(inputs.past), pl.scan_parquet(inputs.stream)
    pl.concat([past, stream.head(options.sample)]).sink_parquet(log)
    starts = datetime.fromtimestamp(inputs.starts, UTC).isoformat()
    args = [str(log), "--run", str(inputs.boosted), "--from", starts, "--ledger", str(ledger)]
    run_module("replay", [*args, "--reasons", "0", "--quiet", "--json"], threads=threads)
    log.unlink()
    return ledger


def _drive(options: Options, inputs: Inputs, replayed: Path, rate: str, events: int) -> Run:
    args = ["--stream", str(inputs.stream), "--events", str(events), "--rate", rate]
    args += ["--run", str(inputs.boosted), "--state", str(inputs.state)]
    args += ["--replayed", str(replayed), "--listen", options.listen]
    args += ["--deadline", str(options.deadline)]
    return run_module("benchmarks.live.drive", args + ["--kill"] * (rate == MAX), threads=1)


def _original(options: Options, inputs: Inputs, replayed: Path) -> Run:
    args = ["--stream", str(inputs.stream), "--events", str(options.original_events)]
    args += ["--run", str(inputs.forest), "--table", str(inputs.table)]
    return run_module("benchmarks.original.drive", [*args, "--replayed", str(replayed)], threads=1)
