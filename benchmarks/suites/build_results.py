"""What the runs of the build suite come to, as numbers and as a table."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.measure import Run, Spread
from benchmarks.tables import aligned, shown

FLOOR: Final = "floor"
BUILD: Final = "build"
NOTEBOOK: Final = "notebook"  # the set that others are compared with
HOT: Final = "one hot card"

_MIB: Final = 1 << 20
_GIB: Final = 1 << 30
_TABLE: Final = (
    ("rows/s", "rows_per_second", ",.0f", 1),
    ("work, s", "work_seconds", ".2f", 1),
    ("with start and imports, s", "wall_seconds", ".2f", 1),
    ("processor, s", "cpu_seconds", ".2f", 1),
    ("peak memory, MiB", "peak_bytes", ",.0f", _MIB),
)
_QUANTITIES: Final = ("work_seconds", "wall_seconds", "cpu_seconds", "peak_bytes")


def summary(
    runs: Mapping[str, Sequence[Run]], rows: int, hot_rows: int, features: Mapping[str, int]
) -> dict[str, Any]:
    """Medians with the least and the most, and the ratios that are worth knowing.

    Parameters
    ----------
    runs
        The runs of the floor, the build, that of ``notebook`` if it is of another, and the build
        of the one hot card, turn by turn.
    rows, hot_rows
        How many rows the others handled, and how many the last.
    features
        How many features the build has, and that of ``notebook`` if there is one.
    """

    def values(name: str, quantity: str) -> list[float]:
        return [float(getattr(run, quantity)) for run in runs[name]]

    def per_row(name: str, count: int) -> list[float]:
        return [seconds / count for seconds in values(name, "work_seconds")]

    def speed(name: str, count: int) -> dict[str, float]:
        return Spread.of([1 / seconds for seconds in per_row(name, count)]).as_json()

    def per_feature(name: str, quantity: str) -> list[float]:
        return [value / features[name] for value in values(name, quantity)]

    counts = {name: hot_rows if name == HOT else rows for name in runs}
    results: dict[str, Any] = {
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
    if NOTEBOOK in runs:
        results["over_notebook_per_row_and_feature"] = {
            quantity: Spread.of_ratios(
                per_feature(BUILD, quantity), per_feature(NOTEBOOK, quantity)
            ).as_json()
            for quantity in ("work_seconds", "cpu_seconds")
        }
    return results


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    usual, hot = results["inputs"]["usual"], results["inputs"]["one hot card"]
    host, versions = results["machine"], results["versions"]
    medians = results["summary"]["medians"]
    ratios = results["summary"]["build_over_floor"]
    names = [name for name in (FLOOR, NOTEBOOK, BUILD) if name in medians]
    table = [
        ("", *names, "build ÷ floor"),
        *(
            (
                label,
                *(shown(medians[name][quantity], form, unit) for name in names),
                shown(ratios[quantity], ".2f", 1) if quantity in ratios else "",
            )
            for label, quantity, form, unit in _TABLE
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
        *_over_notebook(results),
        hot_card,
        checked,
    ]
    return "\n".join(lines) + "\n"


def _over_notebook(results: Mapping[str, Any]) -> Iterator[str]:
    """A line on a set that is not ``notebook``: what a feature of it costs beside one of that."""
    ratios = results["summary"].get("over_notebook_per_row_and_feature")
    if ratios is not None:
        named = results["feature_set"]
        yield (
            f"{named['name']}, {named['features']} features: time per row and feature ÷ notebook "
            f"{shown(ratios['work_seconds'], '.2f', 1)}, processor time "
            f"{shown(ratios['cpu_seconds'], '.2f', 1)}"
        )
