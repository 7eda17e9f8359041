"""How fast the judge is: events out and flags in, on one core, with the client on another.

The client of a test, or of the live scorer, must be what is measured, not the judge. Flags come in
two ways: each connection waits for its reply, as usual clients do, or has several under way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks.kept import measure_and_keep
from benchmarks.machine import commit, machine
from benchmarks.measure import Run, Spread, in_turns, run_module
from benchmarks.options import Common, add_common, command_of, read_common
from benchmarks.simulated import Simulated, Workspace
from benchmarks.tables import aligned, shown
from engine.arguments import whole
from engine.clock import utc_date
from engine.command import Parser
from engine.versions import versions

# By name: connections, and flags under way on each.
WAYS: Final = {"one at a time": (32, 1), "several under way": (4, 32)}
# What the issue asks for, events and flags a second.
LEAST: Final = {"stream": 20_000, "flags": 10_000}

_ROWS_PER_CARD: Final = 100
_MOST_ROWS: Final = 100_000_000
_DAYS: Final = 60

_DESCRIPTION = """\
Time the judge over simulated transactions: a client in another process takes the whole stream as
fast as it comes, then posts a flag for each event. Each time, the ids that came and what the judge
makes of the flags are compared with the file."""

_EPILOG = """\
example:
  python -m benchmarks judge --rows 100_000"""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    simulated: Simulated
    common: Common


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    parser = Parser("python -m benchmarks judge", _DESCRIPTION, _EPILOG)
    parser.add_argument("--rows", default="100_000", metavar="N", help="events (%(default)s)")
    add_common(parser, "judge")
    parsed = parser.parse_args(argv)
    rows = whole(parsed.rows, "--rows", 1, _MOST_ROWS)
    common = read_common(parsed)
    cards = max(1, rows // _ROWS_PER_CARD)
    simulated = Simulated(rows=rows, cards=cards, days=_DAYS, seed=common.seed)
    numbers = {"--rows": rows, "--seed": common.seed, "--repeats": common.repeats}
    return partial(
        measure_and_keep,
        "judge",
        rows,
        common,
        command_of("judge", numbers),
        partial(measure, Options(simulated, common)),
        as_text,
    )


def measure(options: Options, space: Workspace) -> dict[str, Any]:
    """Time, check, and return everything that is kept.

    Raises
    ------
    DifferenceError
        If the stream or the score is not what the file says.
    """
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    file = space.provide(options.simulated, threads=options.common.threads)
    runs = in_turns(
        options.common.repeats,
        {
            name: partial(_drive, str(file), connections, depth)
            for name, (connections, depth) in WAYS.items()
        },
    )
    return around | {
        "versions": versions(["numpy", "polars"]),
        "repeats": options.common.repeats,
        "inputs": options.simulated.described(),
        "summary": {name: _summary(done) for name, done in runs.items()},
        "runs": {name: [run.printed for run in done] for name, done in runs.items()},
    }


def _drive(file: str, connections: int, depth: int) -> Run:
    args = ["--input", file, "--connections", str(connections), "--depth", str(depth)]
    return run_module("benchmarks.judging.drive", args, threads=1)


def _summary(runs: Sequence[Run]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in LEAST:
        rates = [run.printed["events"] / run.printed["seconds"][part] for run in runs]
        spent = [run.printed["judge_cpu_seconds"][part] for run in runs]
        found[part] = {
            "per_second": Spread.of(rates).as_json(),
            # How fast a core of its own would have it, whoever else the machine has been busy for.
            "per_judge_cpu_second": None
            if None in spent or 0 in spent
            else Spread.of(
                [run.printed["events"] / cpu for cpu, run in zip(spent, runs, strict=True)]
            ).as_json(),
        }
    return found


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: the command, what it printed, and where that is kept."""
    printed = f"```console\n$ python -m benchmarks judge\n{as_text(results)}```"
    return f"{printed}\n\nHere is [every measurement]({file})."


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    host = results["machine"]
    rows = [("", "events/s", "÷ its processor s", "flags/s", "÷ its processor s")]
    for name, found in results["summary"].items():
        cells = [
            cell
            for part in LEAST
            for cell in (
                shown(found[part]["per_second"], ",.0f"),
                "unknown"
                if found[part]["per_judge_cpu_second"] is None
                else shown(found[part]["per_judge_cpu_second"], ",.0f"),
            )
        ]
        rows.append((name, *cells))
    title = f"judge over {results['inputs']['rows']:,} events; medians of {results['repeats']}"
    least = f"asked for: {LEAST['stream']:,} events/s and {LEAST['flags']:,} flags/s"
    lines = [
        f"{title} (least to most)",
        f"{host['cpu']}, {host['cores']} cores, load {host['load_before'][0]:.1f} before",
        "",
        *aligned(rows),
        "",
        least,
    ]
    return "\n".join(lines) + "\n"
