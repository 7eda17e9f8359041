"""What a ledger holds of a run: how long everything took, and whether it is right."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.compare import DifferenceError, first_difference
from engine.catalog import load_feature_set
from engine.decide.folder import PARTS
from engine.live.ledger.export import Span, decision_frames, extent
from engine.live.ledger.reader import reading

QUANTILES: Final = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
COMPARED: Final = ("event_id", "score", "threshold", "flagged")

_US_PER_MS: Final = 1e3
_US: Final = 1e6
_DECISIONS: Final = "SELECT event_id, flagged FROM decisions ORDER BY sequence"
_TIMES: Final = """\
SELECT arrival_time, decided_at, at FROM decisions JOIN replies USING (sequence)
WHERE outcome = 'recorded'"""
_COUNTS: Final = """\
SELECT
    (SELECT count(*) FROM decisions),
    (SELECT count(*) FROM decisions WHERE flagged = 1),
    (SELECT count(*) FROM decisions WHERE fallback IS NOT NULL),
    (SELECT count(*) FROM quarantine),
    (SELECT count(*) FROM pending),
    (SELECT count(DISTINCT sequence) FROM replies WHERE outcome = 'recorded'),
    (SELECT count(*) FROM replies),
    (SELECT count(*) FROM reasons)"""
_NAMES: Final = (
    "decisions",
    "flagged",
    "fallbacks",
    "quarantined",
    "pending",
    "acknowledged",
    "replies",
    "explained",
)


def counts_of(ledger: Path) -> dict[str, int]:
    """How many there are of everything."""
    with reading(ledger) as reader:
        return dict(zip(_NAMES, reader.row(_COUNTS), strict=True))


def times_of(ledger: Path) -> dict[str, Any]:
    """How long it took from the first event to the last acknowledgement, and each event.

    An event is received when the scorer has its bytes from the system, and acknowledged when the
    reply to its flag is read: both by the wall's clock, in one process.
    """
    with reading(ledger) as reader:
        rows = np.array(reader.rows(_TIMES), dtype=np.int64)
    received, decided, acknowledged = rows[:, 0], rows[:, 1], rows[:, 2]
    return {
        "seconds": float(acknowledged.max() - received.min()) / _US,
        "latency_ms": {
            "received_decided": _quantiles(decided - received),
            "received_acknowledged": _quantiles(acknowledged - received),
        },
    }


def check_score(score: dict[str, Any], events: int) -> None:
    """See that a judge got each of its events flagged once, in time.

    Raises
    ------
    DifferenceError
        If it did not.
    """
    found = score["events"] | {f"flags {name}": count for name, count in score["flags"].items()}
    right = dict.fromkeys(("sent", "judged", "on_time", "flags recorded"), events)
    wrong = ("to_send", "pending", "expired", "flags contradictory", "flags late")
    right |= dict.fromkeys((*wrong, "flags not_found", "flags malformed", "flags unauthorised"), 0)
    told = {name: found[name] for name in right}
    if told != right:
        raise DifferenceError(f"the judge counts otherwise (was {told}, not {right})")


def check_ledger(ledger: Path, stream: Path, score: dict[str, Any], events: int) -> dict[str, int]:
    """See that a ledger holds one decision of each event, all by the model, as the judge got them.

    Returns
    -------
    dict
        How many there are of everything.

    Raises
    ------
    DifferenceError
        If it does not.
    """
    found = counts_of(ledger)
    right = {"decisions": events, "acknowledged": events}
    right |= dict.fromkeys(("fallbacks", "quarantined", "pending"), 0)
    told = {name: found[name] for name in right}
    if told != right:
        raise DifferenceError(f"the ledger counts otherwise (was {told}, not {right})")
    log = pl.read_parquet(stream, columns=["trans_num", "is_fraud"], n_rows=events)
    with reading(ledger) as reader:
        ids, flags = zip(*reader.rows(_DECISIONS), strict=True)
    if list(ids) != log["trans_num"].to_list():
        raise DifferenceError(f"the ledger's events are not the stream's (was {len(ids):,} ids)")
    flagged = pl.Series(flags, dtype=pl.Int64)
    hits = int((flagged * log["is_fraud"]).sum())
    seen = (score["detection"]["true_positives"], score["detection"]["false_positives"])
    if seen != (hits, int(flagged.sum()) - hits):
        raise DifferenceError(f"the judge got other flags than are recorded (was {seen} hits)")
    return found


def check_replayed(ledger: Path, replayed: Path, feature_set: str) -> int:
    """Compare the first decisions with those of a replay, bit by bit, and say how many.

    Raises
    ------
    DifferenceError
        Naming the first that differs.
    """
    expected = pl.read_parquet(sorted(replayed.glob(PARTS)), columns=[*COMPARED, "features"])
    with reading(ledger) as reader:
        features = load_feature_set(feature_set)
        frames = decision_frames(reader, features, Span(), extent(reader, Span()))
        got = _first(frames, len(expected)).select(expected.columns)
    expected = expected.head(len(got))
    for ours, theirs in zip(_flat(got), _flat(expected), strict=True):
        place = first_difference(ours, theirs)
        if place is not None:
            raise DifferenceError(
                f"{ours.name} of event {place:,} differs (was {ours[place]!r} live, by a replay "
                f"{theirs[place]!r})"
            )
    return len(got)


def _first(frames: Iterable[pl.DataFrame], count: int) -> pl.DataFrame:
    found: list[pl.DataFrame] = []
    for frame in frames:
        found.append(frame)
        count -= len(frame)
        if count <= 0:
            break
    return pl.concat(found).head(sum(map(len, found)) + min(count, 0))


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.unnest("features")


def _quantiles(us: npt.NDArray[np.int64]) -> dict[str, float]:
    found = np.quantile(us, list(QUANTILES.values())) / _US_PER_MS
    return dict(zip(QUANTILES, found.tolist(), strict=True))
