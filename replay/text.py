"""A replay in a few lines."""

from engine.model.split import utc_text
from engine.words import counted
from replay.replayed import Replayed


def replay_text(replayed: Replayed) -> str:
    """What ``python -m replay`` prints."""
    events, decisions = replayed.summary()["events"], replayed.outcome.summary()
    run, flagged = replayed.run, decisions["flagged"]
    decided = f"{counted(events['decided'], 'event')} decided on by {run.path.resolve().name}"
    lines = [f"{decided}, {flagged:,} of them flagged: they score {run.threshold:.4g} or more"]
    if replayed.history:
        lines.append(f"{counted(replayed.history, 'event')} before them, as history")
    if replayed.recorded:
        lines.append("each at the time of arrival that is recorded")
    if replayed.missing:
        lines.append(f"{counted(replayed.missing, 'event')} of their history are not there")
    if not events["decided"]:
        lines.append(_nothing(replayed))
    if replayed.resumed:
        lines.append(f"{replayed.resumed:,} were decided on before, and are the same again")
    if replayed.late:
        too_late = f"{replayed.too_late:,} of them too late for exact features"
        lines.append(f"{replayed.late:,} came late, {too_late}")
    if replayed.counts.duplicates:
        lines.append(f"{counted(replayed.counts.duplicates, 'duplicate')} left out")
    refused = replayed.counts.refused.total()
    if refused:
        reasons = ", ".join(f"{n:,} x {kind}" for kind, n in replayed.counts.refused.items())
        lines.append(f"{refused:,} rows could not be read: {reasons}")
    if decisions.get("labelled"):
        lines.append(
            f"of {decisions['fraud']:,} frauds {decisions['fraud_flagged']:,} were flagged "
            f"(recall {_share(decisions['recall'])}), with {decisions['legitimate_flagged']:,} "
            f"false alerts (precision {_share(decisions['precision'])})"
        )
    lines += [
        f"{replayed.seconds:.1f} s, {replayed.events_per_second:,.0f} events/s",
        f"digest {replayed.digest}",
    ]
    return "\n".join(lines) + "\n"


def _nothing(replayed: Replayed) -> str:
    last = replayed.last_of_history
    if last is None:
        return "nothing was decided: no event arrived before --to"
    return f"nothing was decided: the last of these arrived {utc_text(last)}, none after --from"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
