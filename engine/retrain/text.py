"""A retraining, in words and as JSON."""

from typing import Any, Final

from engine.model.paired_text import paired_lines
from engine.retrain.decision import CHALLENGER, CHAMPION, verdict, without
from engine.retrain.job import DECISION, PAGE, Retraining
from engine.words import counted

_SHOWN: Final = 5  # of the features, those that moved most


def retraining_text(retraining: Retraining) -> str:
    """The summary of a retraining, for people."""
    content = retraining.content
    judged = content["judged_by"]
    time = f"{judged['from']} to {judged['until']}"
    lines = [
        f"{retraining.challenger.path}: {verdict(content)}",
        *(f"  {reason}" for reason in content["reasons"]),
        *(_learnt(name, content[name]) for name in (CHAMPION, CHALLENGER)),
        f"judged by {judged['days']} days that neither has learnt from, {time}{without(judged)}:",
        *(f"  {line}" for line in paired_lines(content["comparison"])),
        *_drift(content["drift"]),
        f"written to {DECISION} and {PAGE} there; {retraining.seconds:.1f} s",
    ]
    return "\n".join(lines) + "\n"


def _learnt(name: str, run: dict[str, Any]) -> str:
    train, validation = run["train"], run["validation"]
    return (
        f"{name:<10} {run['id']}: {counted(train['events'], 'event')} to {train['until']}, "
        f"threshold {run['threshold']:.4g} by days to {validation['until']}"
    )


def _drift(moved: dict[str, Any] | None) -> list[str]:
    if moved is None:
        return ["drift: not known, the champion is from before runs kept how features were spread"]
    shown = moved["features"][:_SHOWN]
    events = f"{counted(moved['events'], 'event')} of {counted(moved['cards'], 'card')}"
    limits = f"moderate from {moved['moderate_from']:g}, shifted from {moved['shifted_from']:g}"
    return [
        f"drift of the {events} since then from the champion's training, as PSI, {limits}:",
        f"  {'score':<28} {moved['score']['psi']:.4f}  {moved['score']['word']}",
        *(f"  {each['feature']:<28} {each['psi']:.4f}  {each['word']}" for each in shown),
        f"  the other {len(moved['features']) - len(shown)} features less",
    ]


def retraining_json(retraining: Retraining) -> dict[str, Any]:
    """The same for programs."""
    return {
        "run": str(retraining.challenger.path),
        "switched": retraining.switched,
        **retraining.content,
        "seconds": round(retraining.seconds, 3),
    }
