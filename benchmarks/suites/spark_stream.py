"""How fast the live scorer on Spark is, and how soon it decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.kept import measure_and_keep
from benchmarks.live.inputs import BOOSTED, Inputs, Wanted, described, provide
from benchmarks.machine import commit, machine
from benchmarks.measure import Run, Spread, in_turns, run_module
from benchmarks.options import (
    Common,
    Size,
    add_common,
    add_sizes,
    command_of,
    read_common,
    read_sizes,
)
from benchmarks.progress import say
from benchmarks.simulated import Simulated, Workspace
from benchmarks.suites.engines_options import EVENTS_PER_CARD_AND_DAY
from benchmarks.suites.spark_stream_page import PARTS, QUANTILES, as_text
from benchmarks.suites.spark_stream_parts import summary_of_parts
from engine.arguments import whole, wholes
from engine.clock import utc_date
from engine.command import Parser
from engine.live_spark.job import BUCKETS_A_TASK
from engine.versions import versions

_SUITE: Final = "spark_stream"
_RECEIVED: Final = "received_decided"
_BATCH: Final = 1_000  # about what comes in a micro-batch at 1,000 events a second
_MOST: Final = 100_000_000
_TRAINING_DAYS: Final = 60
_MOST_SAMPLE: Final = 20_000

_DESCRIPTION = """\
Time the live scorer on Spark against the judge on loopback, at given rates: a stream of server-sent
events becomes files, files become micro-batches, and every decision is in the outbox before its
flag is posted.

Each time the judge must have every event flagged once, in time and with the value in the outbox;
the outbox must hold every event once; and the first decisions must be a replay's, to the bit.

Beside it, what Spark's tasks call is timed without Spark, on one core: events put into order,
decided on, recorded; before, its first decisions are compared with those of one running set."""

_EPILOG = """\
example:
  python -m benchmarks spark_stream --rates 1_000 --seconds 60"""

_SIZES: Final = (
    Size("--cards", "M", "cards of the stream and of its past", "100_000", "1_000"),
    Size("--warm", "N", "events of the past, which the state has seen", "1_000_000", "10_000"),
    Size("--rates", "R,R,…", "events a second", "100,1_000", "100"),
    Size("--seconds", "T", "how long each of these rates is kept up", "60", "10"),
    Size("--training", "N", "events that the run is trained on", "200_000", "10_000"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    command: str
    wanted: Wanted
    rates: tuple[int, ...]
    seconds: int
    common: Common


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    options = _options(argv)
    return partial(
        measure_and_keep,
        _SUITE,
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
    replayed = _replayed(inputs, space.scratch, options.wanted.events, threads)
    cases = {
        f"{rate:,}/s": partial(_drive, inputs, replayed, rate, rate * options.seconds, threads)
        for rate in options.rates
    }
    parts = partial(_parts, inputs, options.wanted.events, threads)
    done = in_turns(options.common.repeats, cases | {PARTS: parts})
    printed = {name: [run.printed for run in runs] for name, runs in done.items()}
    return around | {
        "versions": versions(["sentinelpos", "numpy", "lightgbm", "msgspec", "pyspark"]),
        "threads": threads,
        "repeats": options.common.repeats,
        "inputs": described(inputs, options.wanted),
        "model": BOOSTED,
        "summary": {name: _summary(printed[name]) for name in cases},
        PARTS: summary_of_parts(printed[PARTS]),
        "runs": printed,
    }


def _replayed(inputs: Inputs, scratch: Path, events: int, threads: int) -> Path:
    """The ledger of a replay of the stream's first events, after the whole past."""
    sample = min(events, _MOST_SAMPLE)
    say(f"replaying {sample:,} events")
    log, ledger = scratch / "sample.parquet", scratch / "replayed"
    past, stream = pl.scan_parquet(inputs.past), pl.scan_parquet(inputs.stream)
    pl.concat([past, stream.head(sample)]).sink_parquet(log)
    starts = datetime.fromtimestamp(inputs.starts, UTC).isoformat()
    args = [str(log), "--run", str(inputs.boosted), "--from", starts, "--ledger", str(ledger)]
    run_module("replay", [*args, "--reasons", "0", "--quiet", "--json"], threads=threads)
    log.unlink()
    return ledger


def _drive(inputs: Inputs, replayed: Path, rate: int, events: int, threads: int) -> Run:
    args = ["--stream", str(inputs.stream), "--events", str(events), "--rate", str(rate)]
    args += ["--run", str(inputs.boosted), "--state", str(inputs.state)]
    args += ["--replayed", str(replayed), "--master", f"local[{threads}]"]
    return run_module("benchmarks.live.drive_spark", args, threads=threads)


def _parts(inputs: Inputs, events: int, threads: int) -> Run:
    args = ["--stream", str(inputs.stream), "--events", str(events)]
    args += ["--run", str(inputs.boosted), "--state", str(inputs.state)]
    args += ["--batch", str(min(_BATCH, -(-events // 2)))]
    return run_module(
        "benchmarks.live.spark_parts",
        [*args, "--buckets", str(BUCKETS_A_TASK * threads)],
        threads=1,
    )


def _summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def of(values: Sequence[float]) -> dict[str, float]:
        return Spread.of(list(values)).as_json()

    return {
        "events": runs[0]["events"],
        "latency_ms": {
            name: of([run["latency_ms"][_RECEIVED][name] for run in runs]) for name in QUANTILES
        },
        "cpu_seconds_per_batch": of([run["cpu_seconds"] / run["batches"] for run in runs]),
        "batches_per_second": of([run["batches"] / run["seconds"]["total"] for run in runs]),
        "cpu_us_per_event": of([1e6 * run["cpu_seconds"] / run["events"] for run in runs]),
        "peak_bytes": of([run["resident_bytes"]["peak"] for run in runs]),
        "start_seconds": of([run["seconds"]["start"] for run in runs]),
        "batches": of([run["batches"] for run in runs]),
    }


def _options(argv: Sequence[str]) -> Options:
    parser = Parser(f"python -m benchmarks {_SUITE}", _DESCRIPTION, _EPILOG)
    add_sizes(parser, _SIZES)
    parser.add_argument("--quick", action="store_true", help="small sizes, one run of each")
    add_common(parser, _SUITE)
    parsed = parser.parse_args(argv)
    sizes, common = read_sizes(parsed, _SIZES), read_common(parsed)
    if parsed.quick:
        common = replace(common, repeats=1)
    cards = whole(sizes["cards"], "--cards", 1, _MOST)
    warm = whole(sizes["warm"], "--warm", 1, _MOST)
    rates = wholes(sizes["rates"], "--rates", 1, 1_000_000)
    seconds = whole(sizes["seconds"], "--seconds", 1, 3_600)
    training = whole(sizes["training"], "--training", 1_000, _MOST)
    told = {
        "--cards": cards,
        "--warm": warm,
        "--rates": ",".join(map(str, rates)),
        "--seconds": seconds,
        "--training": training,
        "--seed": common.seed,
        "--threads": common.threads,
        "--repeats": common.repeats,
    }
    events = max(rates) * seconds
    rows = warm + events + warm // 100 + 1_000  # the past ends with a second
    wanted = Wanted(
        training=Simulated(
            rows=training,
            cards=max(1, round(training / _TRAINING_DAYS / EVENTS_PER_CARD_AND_DAY)),
            days=_TRAINING_DAYS,
            seed=(common.seed + 1) % 2**64,
        ),
        log=Simulated(
            rows=rows,
            cards=cards,
            days=max(1, round(rows / cards / EVENTS_PER_CARD_AND_DAY)),
            seed=common.seed,
        ),
        warm=warm,
        events=events,
    )
    return Options(command_of(_SUITE, told), wanted, rates, seconds, common)
