"""Small ledgers whose every row is known."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.catalog import notebook
from engine.live.flag import Outcome, Reply
from engine.live.ledger.about import About
from engine.live.ledger.rows import Batch, Decision, Model, Quarantined, packed
from engine.live.ledger.writer import Ledger
from engine.model.feature_values import FeatureValues

SECOND = 1_000_000
DAY = 86_400 * SECOND
BEGAN = 1_758_834_000 * SECOND
PATIENCE = 0.05
ABOUT = About.of(notebook, lateness=0, leap=None)
MODEL = Model("ab" * 32, "20250901-120000", "lightgbm", ABOUT.fingerprint, 0.5)
WIDTH = len(notebook.names)
EVENT = {"cc_num": 4_111_111_111_111_111, "unix_time": 1_758_834_000, "amt": 1_250}


def opened(path: Path, about: About = ABOUT) -> Ledger:
    return Ledger(path, about, patience=PATIENCE)


def decision(sequence: int, *, arrival_time: int | None = None, **fields: object) -> Decision:
    """A decision on an event that came as many seconds after BEGAN as there were before it."""
    came = BEGAN + sequence * SECOND if arrival_time is None else arrival_time
    plain = Decision(
        sequence=sequence,
        event_id=f"e{sequence}",
        arrival_time=came,
        source="stream",
        event=json.dumps({**EVENT, "merchant": f"m{sequence}"}),
        features=packed(FeatureValues(np.full((1, WIDTH), float(sequence))))[0],
        score=0.25,
        flagged=0,
        fallback=None,
        model=1,
        decided_at=came + 1_000,
        deadline=came + 30 * SECOND,
    )
    return plain._replace(**fields)


def fallback(sequence: int, **fields: object) -> Decision:
    """What is decided on an event that could not be read."""
    nothing = {"event": None, "features": None, "score": None, "model": None, "observed": 0}
    return decision(sequence, fallback="malformed", **{**nothing, **fields})


def record(ledger: Ledger, sequences: Iterable[int], **fields: object) -> None:
    """Record plain decisions, after the model that they name."""
    ledger.enrol(MODEL)
    ledger.record(Batch([decision(sequence, **fields) for sequence in sequences]))


def recorded(sequence: int, attempt: int = 1) -> Reply:
    said = "Response recorded successfully"
    return Reply(sequence, attempt, BEGAN, 200, Outcome.RECORDED, said)


def quarantined(sequence: int, came: int | None = None) -> Quarantined:
    at = BEGAN + sequence * SECOND if came is None else came
    return Quarantined(sequence, at, None, "not JSON", "stream")


def counts(ledger: Ledger, *tables: str) -> list[int]:
    asked = (f"SELECT count(*) FROM {name}" for name in tables)  # noqa: S608 - our own names
    return [ledger._connection.execute(sql).fetchone()[0] for sql in asked]


def json_events(frame: pl.DataFrame) -> list[str]:
    """Canonical values as a ledger keeps them: an object each, without nulls and ids."""
    rows: Sequence[dict[str, Any]] = frame.drop("event_id").to_dicts()
    return [
        json.dumps(
            {name: value for name, value in row.items() if value is not None},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row in rows
    ]
