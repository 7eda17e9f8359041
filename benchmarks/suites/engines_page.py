"""The results of the suite of engines as the README has them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from benchmarks.online.serve import MANAGED, PYTHON
from benchmarks.tables import markdown

_MIB: Final = 1 << 20
_US: Final = 1e3


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: what was run, a table of the engines, one of the online engine, the hot card.

    Parameters
    ----------
    results
        What ``python -m benchmarks engines`` has kept.
    file
        Where that is, as the README links it.
    """
    found, host, batch = results["summary"], results["machine"], results["inputs"]["batch"]
    where = (
        f"{host['cores']} cores, {host['cpu']}; medians of {results['repeats']} "
        f"([every measurement]({file})); load {host['load_before'][0]:.1f} before it began:"
    )
    lines = [
        where,
        "",
        *_batch(found["batch"], f"{batch['rows']:,} rows, {batch['cards']:,} cards, a year"),
        "",
        *_online(found["online"]),
        "",
        *_hot(found["hot"], next(iter(found["online"]))),
    ]
    return "\n".join(lines)


def _batch(found: Mapping[str, Any], title: str) -> Iterator[str]:
    cases = found.values()
    yield from markdown(
        (title, *found),
        [
            ("rows/s", *_medians(cases, "{:,.0f}", "rows_per_second")),
            ("seconds of work", *_medians(cases, "{:.2f}", "work_seconds")),
            ("÷ polars", *_medians(cases, "{:.2f}", "over_polars", "work_seconds")),
            ("processor seconds", *_medians(cases, "{:.2f}", "cpu_seconds")),
            ("peak memory, MiB", *_medians(cases, "{:,.0f}", "peak_bytes", unit=_MIB)),
        ],
    )


def _online(found: Mapping[str, Any]) -> Iterator[str]:
    cases = found.values()
    latencies = [
        (f"{name}, µs an event", *_medians(cases, "{:,.1f}", MANAGED, "latency_us", name))
        for name in ("p50", "p99", "p99.9")
    ]
    yield from markdown(
        ("online, one core", *(f"{int(count):,} cards" for count in found)),
        [
            ("events/s", *_medians(cases, "{:,.0f}", MANAGED, "events_per_second")),
            *latencies,
            ("bytes a card", *_medians(cases, "{:,.0f}", "bytes_per_card")),
            (
                "longest stop of the collector, ms",
                *_medians(cases, "{:,.1f}", MANAGED, "longest_pause_ms"),
            ),
            (
                "the same, left to Python",
                *_medians(cases, "{:,.1f}", PYTHON, "longest_pause_ms"),
            ),
        ],
    )


def _hot(found: Mapping[str, Any], usual: str) -> Iterator[str]:
    cases = found.values()
    yield from markdown(
        ("one card", *found),
        [
            ("µs an event", *_medians(cases, "{:.2f}", "ns_per_event", unit=_US)),
            (
                "last tenth of the events ÷ median tenth",
                *_medians(cases, "{:.2f}", "last_tenth_over_median_tenth"),
            ),
            (f"÷ an event of {int(usual):,} cards", *_medians(cases, "{:.2f}", "over_usual")),
        ],
    )


def _medians(
    cases: Iterable[Any],
    form: str,
    *path: str,
    unit: float = 1,
) -> Iterator[str]:
    for case in cases:
        spread = case
        for name in path:
            spread = spread[name]
        yield "unknown" if spread is None else form.format(spread["median"] / unit)
