"""What the commands say, in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from engine.ledger.job import Exported
from engine.live.ledger.retention import Removed
from engine.words import counted

_MICROSECONDS: Final = 1_000_000
_MEGABYTE: Final = 1_000_000


def exported_text(exported: Exported) -> str:
    """What an export did."""
    options = exported.options
    rows = counted(exported.rows, "event" if options.form == "log" else "decision")
    lines = [f"{rows} written to {options.out} in {exported.seconds:.1f} s"]
    if options.form == "log":
        if exported.left_out:
            lines.append(f"{counted(exported.left_out, 'event')} left out that could not be read")
        if not exported.labelled:
            lines.append("without labels: the ledger has none yet")
    elif exported.left_out:
        lines.append(
            f"{counted(exported.left_out, 'fallback')} left out, which no model decided and which "
            "have no score; add --fallbacks to have them"
        )
    elif exported.fallbacks:
        lines.append(
            f"{exported.fallbacks:,} of them are fallbacks, which have no score and perhaps no "
            "features: an audit of skew counts those as differences"
        )
    return "\n".join(lines) + "\n"


def removed_text(removed: Removed) -> str:
    """What a retention removed."""
    if removed == Removed():
        return "nothing is that old\n"
    return (
        f"removed {counted(removed.decisions, 'event')} with their decisions, "
        f"{removed.replies:,} replies, {removed.reasons:,} explanations and "
        f"{removed.labels:,} labels; {removed.quarantine:,} from quarantine\n"
    )


def shown_text(shown: Mapping[str, Any]) -> str:
    """What there is in a ledger."""
    flags = shown["flags"]
    size = f"{_size(shown['bytes'])} and {_size(shown['log_bytes'])} of log"
    fallbacks = _by_reason("fallback", shown["fallbacks"])
    ended = ", ".join(f"{flags[name]:,} {name}" for name in ("recorded", "refused", "expired"))
    open_ = f"{flags['pending']:,} pending, {flags['not_posted']:,} not to be posted"
    told = f"{shown['explained']:,} explained, {shown['labels']:,} labelled"
    lines = [
        f"{shown['ledger']}: format {shown['format']}, {size}, begun {_instant(shown['created'])}",
        f"feature set {shown['feature_set']} {shown['fingerprint'][:12]}",
        f"{counted(shown['decisions'], 'decision')}{_span(shown)}",
        f"{shown['flagged']:,} flagged{fallbacks}",
        f"flags: {ended}, {open_}; {shown['retries']:,} attempts tried again",
        f"{told}{_by_reason('quarantined', shown['quarantined'])}",
    ]
    lines += [
        f"model {model['run_id']} ({model['kind']}, {model['sha256'][:12]}) from event "
        f"{model['since']:,} on, threshold {model['threshold']:.4g}"
        for model in shown["models"]
    ]
    if shown["removed"].get("decisions"):
        lines.append(f"{counted(shown['removed']['decisions'], 'older decision')} removed")
    return "\n".join(lines) + "\n"


def _span(shown: Mapping[str, Any]) -> str:
    if shown["first_arrival"] is None:
        return ""
    return f" from {_instant(shown['first_arrival'])} to {_instant(shown['last_arrival'])}"


def _by_reason(what: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return f", 0 {what}"
    each = "; ".join(f"{count:,} {reason}" for reason, count in counts.items())
    return f", {sum(counts.values()):,} {what} ({each})"


def _instant(microseconds: int) -> str:
    at = datetime.fromtimestamp(microseconds // _MICROSECONDS, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _size(length: int) -> str:
    return f"{length / _MEGABYTE:,.1f} MB"
