"""Ledgers of made-up decisions, boards on them, and what the questions' SQL says of them."""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.catalog import notebook
from engine.live.board import board as boards
from engine.live.board.board import Board
from engine.live.ledger.export import Span, decision_frames, extent
from engine.live.ledger.reader import reading
from engine.live.ledger.rows import Batch, Decision, packed
from engine.live.ledger.writer import Ledger
from engine.model.feature_values import FeatureValues
from engine.model.reasons import HOLDER, Reason
from engine.model.run import Run
from unit.live.ledger.cases import BEGAN, MODEL, SECOND, WIDTH, decision
from unit.replay.questions.cases import asked

if TYPE_CHECKING:
    from engine.model.calibration import Calibration
    from engine.model.kinds import Model

DEADLINE = 30.0
CARD = 4_111_111_111_111_111
EVENT = {
    "cc_num": CARD,
    "unix_time": BEGAN // SECOND,
    "amt": 1_250,
    "merchant": "fraud_Abc",
    "category": "fuel",
    "state": "CA",
    "dob": "1990-02-03",
    "merch_lat": 40.1,
    "merch_long": -80.2,
    "gender": "F",
}
_FEATURES = ("log_amt", "velocity_1h", "hour", "user_merchant_dist_km", HOLDER)
_DOBS = (
    *("1990-02-03", "1955-12-31", "2004-02-29", "1939-07-01", "1984/5/6", " 1971-01-01 "),
    *("?", "", "1990-02-30", "19900203", "2030-01-01", "0000-01-01", "1962-03-04 10:30", None),
)


def run_of(usual: dict[str, float] | None = None) -> Run:
    """A run of the notebook's features; its model is never asked."""
    return Run(
        path=Path("run"),
        features=notebook,
        model=cast("Model", None),
        threshold=0.5,
        calibration=cast("Calibration", None),
        usual=dict.fromkeys(notebook.names, 1.0) | (usual or {}),
        manifest={},
    )


def caught_up(path: Path, *, run: Run | None = None) -> Board:
    """A board that has read all."""
    board = Board(path, lambda: run or run_of(), DEADLINE)
    read_on(board)
    return board


def read_on(board: Board) -> None:
    while board.catch_up():
        pass


def event(**values: object) -> str:
    """An event as the ledger has it: without what is None."""
    merged = {**EVENT, **values}
    return json.dumps({name: value for name, value in merged.items() if value is not None})


def alert(sequence: int, score: float | None = 0.9, **fields: object) -> Decision:
    plain = decision(sequence, event=event(), score=score, flagged=1)
    return plain._replace(**fields)


def put(ledger: Ledger, decisions: Iterable[Decision]) -> None:
    ledger.enrol(MODEL)
    ledger.record(Batch(list(decisions)))


def invented(
    first: int, count: int, seed: int, *, spacing: int = 7 * SECOND
) -> tuple[list[Decision], list[tuple[int, list[Reason]]]]:
    """Decisions of all kinds, and the reasons of most alerts: many ties, and every oddity."""
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    decisions, reasons = [], []
    for sequence in range(first, first + count):
        came = BEGAN + sequence * spacing // 3 + draw.randrange(3) * SECOND
        is_flagged = draw.random() < 0.3
        card = CARD + draw.randrange(150) ** 2
        made = decision(
            sequence,
            arrival_time=came,
            event=event(
                cc_num=card if card % 5 else 9_876_543_210_987_654_321,
                unix_time=came // SECOND - draw.choice([0, 1, 3_600, 86_400, 20_000_000]),
                amt=draw.choice([100, 250, 99_999, draw.randrange(100_000)]),
                state=draw.choice(["CA", "TX", "unknown", None]),
                category=draw.choice(["fuel", "food", "é<script>", None]),
                dob=_DOBS[card % len(_DOBS)] if draw.random() < 0.9 else draw.choice(_DOBS),
                merch_lat=draw.choice([40.1, 40.4, None]),
            ),
            features=packed(FeatureValues(np.full((1, WIDTH), float(sequence))))[0],
            score=draw.choice([0.5, 0.75, draw.random()]),
            flagged=int(is_flagged),
        )
        if draw.random() < 0.05:
            made = made._replace(fallback="model failed", score=None, features=None, model=None)
        if draw.random() < 0.02:
            nothing = {"event": None, "features": None, "score": None, "model": None}
            made = made._replace(fallback="unreadable", **nothing)
        decisions.append(made)
        if is_flagged and made.fallback is None and draw.random() < 0.9:
            names = draw.sample(_FEATURES, draw.randrange(5))
            reasons.append(
                (sequence, [Reason(name, 1.0, f"{name} of {sequence}") for name in names])
            )
    return decisions, reasons


def exported(path: Path, folder: Path) -> Path:
    """A ledger's decisions as ``engine.live`` exports them unless it is asked for fallbacks."""
    folder.mkdir()
    with reading(path) as reader:
        span = Span()
        frames = decision_frames(reader, notebook, span, extent(reader, span))
        for part, frame in enumerate(frames):
            frame.write_parquet(folder / f"part-{part:06}.parquet")
    return folder


def answers(name: str, folder: Path, until: int, **variables: object) -> list[dict[str, Any]]:
    """What a question's SQL says of an export, until a second."""
    at = f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M:%S}"
    return asked(name, folder, until=at, **variables)


def assert_same_answers(board: Board, folder: Path, untils: Sequence[int]) -> None:
    """A board's picture says what the questions' SQL says, for each of some seconds in order."""
    for until in untils:
        picture = board.picture(until * SECOND + 999_999)
        patterns = [
            (p.pattern, p.words, p.alerts, p.share, p.cards, p.money, f"e{p.example}")
            for p in picture.patterns
        ]
        names = ("pattern", "says", "alerts", "share", "cards", "money", "example")
        assert patterns == [
            tuple(float(row[name]) if name == "money" else row[name] for name in names)
            for row in answers("patterns", folder, until)
        ]
        (counted,) = answers("alerts", folder, until)
        assert picture.alerts_2h == counted["alerts"]
        _assert_same_segments(board, folder, until)


def _assert_same_segments(board: Board, folder: Path, until: int) -> None:
    picture = board.picture(until * SECOND)
    names = ("segment", "events", "hits", "rate", "low", "high", "cards")
    # The five that it has by default are the first of all of them.
    rows = answers("exposed", folder, until, top=1_000)
    kinds = {
        "state": picture.by_state,
        "category": picture.by_category,
        "hour": picture.by_hour,
    }
    for kind, segments in kinds.items():
        there = [tuple(getattr(one, name) for name in names) for one in segments]
        assert there == [tuple(row[n] for n in names) for row in rows if row["kind"] == kind]
    ages = [row for row in rows if row["kind"] == "age"][:5]
    assert [(one.kind, picture.counted) for one in picture.exposed] == [
        (row["kind"], row["counted"]) for row in ages
    ]
    there = [tuple(getattr(one, name) for name in names) for one in picture.exposed]
    assert there == [tuple(row[name] for name in names) for row in ages]


def at_once(monkeypatch: Any, seconds: float = 0.0) -> None:  # noqa: ANN401 - pytest's
    """Have a board read anew as soon as something was removed."""
    monkeypatch.setattr(boards, "_STILL_SECONDS", seconds)
