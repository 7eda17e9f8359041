"""How fast Spark is: beside the polars backend on the same files, and beside Spark SQL.

Each run is a process that opens its session and builds the file twice; the second build is what is
compared, the session's start and the first build are told beside it. All is done in turns, and what
matters are ratios within a turn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.compare import DifferenceError, first_difference
from benchmarks.kept import measure_and_keep
from benchmarks.machine import commit, machine
from benchmarks.measure import Run, Spread, in_turns, run_module
from benchmarks.options import Common, add_common, command_of, read_common
from benchmarks.progress import say
from benchmarks.simulated import Simulated, Workspace
from benchmarks.spark.drive import POLARS, SPARK, SQL
from benchmarks.tables import aligned, shown
from engine.arguments import whole
from engine.build.outputs import FEATURES
from engine.catalog import notebook, told_of
from engine.clock import utc_date
from engine.command import Parser
from engine.events.canonical import EVENT_ID
from engine.skew.job import find_skew
from engine.skew.options import Options as SkewOptions
from engine.versions import versions

# What is promised of it.
MOST_OF_POLARS: Final = 3.0
LEAST_OF_SQL: Final = 3.0

ONE_CORE: Final = "spark, 1 core"
SKEWED: Final = "half of it one card: "

_CHECKED_ROWS: Final = 200_000
_CLOSE: Final = 1e-12  # of what Java's own logarithms and sines have their part in
_ROWS_PER_CARD: Final = 303
_DAYS: Final = 366
_MEMORY: Final = 2**32
_MOST_ROWS: Final = 1_000_000_000
_DESCRIPTION = """\
Time builds of the feature set notebook by polars, by Spark on T cores and on one, and by window
functions of Spark SQL, over one simulated file; and by polars and Spark over the same file with
half of its rows on one card.

Before anything is timed every value of polars and Spark is compared, and what Spark SQL computes of
the first rows."""

_EPILOG = """\
example:
  python -m benchmarks spark --rows 5_000_000"""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    simulated: Simulated
    common: Common


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    parser = Parser("python -m benchmarks spark", _DESCRIPTION, _EPILOG)
    parser.add_argument("--rows", default="5_000_000", metavar="N", help="events (%(default)s)")
    add_common(parser, "spark")
    parsed = parser.parse_args(argv)
    rows = whole(parsed.rows, "--rows", 1, _MOST_ROWS)
    common = read_common(parsed)
    cards = max(1, rows // _ROWS_PER_CARD)
    simulated = Simulated(rows=rows, cards=cards, days=_DAYS, seed=common.seed)
    numbers = {
        "--rows": rows,
        "--seed": common.seed,
        "--threads": common.threads,
        "--repeats": common.repeats,
    }
    return partial(
        measure_and_keep,
        "spark",
        rows,
        common,
        command_of("spark", numbers),
        partial(measure, Options(simulated, common)),
        as_text,
    )


def measure(options: Options, space: Workspace) -> dict[str, Any]:
    """Check, time, and return everything that is kept.

    Raises
    ------
    DifferenceError
        If a value of Spark's differs from that of polars, or one of Spark SQL's by more than the
        last bits of a logarithm.
    """
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    threads = options.common.threads
    usual = space.provide(options.simulated, threads=threads)
    skewed = _skewed(usual, space.scratch / "skewed.parquet")
    for file in (usual, skewed):
        _compare(file, space.scratch, threads)
    by_sql = _check_sql(usual, space.scratch, threads)
    run = partial(_drive, space.scratch)
    cases = {
        POLARS: partial(run, POLARS, usual, threads),
        SPARK: partial(run, SPARK, usual, threads),
        ONE_CORE: partial(run, SPARK, usual, 1),
        SQL: partial(run, SQL, usual, threads),
        SKEWED + POLARS: partial(run, POLARS, skewed, threads),
        SKEWED + SPARK: partial(run, SPARK, skewed, threads),
    }
    runs = in_turns(options.common.repeats, cases)
    return around | {
        "versions": versions(["sentinelpos", "polars", "numpy", "pyarrow", "pyspark"]),
        "feature_set": told_of(notebook),
        "threads": threads,
        "repeats": options.common.repeats,
        "inputs": options.simulated.described() | {"equal_by_sql": by_sql},
        "summary": _summary(runs),
        "runs": {name: [_kept(run) for run in done] for name, done in runs.items()},
    }


def _skewed(file: Path, into: Path) -> Path:
    """The same events, every other one on the first one's card."""
    number = pl.row_index() % 2
    card = pl.when(number == 0).then(pl.col("cc_num").first()).otherwise("cc_num")
    pl.scan_parquet(file).with_columns(card.alias("cc_num")).collect().write_parquet(into)
    return into


def _compare(file: Path, scratch: Path, threads: int) -> None:
    say(f"comparing {SPARK} with {POLARS}: every value of {file.name}")
    options = SkewOptions(
        inputs=(str(file),),
        scratch=scratch,
        memory=_MEMORY,
        engines=(POLARS, SPARK),
        threads=threads,
    )
    found = find_skew(options)
    for (name, _), difference in found.settled.items():
        if difference.different:
            raise DifferenceError(
                f"feature {name!r} of {SPARK} differs from {POLARS} "
                f"(was {difference.different:,} of {found.events:,} events)"
            )


def _check_sql(file: Path, scratch: Path, threads: int) -> int:
    """How many features of Spark SQL have the same bits; the others are as close as can be."""
    some = scratch / "first.parquet"
    pl.scan_parquet(file).head(_CHECKED_ROWS).sink_parquet(some)
    outputs = []
    for by, place in ((POLARS, FEATURES), (SQL, "*.parquet")):
        out = scratch / "checked" / by
        out.mkdir(parents=True)
        _run(by, some, out, threads)
        outputs.append(pl.read_parquet(out / place))
    ours, theirs = outputs[0], outputs[0].select(EVENT_ID).join(outputs[1], EVENT_ID, how="left")
    equal = 0
    for name in notebook.names:
        got = theirs[name].cast(ours[name].dtype)
        if first_difference(got, ours[name]) is None:
            equal += 1
            continue
        off = ((got - ours[name]).abs() / (1 + ours[name].abs())).to_numpy()
        if not (off < _CLOSE).all():
            raise DifferenceError(f"feature {name!r} of {SQL} differs (was by {off.max():.1e})")
    return equal


def _drive(scratch: Path, by: str, file: Path, threads: int) -> Run:
    out = scratch / "built" / by
    out.mkdir(parents=True, exist_ok=True)
    return _run(by, file, out, threads)


def _run(by: str, file: Path, out: Path, threads: int) -> Run:
    args = ["--input", str(file), "--out", str(out), "--by", by, "--threads", str(threads)]
    return run_module("benchmarks.spark.drive", args, threads=threads)


def _kept(run: Run) -> dict[str, Any]:
    return {
        "seconds": run.printed["seconds"],
        "rows": run.printed["rows"],
        "wall_seconds": run.wall_seconds,
        "cpu_seconds": run.cpu_seconds,
    }


def _summary(runs: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    seconds = {name: [run.work_seconds for run in done] for name, done in runs.items()}
    whole_ = {
        name: [run.printed["seconds"]["start"] + run.printed["seconds"]["first"] for run in done]
        for name, done in runs.items()
    }
    ratios = {
        "spark ÷ polars": (seconds[SPARK], seconds[POLARS]),
        "spark with its start ÷ polars": (whole_[SPARK], whole_[POLARS]),
        "Spark SQL ÷ spark": (seconds[SQL], seconds[SPARK]),
        "spark on 1 core ÷ spark": (seconds[ONE_CORE], seconds[SPARK]),
        "half on one card: spark ÷ polars": (seconds[SKEWED + SPARK], seconds[SKEWED + POLARS]),
        "spark, half on one card ÷ usual": (seconds[SKEWED + SPARK], seconds[SPARK]),
    }
    return {
        "seconds": {name: Spread.of(values).as_json() for name, values in seconds.items()},
        "with_start": {name: Spread.of(values).as_json() for name, values in whole_.items()},
        "ratios": {
            name: Spread.of_ratios(over, under).as_json() for name, (over, under) in ratios.items()
        },
    }


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: the command, what it printed, and where that is kept."""
    printed = f"```console\n$ {results['command']}\n{as_text(results)}```"
    return f"{printed}\n\nHere is [every measurement]({file})."


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    host, inputs, summary = results["machine"], results["inputs"], results["summary"]
    rows = inputs["rows"]
    table = [("", "seconds", "with its start", "rows/s")]
    for name, spread in summary["seconds"].items():
        pace = f"{rows / spread['median']:,.0f}"
        table.append((name, shown(spread, ".1f"), shown(summary["with_start"][name], ".1f"), pace))
    ratios = [("", "")]
    ratios += [(name, shown(spread, ".2f")) for name, spread in summary["ratios"].items()]
    lines = [
        (
            f"notebook over {rows:,} events of {inputs['cards']:,} cards; "
            f"medians of {results['repeats']} (least to most)"
        ),
        (
            f"{host['cpu']}, {host['cores']} cores, load {host['load_before'][0]:.1f} before; "
            f"{results['threads']} threads"
        ),
        f"Spark SQL has {inputs['equal_by_sql']} of {len(notebook.names)} features to the bit",
        "",
        *aligned(table),
        "",
        *aligned(ratios)[1:],
        "",
        (
            f"promised: at most {MOST_OF_POLARS:.0f} × polars without the start, "
            f"at least {LEAST_OF_SQL:.0f} × as fast as Spark SQL"
        ),
    ]
    return "\n".join(lines) + "\n"
