"""A replay in a few lines."""

from collections.abc import Iterator
from typing import Any

from engine.model.split import utc_text
from engine.words import counted
from replay.replayed import Replayed


def replay_text(replayed: Replayed) -> str:
    """What ``python -m replay`` prints."""
    decisions, run = replayed.outcome.summary(), replayed.run
    decided = f"{counted(decisions['decided'], 'event')} decided on by {run.path.resolve().name}"
    flagged = f"{decisions['flagged']:,} of them flagged: they score {run.threshold:.4g} or more"
    lines = [f"{decided}, {flagged}", *_came(replayed)]
    if not decisions["decided"]:
        lines.append(_nothing(replayed))
    if decisions.get("labelled"):
        lines.append(
            f"of {decisions['fraud']:,} frauds {decisions['fraud_flagged']:,} were flagged "
            f"(recall {_share(decisions['recall'])}), with {decisions['legitimate_flagged']:,} "
            f"false alerts (precision {_share(decisions['precision'])})"
        )
    if replayed.promptness is not None and decisions["decided"]:
        lines += _timely(replayed.promptness.summary(), decisions)
    lines += [
        f"{replayed.seconds:.1f} s, {replayed.events_per_second:,.0f} events/s",
        f"digest {replayed.digest}",
    ]
    return "\n".join(lines) + "\n"


def _came(replayed: Replayed) -> Iterator[str]:
    """What there was to decide on."""
    counts = replayed.counts
    if replayed.history:
        yield f"{counted(replayed.history, 'event')} before them, as history"
    if replayed.recorded:
        yield "each at the time of arrival that is recorded"
    if not replayed.complete:
        yield "the ledger is not complete: its replay has not ended, more may follow"
    if replayed.missing:
        yield f"{counted(replayed.missing, 'event')} of their history are not there"
    if replayed.resumed:
        yield f"{replayed.resumed:,} were decided on before, and are the same again"
    if replayed.late:
        too_late = f"{replayed.too_late:,} of them too late for exact features"
        yield f"{replayed.late:,} came late, {too_late}"
    if replayed.astray:
        yield f"{counted(replayed.astray, 'event')} not believed, further off than --leap"
    if counts.duplicates:
        yield f"{counted(counts.duplicates, 'duplicate')} left out"
    refused = counts.refused.total()
    if refused:
        reasons = ", ".join(f"{n:,} x {kind}" for kind, n in counts.refused.items())
        yield f"{refused:,} rows could not be read: {reasons}"


def _nothing(replayed: Replayed) -> str:
    last = replayed.last_of_history
    if last is None:
        return "nothing was decided: no event arrived before --to"
    came = f"the last of these arrived {utc_text(last)}"
    return f"nothing was decided: {came}, none in the span asked for"


def _timely(timing: dict[str, Any], decisions: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{timing['in_time']:,} of {decisions['decided']:,} posted within {timing['deadline']:g} s "
        f"of arrival ({timing['share_in_time']:.4f}); half of all took "
        f"{timing['p50_seconds']:,.2f} s or less, 99 % {timing['p99_seconds']:,.2f} s"
    )
    if "recall_in_time" in timing:
        yield (
            f"of {decisions['fraud']:,} frauds {timing['fraud_flagged_in_time']:,} were flagged in "
            f"time (recall {_share(timing['recall_in_time'])})"
        )


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
