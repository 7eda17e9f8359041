"""What the runs of the suite of engines come to, as numbers and as tables."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from benchmarks.measure import Run, Spread
from benchmarks.online.serve import MANAGED, PYTHON, QUANTILES
from benchmarks.tables import aligned, shown

RESIDENT: Final = "resident memory"
BASE: Final = "polars"  # what the other engines are compared with

_MIB: Final = 1 << 20
_GIB: Final = 1 << 30
_QUANTITIES: Final = ("work_seconds", "wall_seconds", "cpu_seconds", "peak_bytes")
_RATIOS: Final = ("work_seconds", "cpu_seconds", "peak_bytes")

Runs = Mapping[str, Sequence[Run]]


def run_name(cards: int, what: str) -> str:
    """What the runs of a case are called: a collector's, or those that tell the memory."""
    return f"{cards:,} cards, {what if what == RESIDENT else f'collector {what}'}"


def summary(runs: Mapping[str, Runs], rows: int, cards: Sequence[int]) -> dict[str, Any]:
    """Medians with the least and the most, and the ratios that are worth knowing.

    Parameters
    ----------
    runs
        By part of the suite and name, turn by turn.
    rows
        How many rows the builds had.
    cards
        For how many cards the online engine was measured; the first is the usual case that the hot
        card is compared with.
    """
    usual = _per_second(runs["online"][run_name(cards[0], MANAGED)])
    return {
        "batch": _batch(runs["batch"], rows),
        "online": {str(count): _online(runs["online"], count) for count in cards},
        "hot": {name: _hot(done, usual) for name, done in runs["hot"].items()},
    }


def _batch(runs: Runs, rows: int) -> dict[str, Any]:
    def values(engine: str, quantity: str) -> list[float]:
        return [float(getattr(run, quantity)) for run in runs[engine]]

    return {
        engine: {
            quantity: Spread.of(values(engine, quantity)).as_json() for quantity in _QUANTITIES
        }
        | {
            "rows_per_second": _spread(rows / spent for spent in values(engine, "work_seconds")),
            f"over_{BASE}": {
                quantity: Spread.of_ratios(
                    values(engine, quantity), values(BASE, quantity)
                ).as_json()
                for quantity in _RATIOS
            },
        }
        for engine in runs
    }


def _online(runs: Runs, cards: int) -> dict[str, Any]:
    resident = [run.printed for run in runs[run_name(cards, RESIDENT)]]
    known = [float(one["bytes_per_key"]) for one in resident if one["bytes_per_key"] is not None]
    return {
        **{collector: _served(runs[run_name(cards, collector)]) for collector in (MANAGED, PYTHON)},
        "cards_held": resident[0]["keys_held"],
        "bytes_per_card": _spread(known) if known else None,
        "revive_seconds": _spread(run.work_seconds for run in runs[run_name(cards, RESIDENT)]),
    }


def _served(runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "events_per_second": _spread(_per_second(runs)),
        "latency_us": {
            name: _spread(run.printed["latency_us"][name] for run in runs) for name in QUANTILES
        },
        "longest_pause_ms": _spread(run.printed["pauses"]["longest_ms"] for run in runs),
    }


def _hot(runs: Sequence[Run], usual_per_second: Sequence[float]) -> dict[str, Any]:
    tenths = [run.printed["ns_per_event"] for run in runs]
    whole = [statistics.fmean(one) for one in tenths]
    return {
        "ns_per_event": _spread(whole),
        "ns_per_event_by_tenth": [statistics.median(turn) for turn in zip(*tenths, strict=True)],
        "last_tenth_over_median_tenth": _spread(one[-1] / statistics.median(one) for one in tenths),
        "over_usual": Spread.of_ratios(
            whole, [1e9 / per_second for per_second in usual_per_second]
        ).as_json(),
    }


def _per_second(runs: Sequence[Run]) -> list[float]:
    return [run.printed["events"]["throughput"] / run.work_seconds for run in runs]


def _spread(values: Iterable[float]) -> dict[str, float]:
    return Spread.of(list(values)).as_json()


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    host, versions, found = results["machine"], results["versions"], results["summary"]
    batch, usual = results["inputs"]["batch"], next(iter(found["online"]))
    title = (
        f"engines over {batch['rows']:,} rows of {batch['cards']:,} cards, "
        f"{results['threads']} threads; medians of {results['repeats']} (least to most)"
    )
    on = (
        f"{host['cpu']}, {host['cores']} cores, {host['memory_bytes'] / _GIB:.0f} GiB, load "
        f"{host['load_before'][0]:.1f} before; polars {versions['polars']}, "
        f"duckdb {versions['duckdb']}, Python {versions['python']}"
    )
    note = (
        "Rows/s and work leave the start of Python and its imports out. The managed collector's "
        "stops are\nin the events/s and in no event's latency."
    )
    equal = (
        f"equal bit by bit: {', '.join(batch['equal_to_each_other'])} in every value; to the "
        f"reference in {', '.join(batch['equal_to_the_reference'])}"
    )
    lines = [
        title,
        on,
        "",
        *aligned(_batch_table(found["batch"])),
        "",
        "online, one core, in the steady state of so many cards",
        *aligned(_online_table(found["online"])),
        "",
        "one card with all the events",
        *aligned(_hot_table(found["hot"], int(usual))),
        "",
        note,
        equal,
    ]
    return "\n".join(lines) + "\n"


def _batch_table(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    labels = (
        ("rows/s", "rows_per_second", ",.0f", 1),
        ("work, s", "work_seconds", ".2f", 1),
        ("with start and imports, s", "wall_seconds", ".2f", 1),
        ("processor, s", "cpu_seconds", ".2f", 1),
        ("peak memory, MiB", "peak_bytes", ",.0f", _MIB),
    )
    return [
        ("", *found),
        *(
            (label, *(shown(one[quantity], form, unit) for one in found.values()))
            for label, quantity, form, unit in labels
        ),
        (
            f"work ÷ {BASE}",
            *(shown(one[f"over_{BASE}"]["work_seconds"], ".2f") for one in found.values()),
        ),
    ]


def _online_table(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    cases = found.values()
    return [
        ("", *(f"{int(count):,} cards" for count in found)),
        ("events/s", *(shown(one[MANAGED]["events_per_second"], ",.0f") for one in cases)),
        *(
            (
                f"{name}, µs",
                *(shown(one[MANAGED]["latency_us"][name], ",.1f") for one in cases),
            )
            for name in QUANTILES
        ),
        (
            "longest stop of the managed collector, ms",
            *(shown(one[MANAGED]["longest_pause_ms"], ",.1f") for one in cases),
        ),
        (
            "events/s with Python's collector",
            *(shown(one[PYTHON]["events_per_second"], ",.0f") for one in cases),
        ),
        (
            "p99 with Python's collector, µs",
            *(shown(one[PYTHON]["latency_us"]["p99"], ",.1f") for one in cases),
        ),
        (
            "longest stop of Python's collector, ms",
            *(shown(one[PYTHON]["longest_pause_ms"], ",.1f") for one in cases),
        ),
        ("cards held", *(f"{one['cards_held']:,}" for one in cases)),
        (
            "bytes per card held",
            *(
                "unknown" if one["bytes_per_card"] is None else shown(one["bytes_per_card"], ",.0f")
                for one in cases
            ),
        ),
        ("state from its file, s", *(shown(one["revive_seconds"], ".2f") for one in cases)),
    ]


def _hot_table(found: Mapping[str, Any], usual_cards: int) -> list[tuple[str, ...]]:
    cases = found.values()
    return [
        ("", *found),
        ("ns an event", *(shown(one["ns_per_event"], ",.0f") for one in cases)),
        *(
            (
                f"  tenth {tenth + 1}",
                *(f"{one['ns_per_event_by_tenth'][tenth]:,.0f}" for one in cases),
            )
            for tenth in range(len(next(iter(cases))["ns_per_event_by_tenth"]))
        ),
        (
            "last tenth ÷ median tenth",
            *(shown(one["last_tenth_over_median_tenth"], ".2f") for one in cases),
        ),
        (
            f"÷ an event of {usual_cards:,} cards",
            *(shown(one["over_usual"], ".2f") for one in cases),
        ),
    ]
