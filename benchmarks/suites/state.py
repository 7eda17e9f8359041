"""What the online engine's state takes, key by key, in the steady state of windows of weeks.

The state is made in batch, compared on the events that follow with what a batch computes, and kept
in a file. Processes then take one key's part of it each, and one what waits for labels without any
key, which is taken from what those take that wait too. Another serves the events that follow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks.compare import DifferenceError
from benchmarks.kept import measure_and_keep
from benchmarks.machine import commit, machine
from benchmarks.measure import Run, Spread, in_turns, run_module
from benchmarks.online.resident import REST
from benchmarks.online.serve import MANAGED
from benchmarks.options import (
    Common,
    Size,
    add_common,
    add_sizes,
    command_of,
    read_common,
    read_sizes,
    set_named,
)
from benchmarks.progress import say
from benchmarks.simulated import Simulated, Workspace
from benchmarks.suites.engines_options import EVENTS_PER_CARD_AND_DAY
from benchmarks.tables import aligned, shown
from engine.arguments import SET_HELP, whole
from engine.backends.online.compile import compile_online
from engine.catalog import load_feature_set
from engine.clock import utc_date
from engine.command import Parser
from engine.versions import versions

SERVED: Final = "events served"

_CHECKED: Final = 2_000
_MIB: Final = 1 << 20
_MOST_CARDS: Final = 10_000_000
_MOST_EVENTS: Final = 100_000_000
_MOST_DAYS: Final = 3_660

_DESCRIPTION = """\
Tell what the online engine's state takes for a feature set with several keys and windows of weeks:
bytes per card, merchant, pair of both, …, and per event that waits for its label; then how fast it
serves. Before, what it serves is compared with what a batch computes."""

_EPILOG = """\
example:
  python -m benchmarks state --cards 1_000 --days 60"""

_SIZES: Final = (
    Size("--cards", "M", "how many cards there are", "1_000", "200"),
    Size("--days", "D", "days that the state has seen", "60", "60"),
    Size("--events", "N", "events of each pass, 100 or more", "20_000", "1_000"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    features: str
    simulated: Simulated
    warm_rows: int
    events: int
    common: Common


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    parser = Parser("python -m benchmarks state", _DESCRIPTION, _EPILOG)
    parser.add_argument("--set", default="pos", metavar="SET", help=f"{SET_HELP} (%(default)s)")
    add_sizes(parser, _SIZES)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    add_common(parser, "state")
    parsed = parser.parse_args(argv)
    sizes, common = read_sizes(parsed, _SIZES), read_common(parsed)
    cards = whole(sizes["cards"], "--cards", 1, _MOST_CARDS)
    days = whole(sizes["days"], "--days", 1, _MOST_DAYS)
    events = whole(sizes["events"], "--events", 100, _MOST_EVENTS)
    load_feature_set(parsed.set)  # whether there is such a set is known before anything is made
    warm = round(cards * EVENTS_PER_CARD_AND_DAY * days)
    # As many days more as the events that follow take at that rate.
    more = -int(-2 * events // (cards * EVENTS_PER_CARD_AND_DAY))
    rows = max(round(cards * EVENTS_PER_CARD_AND_DAY * (days + more)), warm + 2 * events)
    simulated = Simulated(rows=rows, cards=cards, days=days + more, seed=common.seed)
    numbers = {
        "--set": set_named(parsed.set),
        "--cards": cards,
        "--days": days,
        "--events": events,
        "--seed": common.seed,
        "--threads": common.threads,
        "--repeats": common.repeats,
    }
    options = Options(parsed.set, simulated, warm, events, common)
    return partial(
        measure_and_keep,
        "state",
        cards,
        common,
        command_of("state", numbers),
        partial(measure, options),
        as_text,
    )


def measure(options: Options, space: Workspace) -> dict[str, Any]:
    """Check and measure, and return everything that is kept.

    Raises
    ------
    DifferenceError
        If what is served differs from what a batch computes.
    """
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    threads = options.common.threads
    file = str(space.provide(options.simulated, threads=threads))
    state = str(space.scratch / "online.state")
    say(f"making the state of {options.warm_rows:,} events")
    here = ["--set", options.features, "--state", state]
    log = [*here, "--input", file]
    checked = min(_CHECKED, 2 * options.events)
    args = [*log, "--rows", str(options.warm_rows), "--check", str(checked)]
    made = run_module("benchmarks.online.warm", args, threads=threads).printed
    if difference := made.pop("difference"):
        raise DifferenceError(difference)
    features = load_feature_set(options.features)
    keys = compile_online(features).keys
    parts = {" × ".join(key.columns) or "everyone": str(number) for number, key in enumerate(keys)}
    first = ["--first", str(options.warm_rows), "--events", str(options.events)]
    serve = [*log, *first, "--collector", MANAGED]
    runs = in_turns(
        options.common.repeats,
        {
            **{
                name: partial(_run, "benchmarks.online.resident", [*here, "--part", part])
                for name, part in (parts | {REST: REST}).items()
            },
            SERVED: partial(_run, "benchmarks.online.serve", serve),
        },
    )
    return around | {
        "versions": versions(["numpy", "polars"]),
        "feature_set": {"name": features.name, "features": len(features.features)},
        "repeats": options.common.repeats,
        "inputs": options.simulated.described()
        | {"state": made | {"equal_to_polars": f"the {checked:,} events after it"}},
        "summary": summary(runs, list(parts)),
        "runs": {name: [run.printed for run in done] for name, done in runs.items()},
    }


def summary(runs: Mapping[str, Sequence[Run]], keys: Sequence[str]) -> dict[str, Any]:
    """Medians with the least and the most; None where memory is unknown."""
    rest = _bytes(runs[REST])
    found: dict[str, Any] = {}
    for name in keys:
        taken = _bytes(runs[name])
        if taken is not None and rest is not None and runs[name][0].printed["has_rest"]:
            taken = [both - alone for both, alone in zip(taken, rest, strict=True)]
        found[name] = _of_each(taken, runs[name][0].printed["keys_held"])
    served = [run.printed["events"]["throughput"] / run.work_seconds for run in runs[SERVED]]
    latencies = [run.printed["latency_us"]["p50"] for run in runs[SERVED]]
    return {
        "keys": found,
        "waiting": _of_each(rest, runs[REST][0].printed["waiting"]),
        "events_per_second": Spread.of(served).as_json(),
        "p50_us": Spread.of(latencies).as_json(),
    }


def _bytes(runs: Sequence[Run]) -> list[float] | None:
    """Bytes of a copy; None where they are unknown."""
    taken = [run.printed["bytes"] for run in runs]
    if None in taken:
        return None
    return [run.printed["bytes"] / run.printed["copies"] for run in runs]


def _of_each(taken: Sequence[float] | None, count: int) -> dict[str, Any]:
    return {
        "count": count,
        "bytes": None if taken is None else Spread.of(taken).as_json(),
        "bytes_of_each": None
        if taken is None
        else Spread.of([one / max(count, 1) for one in taken]).as_json(),
    }


def _run(module: str, args: Sequence[str]) -> Run:
    return run_module(module, args, threads=1)


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: the command, what it printed, and where that is kept."""
    printed = f"```console\n$ python -m benchmarks state\n{as_text(results)}```"
    return f"{printed}\n\nHere is [every measurement]({file})."


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    host, found, inputs = results["machine"], results["summary"], results["inputs"]
    waiting = {"events that wait for labels": found["waiting"]}
    table = [("", "how many", "bytes of each", "MiB in all")]
    table += [
        (
            name,
            f"{one['count']:,}",
            "unknown" if one["bytes"] is None else shown(one["bytes_of_each"], ",.0f"),
            "unknown" if one["bytes"] is None else f"{one['bytes']['median'] / _MIB:,.1f}",
        )
        for name, one in (found["keys"] | waiting).items()
    ]
    title = (
        f"the state of {results['feature_set']['name']} after {inputs['state']['rows']:,} events "
        f"of {inputs['cards']:,} cards; medians of {results['repeats']} (least to most)"
    )
    served = (
        f"events/s {shown(found['events_per_second'], ',.0f')}, "
        f"p50 {shown(found['p50_us'], '.1f')} µs an event"
    )
    lines = [
        title,
        f"{host['cpu']}, {host['cores']} cores, load {host['load_before'][0]:.1f} before",
        "",
        *aligned(table),
        "",
        served,
    ]
    return "\n".join(lines) + "\n"
