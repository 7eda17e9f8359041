"""The results of the suite of the live scorer as the README has them."""

from collections.abc import Mapping
from typing import Any

from benchmarks.live.drive import MAX
from benchmarks.suites.live_results import ORIGINAL, rows_of
from benchmarks.tables import markdown


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: what was run, a table of the rates, and the original design.

    Parameters
    ----------
    results
        What ``python -m benchmarks live`` has kept.
    file
        Where that is, as the README links it.
    """
    found, host = results["summary"], results["machine"]
    live, original, recovery = found["live"], found[ORIGINAL], found["recovery"]
    told = {name: list(rows_of(of)) for name, of in live.items()}
    names = [name for name, *_ in told[MAX]]
    where = (
        f"{host['cores']} cores, {host['cpu']}, which judge and scorer share; medians of "
        f"{results['repeats']} ([every measurement]({file})); load {host['load_before'][0]:.1f} "
        "before it began:"
    )
    recovered = (
        f"Killed after {recovery['events']:,} events, it is ready again in "
        f"{_median(recovery['seconds'], '{:.1f}')} s, the start of Python included; "
        f"{_median(recovery['state_seconds'], '{:.1f}')} s of these are for its state: the last "
        f"snapshot, and {_median(recovery['caught_up'], '{:,.0f}')} events since."
    )
    lines = [
        where,
        "",
        *markdown(
            (f"{live[MAX]['keys']:,} cards", *live),
            [
                (name, *(_cell(*rows[place][1:]) for rows in told.values()))
                for place, name in enumerate(names)
            ],
        ),
        "",
        *markdown(
            ("in the same run", MAX, "original design", "ours ÷ theirs"),
            [
                (
                    "events/s",
                    _median(live[MAX]["events_per_second"], "{:,.0f}"),
                    _median(original["events_per_second"], "{:,.0f}"),
                    _median(found["live_over_original"], "{:,.0f}"),
                )
            ],
        ),
        "",
        recovered,
    ]
    return "\n".join(lines)


def _cell(spread: Mapping[str, float] | None, unit: float, form: str) -> str:
    return "unknown" if spread is None else f"{spread['median'] / unit:{form}}"


def _median(spread: Mapping[str, float], form: str) -> str:
    return form.format(spread["median"])
