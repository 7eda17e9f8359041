"""A comparison, in words and as JSON."""

from typing import Any

from engine.compare.job import BASELINE, RUN, Comparison
from engine.model.paired_text import paired_lines
from engine.model.run import Run
from engine.model.split import utc_text
from engine.words import counted


def comparison_text(comparison: Comparison) -> str:
    """The summary of a comparison, for people."""
    judged = comparison.judged
    share = "" if judged.coverage == 1 else f", {judged.coverage:.1%} of all events"
    time = f"{utc_text(judged.start)} to {utc_text(judged.end)}"
    left_out = counted(judged.unlabelled, "event")
    lines = [
        f"{RUN:<9} {_named(comparison.run)}",
        f"{BASELINE:<9} {_named(comparison.baseline)}",
        f"judged by what neither has learnt from, {time}{share}:",
        *([f"without {left_out} that have no label"] if judged.unlabelled else []),
        *paired_lines(comparison.paired),
        f"the difference is {RUN} less {BASELINE}; {comparison.seconds:.1f} s",
    ]
    return "\n".join(lines) + "\n"


def _named(run: Run) -> str:
    kind, name = run.manifest["model"], run.manifest["id"]
    said = f"{run.path} ({kind}, {name}), threshold {run.threshold:.4g}"
    if run.manifest.get("options", {}).get("split") == "random":
        return f"{said}, split at random: flattering"
    return said


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The same for programs."""
    judged = comparison.judged
    return {
        **{
            name: {
                "path": str(run.path),
                "id": run.manifest["id"],
                "model": run.manifest["model"],
                "threshold": run.threshold,
            }
            for name, run in ((RUN, comparison.run), (BASELINE, comparison.baseline))
        },
        "from": utc_text(judged.start),
        "until": utc_text(judged.end),
        "coverage": judged.coverage,
        "unlabelled": judged.unlabelled,
        "comparison": comparison.paired,
        "seconds": round(comparison.seconds, 3),
    }
