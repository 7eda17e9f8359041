"""What a build says about itself: ``build.json``, and a few lines for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.build.options import Options
from engine.catalog import told_of
from engine.definition import FeatureSet
from engine.events.log import Counts
from engine.versions import versions
from engine.words import counted

_LIBRARIES: Final = ("sentinelpos", "polars", "numpy", "pyarrow", "duckdb")


@dataclass(frozen=True, slots=True)
class Report:
    """A finished build.

    Parameters
    ----------
    content
        What ``build.json`` holds.
    """

    content: dict[str, Any]

    @property
    def text(self) -> str:
        """A summary in a few lines."""
        content = self.content
        rows, seconds = content["rows"], content["seconds"]
        features = f"{counted(content['features'], 'feature')} of {content['feature_set']}"
        counts = [
            ("read", "read"),
            ("quarantined", "quarantined"),
            ("duplicates", "duplicates"),
            ("late", "late"),
            ("amounts rounded", "rounded"),
        ]
        short = content["fingerprint"][:12]
        pace = f"{content['rows_per_second']:,} rows/s with {counted(content['threads'], 'thread')}"
        lines = [
            f"{content['out']}: {counted(rows['written'], 'row')}, {features} ({short})",
            ", ".join(f"{words} {rows[count]:,}" for words, count in counts),
            *(f"  {count:,} × {reason}" for reason, count in content["quarantined"].items()),
            f"{seconds['total']:.1f} s, {pace}, read {content['reading']}",
            *_of_state(content["state"]),
        ]
        return "\n".join(lines) + "\n"


def make_report(
    options: Options,
    features: FeatureSet,
    counts: Counts,
    *,
    reading: str,
    state: dict[str, Any] | None,
    spark: dict[str, Any] | None,
    seconds: Mapping[str, float],
) -> Report:
    """The report of a build.

    Parameters
    ----------
    options, features
        What was asked for.
    counts
        What became of the rows.
    reading
        ``in place`` or ``staged``, and why; or that tasks of Spark did.
    state
        What the state holds that was left, if one was asked for.
    spark
        Where and how tasks of Spark read the inputs and wrote the results, if they did.
    seconds
        How long each stage took, ``total`` among them.
    """
    read = sum(counts.read.values())
    return Report(
        {
            "out": str(options.out),
            "inputs": [{"file": file, "rows": rows} for file, rows in counts.read.items()],
            **told_of(features),
            "features": len(features.features),
            "rows": {
                "read": read,
                "written": counts.kept,
                "quarantined": counts.refused.total(),
                "duplicates": counts.duplicates,
                "late": counts.late,
                "rounded": counts.rounded,
            },
            "quarantined": dict(counts.refused.most_common()),
            "reading": reading,
            "engine": options.engine,
            "threads": options.threads,
            "state": state,
            "spark": spark,
            "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
            "rows_per_second": round(read / max(seconds["total"], 1e-9)),
            "versions": versions(_LIBRARIES),
        }
    )


def _of_state(state: dict[str, Any] | None) -> list[str]:
    if state is None:
        return []
    events = counted(state["entries"], "event")
    size = f"{state['bytes']:,} bytes"
    astray = counted(state["astray"], "event")
    return [
        f"{state['file']}: state of {counted(state['keys'], 'key')}, {events} in sight, {size}",
        *(
            [f"  without {astray} whose clock lies further off than --leap, with too few around"]
            if state["astray"]
            else []
        ),
    ]
