"""The results of the suite of builds as the README has them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.suites.build_results import BUILD, FLOOR, HOT, NOTEBOOK

_MIB: Final = 1 << 20
_TABLE: Final = (
    ("rows/s", "rows_per_second", "{:,.0f}", 1),
    ("seconds of work", "work_seconds", "{:.2f}", 1),
    ("seconds with start and imports", "wall_seconds", "{:.2f}", 1),
    ("processor seconds", "cpu_seconds", "{:.2f}", 1),
    ("peak memory, MiB", "peak_bytes", "{:,.0f}", _MIB),
)


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: what was run, a table, the hot card, and what a feature costs beside another set's.

    Parameters
    ----------
    results
        What ``python -m benchmarks build`` has kept, of any set.
    file
        Where that is, as the README links it.
    """
    found, host, usual = results["summary"], results["machine"], results["inputs"]["usual"]
    where = (
        f"{host['cores']} cores, {host['cpu']}; medians of {results['repeats']} "
        f"([every measurement]({file})); load {host['load_before'][0]:.1f} before it began:"
    )
    title = f"{usual['rows']:,} rows, {usual['cards']:,} cards, a year"
    hot = results["inputs"]["one hot card"]["rows"]
    slower = found["hot_card_over_usual_per_row"]["median"]
    peak = found["medians"][HOT]["peak_bytes"]["median"] / _MIB
    hot_card = (
        f"One card with {hot:,} events in a day takes {slower:.2f} times as long per row, in "
        f"{peak:,.0f} MiB."
    )
    lines = [
        where,
        "",
        *_table(title, found, results["feature_set"]["name"]),
        "",
        hot_card,
        *_beside_notebook(results),
    ]
    return "\n".join(lines)


def _table(title: str, found: Mapping[str, Any], name: str) -> Iterator[str]:
    medians, ratios = found["medians"], found["build_over_floor"]
    builds = [build for build in (FLOOR, NOTEBOOK, BUILD) if build in medians]
    yield from _rows(
        (title, *(name if build == BUILD else build for build in builds), f"{name} ÷ floor"),
        [
            (
                label,
                *(form.format(medians[build][quantity]["median"] / unit) for build in builds),
                f"{ratios[quantity]['median']:.2f}" if quantity in ratios else "",
            )
            for label, quantity, form, unit in _TABLE
        ],
    )


def _beside_notebook(results: Mapping[str, Any]) -> Iterator[str]:
    ratios = results["summary"].get("over_notebook_per_row_and_feature")
    if ratios is not None:
        named, work = results["feature_set"], ratios["work_seconds"]
        yield (
            f"Per row and feature, of which {named['name']} has {named['features']}, it takes "
            f"{work['median']:.2f} times as long as notebook ({work['least']:.2f} to "
            f"{work['most']:.2f}), and {ratios['cpu_seconds']['median']:.2f} times the processor "
            "time."
        )


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(row)} |"
