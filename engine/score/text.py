"""A scoring, in words and as JSON."""

from typing import Any

from engine.definition.personal import masked
from engine.model.figures_text import figure_lines
from engine.model.split import utc_text
from engine.score.job import Explained, Scoring
from engine.words import counted


def scoring_text(scoring: Scoring) -> str:
    """The summary of a scoring, for people; cards are masked."""
    run = scoring.run
    model = f"{run.path} ({run.manifest['model']}, {run.manifest['id']})"
    lines = [
        f"{counted(scoring.events, 'event')} scored by {model}",
        f"{scoring.flagged:,} flagged, at {run.threshold:.4g} or above",
    ]
    if scoring.built is not None:
        rows = scoring.built["rows"]
        lines.append(f"read {rows['read']:,}, quarantined {rows['quarantined']:,}")
    if scoring.of_training:
        lines.append(
            f"{scoring.of_training:,} are of the days that the run was trained on: if they are of "
            "the same log, figures flatter"
        )
    if scoring.lacking is not None:
        lines.append(f"no figures: there is {scoring.lacking} among the labels")
    elif scoring.metrics is None:
        lines.append(f"no figures: {counted(scoring.unlabelled, 'event')} have no label")
    else:
        if scoring.unlabelled:
            left_out = counted(scoring.unlabelled, "event")
            lines.append(f"figures of the labelled ones, without {left_out} that have no label")
        lines += figure_lines(scoring.metrics)
    lines.append("the highest scores:")
    for event in scoring.highest:
        lines += _explained(event)
    return "\n".join(lines) + "\n"


def scoring_json(scoring: Scoring) -> dict[str, Any]:
    """The same for programs; cards are masked here too."""
    return {
        "run": str(scoring.run.path),
        "id": scoring.run.manifest["id"],
        "events": scoring.events,
        "flagged": scoring.flagged,
        "threshold": scoring.run.threshold,
        "unlabelled": scoring.unlabelled,
        "lacking": scoring.lacking,
        "of_training": scoring.of_training,
        "build": scoring.built,
        "metrics": scoring.metrics,
        "highest": [
            {
                "event_id": event.event_id,
                "card": masked(event.card),
                "time": event.time,
                "score": event.score,
                "probability": event.probability,
                "reasons": [
                    {
                        "feature": reason.feature,
                        "contribution": reason.contribution,
                        "words": reason.words,
                    }
                    for reason in event.reasons
                ],
            }
            for event in scoring.highest
        ],
        "seconds": round(scoring.seconds, 3),
    }


def _explained(event: Explained) -> list[str]:
    head = f"  {event.score:.4f}  {event.event_id}  card {masked(event.card)}  "
    return [
        f"{head}{utc_text(event.time)}",
        *(f"    {reason.contribution:+.2f}  {reason.words}" for reason in event.reasons),
    ]
