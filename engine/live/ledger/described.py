"""What there is in a ledger, counted."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from engine.live.flag import FINAL
from engine.live.ledger.reader import Reader
from engine.live.ledger.rows import Model
from engine.live.ledger.schema import FORMAT

_REMOVED: Final = "removed_"
_SPAN: Final = """\
SELECT count(*), min(arrival_time), max(arrival_time) FROM decisions INDEXED BY arrivals"""
_FALLBACKS: Final = """\
SELECT fallback, count(*) FROM decisions INDEXED BY fallbacks
WHERE fallback IS NOT NULL GROUP BY fallback ORDER BY fallback"""
_ALERTS: Final = "SELECT count(*) FROM decisions INDEXED BY alerts WHERE flagged = 1"
_REPLIES: Final = "SELECT outcome, count(*) FROM replies GROUP BY outcome"
_QUARANTINE: Final = "SELECT reason, count(*) FROM quarantine GROUP BY reason ORDER BY reason"
_MODELS: Final = f"SELECT {', '.join(Model._fields)}, since FROM models ORDER BY model"  # noqa: S608 - our own names


def described(reader: Reader) -> dict[str, Any]:
    """What a ledger holds now: instants in microseconds since 1970 UTC, sizes in bytes.

    Decisions and replies are counted by their indexes, so that it takes seconds for ten million.

    Raises
    ------
    InputError, OutputError
        If it cannot be read.
    """
    about = reader.about()
    decided, first, last = reader.row(_SPAN)
    outcomes: dict[str, int] = dict(reader.rows(_REPLIES))
    (pending,) = reader.row("SELECT count(*) FROM pending")
    ended = sum(outcomes.get(outcome, 0) for outcome in FINAL)
    return {
        "ledger": str(reader.path),
        "format": FORMAT,
        "bytes": reader.path.stat().st_size,
        "log_bytes": _size(reader, "-wal"),
        "created": about["created"],
        "feature_set": about["feature_set"],
        "fingerprint": about["fingerprint"],
        "lateness": about["lateness"],
        "leap": about["leap"],
        "stream_id": about.get("stream_id"),
        "first_arrival": first,
        "last_arrival": last,
        "decisions": decided,
        "flagged": reader.row(_ALERTS)[0],
        "fallbacks": dict(reader.rows(_FALLBACKS)),
        "flags": {
            **{outcome: outcomes.get(outcome, 0) for outcome in FINAL},
            "pending": pending,
            "not_posted": decided - ended - pending,
        },
        "retries": outcomes.get("retry", 0),
        "explained": reader.row("SELECT count(*) FROM reasons")[0],
        "labels": reader.row("SELECT count(DISTINCT event_id) FROM labels")[0],
        "quarantined": _by_kind(reader.rows(_QUARANTINE)),
        "models": [
            dict(zip((*Model._fields, "since"), row, strict=True)) for row in reader.rows(_MODELS)
        ],
        "removed": {
            name.removeprefix(_REMOVED): value
            for name, value in sorted(about.items())
            if name.startswith(_REMOVED)
        },
    }


def _by_kind(reasons: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many there are of each kind of reason, the most first: without the values themselves."""
    counts: Counter[str] = Counter()
    for reason, count in reasons:
        counts[reason.partition(" (was ")[0]] += count
    return dict(counts.most_common())


def _size(reader: Reader, suffix: str) -> int:
    try:
        return reader.path.with_name(f"{reader.path.name}{suffix}").stat().st_size
    except FileNotFoundError:
        return 0
