"""What the runs of the live scorer come to, and how it is told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.live.drive import MAX
from benchmarks.measure import Run, Spread
from benchmarks.tables import aligned, shown

ORIGINAL: Final = "original"
RECEIVED: Final = "received_acknowledged"
SENT: Final = "sent_flagged"
# What the issue asks for.
LEAST_RATE: Final = 10_000
LEAST_RATIO: Final = 50
LATEST_MS: Final = {"p50": 2.0, "p99": 50.0}  # at 1,000 events a second

_SHOWN: Final = ("p50", "p99")
_MIB: Final = 1 << 20
_US: Final = 1e6

Spreads = dict[str, Any]


def name_of(rate: str) -> str:
    """What a rate is called in the results."""
    return rate if rate == MAX else f"{int(rate):,}/s"


def summary(runs: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """What several runs of each come to."""
    ours = {name: _ours(of) for name, of in runs.items() if name != ORIGINAL}
    theirs = [run.printed for run in runs[ORIGINAL]]
    recoveries = [run.printed["recovery"] for run in runs[MAX]]
    rates = {name: [_rate(run.printed) for run in runs[name]] for name in (MAX, ORIGINAL)}
    return {
        "live": ours,
        ORIGINAL: {
            "events_per_second": Spread.of(rates[ORIGINAL]).as_json(),
            "latency_ms": {name: _of(theirs, "latency_ms", name) for name in _SHOWN},
            "cpu_us_per_event": _cpu(theirs),
        },
        "live_over_original": Spread.of_ratios(rates[MAX], rates[ORIGINAL]).as_json(),
        "recovery": {
            "events": runs[MAX][0].printed["events"],
            "seconds": _of(recoveries, "seconds"),
            "state_seconds": _of(recoveries, "state_seconds"),
            "caught_up": _of(recoveries, "caught_up"),
        },
    }


def _ours(runs: Sequence[Run]) -> Spreads:
    printed = [run.printed for run in runs]
    return {
        "events": printed[0]["events"],
        "events_per_second": Spread.of([_rate(one) for one in printed]).as_json(),
        "latency_ms": {
            way: {name: _of(printed, "latency_ms", way, name) for name in _SHOWN}
            for way in (RECEIVED, SENT)
        },
        "cpu_us_per_event": _cpu(printed),
        "resident_bytes": {
            when: _of(printed, "resident_bytes", when) for when in ("ready", "peak")
        },
        "keys": printed[0]["keys"],
    }


def _rate(printed: Mapping[str, Any]) -> float:
    return float(printed["events"] / printed["seconds"]["total"])


def _cpu(printed: Sequence[Mapping[str, Any]]) -> dict[str, float] | None:
    spent = [one["cpu_seconds"] for one in printed]
    if None in spent:
        return None
    per_event = [_US * cpu / one["events"] for cpu, one in zip(spent, printed, strict=True)]
    return Spread.of(per_event).as_json()


def _of(printed: Sequence[Any], *path: str) -> dict[str, float] | None:
    values = list(printed)
    for name in path:
        values = [value[name] for value in values]
    return None if None in values else Spread.of(values).as_json()


def rows_of(found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, float] | None, float, str]]:
    """What is told of one rate: a name, its spread, in which unit, and in which form."""
    yield "events/s", found["events_per_second"], 1, ",.0f"
    for way, words in ((RECEIVED, "received to acknowledged"), (SENT, "sent to flagged, by judge")):
        for name in _SHOWN:
            yield f"{words}, {name}, ms", found["latency_ms"][way][name], 1, ",.2f"
    yield "processor time, µs an event", found["cpu_us_per_event"], 1, ",.0f"
    yield "resident when ready, MiB", found["resident_bytes"]["ready"], _MIB, ",.0f"
    yield "resident at most, MiB", found["resident_bytes"]["peak"], _MIB, ",.0f"


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    host, found, inputs = results["machine"], results["summary"], results["inputs"]
    live, original, recovery = found["live"], found[ORIGINAL], found["recovery"]
    told = {name: list(rows_of(of)) for name, of in live.items()}
    names = [name for name, *_ in next(iter(told.values()))]
    table = [("", *live)] + [
        (name, *(_cell(rows[place]) for rows in told.values())) for place, name in enumerate(names)
    ]
    ratio = shown(found["live_over_original"], ",.0f")
    title = f"live scorer, {live[MAX]['keys']:,} cards; medians of {results['repeats']}"
    simulated = f"{inputs['log']['rows']:,} events simulated"
    original_ms = shown(original["latency_ms"]["p50"], ",.1f")
    took, of_state = (shown(recovery[name], ".2f") for name in ("seconds", "state_seconds"))
    rates = f"asked for: {LEAST_RATE:,} events/s, {LEAST_RATIO} × the original"
    times = f"p50 {LATEST_MS['p50']:.0f} ms and p99 {LATEST_MS['p99']:.0f} ms"
    lines = [
        f"{title} (least to most)",
        f"{host['cpu']}, {host['cores']} cores, load {host['load_before'][0]:.1f} before",
        simulated,
        "",
        *aligned(table),
        "",
        f"original design, events/s  {shown(original['events_per_second'], ',.1f')}",
        f"original design, p50, ms   {original_ms}",
        f"ours ÷ theirs              {ratio}",
        f"recovery of {recovery['events']:,} events, s  {took}",
        f"of these for the state, s  {of_state}",
        "",
        f"{rates}; at 1,000/s {times}",
    ]
    return "\n".join(lines) + "\n"


def _cell(row: tuple[str, dict[str, float] | None, float, str]) -> str:
    _, spread, unit, form = row
    return "unknown" if spread is None else shown(spread, form, unit)
