"""What the runs of the build suite come to, as numbers and as a table."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.measure import Run, Spread
from benchmarks.tables import aligned, shown

FLOOR: Final = "floor"
BUILD: Final = "build"
HOT: Final = "one hot card"

_MIB: Final = 1 << 20
_GIB: Final = 1 << 30
_QUANTITIES: Final = ("work_seconds", "wall_seconds", "cpu_seconds", "peak_bytes")


def summary(runs: Mapping[str, Sequence[Run]], rows: int, hot_rows: int) -> dict[str, Any]:
    """Medians with the least and the most, and the ratios that are worth knowing.

    Parameters
    ----------
    runs
        The runs of the floor, the build, and the build of the one hot card, turn by turn.
    rows, hot_rows
        How many rows the first two handled, and how many the last.
    """

    def values(name: str, quantity: str) -> list[float]:
        return [float(getattr(run, quantity)) for run in runs[name]]

    def per_row(name: str, count: int) -> list[float]:
        return [seconds / count for seconds in values(name, "work_seconds")]

    def speed(name: str, count: int) -> dict[str, float]:
        return Spread.of([1 / seconds for seconds in per_row(name, count)]).as_json()

    counts = {FLOOR: rows, BUILD: rows, HOT: hot_rows}
    return {
        "medians": {
            name: {
                quantity: Spread.of(values(name, quantity)).as_json() for quantity in _QUANTITIES
            }
            | {"rows_per_second": speed(name, count)}
            for name, count in counts.items()
        },
        "build_over_floor": {
            quantity: Spread.of_ratios(values(BUILD, quantity), values(FLOOR, quantity)).as_json()
            for quantity in _QUANTITIES
        },
        "output_bytes": {
            name: statistics.median(run.printed["output_bytes"] for run in done)
            for name, done in runs.items()
        },
        "hot_card_over_usual_per_row": Spread.of_ratios(
            per_row(HOT, hot_rows), per_row(BUILD, rows)
        ).as_json(),
    }


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    usual, hot = results["inputs"]["usual"], results["inputs"]["one hot card"]
    host, versions = results["machine"], results["versions"]
    medians = results["summary"]["medians"]
    ratios = results["summary"]["build_over_floor"]
    table = [
        ("", "floor", "build", "build ÷ floor"),
        *(
            (
                label,
                shown(medians[FLOOR][quantity], form, unit),
                shown(medians[BUILD][quantity], form, unit),
                shown(ratios[quantity], ".2f", 1) if quantity in ratios else "",
            )
            for label, quantity, form, unit in (
                ("rows/s", "rows_per_second", ",.0f", 1),
                ("work, s", "work_seconds", ".2f", 1),
                ("with start and imports, s", "wall_seconds", ".2f", 1),
                ("processor, s", "cpu_seconds", ".2f", 1),
                ("peak memory, MiB", "peak_bytes", ",.0f", _MIB),
            )
        ),
    ]
    title = (
        f"build of {usual['rows']:,} rows of {usual['cards']:,} cards, "
        f"{results['threads']} threads; medians of {results['repeats']} (least to most)"
    )
    on = (
        f"{host['cpu']}, {host['cores']} cores, {host['memory_bytes'] / _GIB:.0f} GiB, load "
        f"{host['load_before'][0]:.1f} before; polars {versions['polars']}, "
        f"Python {versions['python']}"
    )
    note = (
        "Rows/s and work leave the start of Python and its imports out; processor time and peak "
        "memory have them in."
    )
    hot_card = (
        f"one hot card, {hot['rows']:,} rows in a day: "
        f"{shown(medians[HOT]['rows_per_second'], ',.0f', 1)} rows/s, "
        f"{shown(medians[HOT]['peak_bytes'], ',.0f', _MIB)} MiB; time per row ÷ usual "
        f"{shown(results['summary']['hot_card_over_usual_per_row'], '.2f', 1)}"
    )
    sizes = results["summary"]["output_bytes"]
    size = f"output: floor {sizes[FLOOR] / _MIB:,.0f} MiB, build {sizes[BUILD] / _MIB:,.0f} MiB"
    equal = ", ".join([*usual["equal_to_the_reference"], *hot["equal_to_the_reference"]])
    checked = f"equal to the reference, bit by bit: {equal} of the hot card"
    lines = [
        title,
        on,
        "",
        *aligned(table),
        size,
        "",
        note,
        hot_card,
        checked,
    ]
    return "\n".join(lines) + "\n"
