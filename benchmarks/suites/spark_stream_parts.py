"""What the runs of the stream's parts come to: microseconds and bytes, each of an event."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from benchmarks.measure import Spread

SEQUENCING: Final = "sequencing"
DECIDING: Final = "deciding"
RECORDING: Final = "recording"
# Whose state is kept in Spark's checkpoint; the outbox is a file of its own.
KEPT: Final = (SEQUENCING, DECIDING)

_US: Final = 1e6


def summary_of_parts(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians with the least and the most, of what ``benchmarks.live.spark_parts`` has printed."""

    def each(what: str, parts: Iterable[str], of: str, unit: float = 1.0) -> dict[str, Any]:
        return {
            part: Spread.of([unit * run[what][part] / run[of] for run in runs]).as_json()
            for part in parts
        }

    first = runs[0]
    named = ("events", "batch", "buckets", "cards", "compared_with_one_set")
    written = "written_for_events"
    return {name: first[name] for name in named} | {
        "us_per_event": each("seconds", (SEQUENCING, DECIDING, RECORDING), "events", _US),
        "state_bytes_per_card": each("state_bytes", (DECIDING,), "cards")[DECIDING],
        "appended_bytes_per_event": each("appended_bytes", KEPT, written),
        "snapshot_bytes_per_event": each("snapshot_bytes", KEPT, written),
    }
