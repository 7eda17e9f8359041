"""The results of the suite of the stream on Spark, for people and as the README has them."""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import getitem
from typing import Any, Final

from benchmarks.live.drive import MAX
from benchmarks.suites.engines_options import EVENTS_PER_CARD_AND_DAY
from benchmarks.suites.spark_sizing import ALONE, BUCKET_BYTES, RATES, Size, full_at, size_of
from benchmarks.suites.spark_stream_parts import RECORDING, SEQUENCING
from benchmarks.tables import aligned, markdown, shown
from engine.live_spark.journal import MOST_ENTRIES

PARTS: Final = "parts"
QUANTILES: Final = ("p50", "p99", "max")
# What is promised of it, at 1,000 events a second.
LATEST_MS: Final = 5_000.0

_MIB: Final = 1 << 20
_MB: Final = 1e6
_GB: Final = 1e9
_FULL: Final = 1.0


def as_text(results: Mapping[str, Any]) -> str:
    """The results, for people."""
    host, inputs, parts = results["machine"], results["inputs"], results[PARTS]
    measured = results["summary"]
    told = [
        *((f"ms to decided, {name}", ("latency_ms", name), ",.0f", 1) for name in QUANTILES),
        ("micro-batches a second", ("batches_per_second",), ".2f", 1),
        ("processor s a micro-batch", ("cpu_seconds_per_batch",), ".2f", 1),
        ("processor µs an event", ("cpu_us_per_event",), ",.0f", 1),
        ("MiB at most, Java's too", ("peak_bytes",), ",.0f", _MIB),
        ("s to be ready", ("start_seconds",), ".1f", 1),
    ]
    rows = [
        [title, *(shown(_within(one, path), form, unit) for one in measured.values())]
        for title, path, form, unit in told
    ]
    lines = [
        (
            f"{host['cpu']}, {host['cores']} cores, load {host['load_before'][0]:.1f} before; "
            f"{inputs['log']['cards']:,} cards; medians of {results['repeats']} (least to most)"
        ),
        "",
        *aligned([["", *measured], *rows]),
        "",
        (
            f"promised: at 1,000/s a p99 of at most {LATEST_MS:,.0f} ms from when an event is "
            "received until its decision is in the outbox"
        ),
        "",
        (
            f"the parts without Spark, on one core: {parts['events']:,} events in micro-batches of "
            f"{parts['batch']:,}, {parts['cards']:,} cards in {parts['buckets']} buckets"
        ),
        "",
        *aligned([["", "µs/event", "bytes appended/event"], *_rows_of_parts(parts)]),
        "",
        f"bytes of state a card {shown(parts['state_bytes_per_card'], ',.0f')}",
    ]
    return "\n".join(lines) + "\n"


def _within(found: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, float]:
    return reduce(getitem, path, found)


def _rows_of_parts(parts: Mapping[str, Any]) -> Iterator[list[str]]:
    for part, spread in parts["us_per_event"].items():
        appended = parts["appended_bytes_per_event"].get(part)
        yield [part, shown(spread, ".1f"), "" if appended is None else shown(appended, ",.0f")]


def page(results: Mapping[str, Any], file: str, live: Mapping[str, Any], live_file: str) -> str:
    """Markdown: what was measured, one machine's figures, and what is computed of them.

    Parameters
    ----------
    results, file
        What ``python -m benchmarks spark_stream`` has kept, and where that is, as the README links
        it.
    live, live_file
        The same of ``python -m benchmarks live``.
    """
    lines = [
        f"```console\n$ {results['command']}\n{as_text(results)}```",
        "",
        f"Here is [every measurement]({file}). {_one_machine(live, live_file)}",
        "",
        *sizing(results),
    ]
    return "\n".join(lines)


def _one_machine(live: Mapping[str, Any], file: str) -> str:
    most, host = live["summary"]["live"][MAX], live["machine"]
    rate, us = (most[name]["median"] for name in ("events_per_second", "cpu_us_per_event"))
    return (
        f"One machine without Spark, measured too ([results]({file})): {rate:,.0f} events/s at "
        f"most, at {us:,.0f} µs of processor time an event, flags and a judge on the same "
        f"{host['cores']} cores included, with {most['keys']:,} cards in "
        f"{most['resident_bytes']['peak']['median'] / _MIB:,.0f} MiB."
    )


def sizing(results: Mapping[str, Any]) -> Iterator[str]:
    """Lines of Markdown: what some rates take, computed."""
    parts, summary = results[PARTS], results["summary"]
    sizes = [size_of(rate, parts, summary) for rate in RATES]
    yield "**Computed from these figures, not measured:**"
    yield ""
    header = ("transactions a second", *(f"{rate:,}" for rate in RATES))
    yield from markdown(header, [*_rows(sizes, results["threads"])])
    yield ""
    full = full_at(parts)
    (first, rate), (second, later) = full.items()
    yield (
        f"{ALONE[first].capitalize()} is what is full first, at {rate:,.0f} a second by this; "
        f"{ALONE[second]} is at {later:,.0f}. Both are one of a kind, and what is in bold is more "
        "than one core gives. Deciding is divided among tasks. Not in it are flags, which the "
        "driver posts as the live scorer does, and what more tasks cost Spark. Nor is the disk: a "
        f"bucket's snapshot is written anew each {MOST_ENTRIES} micro-batches, and what all of "
        f"them write grows with the cards, to {sizes[-1].snapshots / _MB:,.0f} MB/s at "
        f"{sizes[-1].rate:,} a second. The store of the checkpoint has to take that; whether it is "
        "full before is a question of the store."
    )


def _rows(sizes: list[Size], threads: int) -> Iterator[tuple[str, ...]]:
    def row(title: str, *cells: str) -> tuple[str, ...]:
        return (title, *cells)

    yield row("sequencing, of its one core", *(_share(one.alone[SEQUENCING]) for one in sizes))
    yield row("recording, of its one core", *(_share(one.alone[RECORDING]) for one in sizes))
    yield row("deciding, cores", *(f"{one.deciding:.2f}" for one in sizes))
    yield row("micro-batches a second", *(f"{one.batches:.2f}" for one in sizes))
    yield row(f"Spark around {threads} tasks, cores", *(f"{one.spark:.2f}" for one in sizes))
    cards = f"cards, in millions, at {EVENTS_PER_CARD_AND_DAY} events a day"
    yield row(cards, *(f"{one.cards / _MB:,.0f}" for one in sizes))
    yield row("their state, GB", *(f"{one.state_bytes / _GB:,.0f}" for one in sizes))
    buckets = f"buckets, of {BUCKET_BYTES // _MIB} MiB at most"
    yield row(buckets, *(f"{one.buckets:,}" for one in sizes))
    yield row("appended to the checkpoint, MB/s", *(f"{one.appended / _MB:,.1f}" for one in sizes))
    yield row("snapshots into it, MB/s", *(f"{one.snapshots / _MB:,.1f}" for one in sizes))


def _share(of_core: float) -> str:
    told = f"{100 * of_core:,.0f} %"
    return f"**{told}**" if of_core > _FULL else told
