"""A board that is none, filled with what might be, and a dashboard over it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from engine.live.api.app import make_app
from engine.live.api.options import ApiOptions
from engine.live.dashboard.boards import Sought
from engine.live.dashboard.keeping_up import KeepingUp, Pace
from engine.live.dashboard.made import Made
from engine.live.dashboard.routes import Dashboard
from engine.live.metrics import Metrics
from live.cases import Heard
from unit.live.api.cases import Scorer

NOW = 1_764_000_000_000_000
SECOND = 1_000_000


@dataclass(frozen=True)
class Pattern:
    pattern: str
    words: str
    alerts: int
    share: float
    cards: int
    money: float
    example: int


@dataclass(frozen=True)
class Segment:
    kind: str
    segment: str
    events: int
    hits: int
    rate: float
    low: float
    high: float
    cards: int


@dataclass(frozen=True)
class Minute:
    minute: int
    events: int
    alerts: int


@dataclass(frozen=True)
class Answered:
    final: int
    on_time: int
    expired: int
    share: float | None
    p50: float | None
    p99: float | None
    deadline: float


@dataclass(frozen=True)
class Place:
    lat: float
    long: float
    alerts: int


@dataclass(frozen=True)
class Picture:
    as_of: int
    last_event: int | None
    patterns: tuple[Pattern, ...] = ()
    alerts_2h: int = 0
    exposed: tuple[Segment, ...] = ()
    by_state: tuple[Segment, ...] = ()
    by_category: tuple[Segment, ...] = ()
    by_hour: tuple[Segment, ...] = ()
    counted: str = "alerts"
    minutes: tuple[Minute, ...] = ()
    answered: Answered = Answered(0, 0, 0, None, None, None, 30.0)
    caught_up: bool = True
    events: int = 0
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Alert:
    sequence: int
    event_id: str = "e1"
    arrival_time: int = NOW
    card: str = "••••3333"
    amt: float | None = 12.5
    merchant: str | None = "fraud_Kirlin and Sons"
    category: str | None = "shopping_net"
    state: str | None = "TX"
    lat: float | None = 31.0
    long: float | None = -99.0
    score: float | None = 0.97
    threshold: float | None = 0.5
    fallback: str | None = None
    reasons: tuple[str, ...] = ("amount 980.00; usual is 47.00",)
    answered_after: float | None = 0.21
    label: int | None = None


@dataclass(frozen=True)
class Case:
    alert: Alert
    reasons: tuple[tuple[str, float, str], ...] = ()
    card: tuple[dict[str, Any], ...] = ()
    features: tuple[dict[str, Any], ...] = ()
    labels: tuple[tuple[int | None, str, int], ...] = ()


@dataclass
class FakeBoard:
    """Answers from what it was given."""

    held: list[Alert] = field(default_factory=list)
    shown: Picture = field(default_factory=lambda: Picture(NOW, NOW))
    cases: dict[int, Case] = field(default_factory=dict)
    fails: Exception | None = None
    asked: list[Sought] = field(default_factory=list)
    closed: bool = False

    def catch_up(self) -> bool:
        if self.fails is not None:
            raise self.fails
        return False

    def picture(self, now_us: int) -> Picture:
        return replace(self.shown, as_of=now_us)

    def alerts(self, query: Sought) -> Sequence[Alert]:
        self.asked.append(query)
        found = sorted(self.held, key=lambda one: -one.sequence)
        return [one for one in found if _is_sought(one, query)][: query.most]

    def opened(self, sequence: int) -> Case | None:
        if sequence in self.cases:
            return self.cases[sequence]
        found = [one for one in self.held if one.sequence == sequence]
        return Case(found[0]) if found else None

    def close(self) -> None:
        self.closed = True


def _is_sought(one: Alert, query: Sought) -> bool:
    text = (query.text or "").lower()
    return (
        (not text or text in (one.merchant or "").lower() or text in one.card[-4:])
        and query.state in {None, one.state}
        and query.category in {None, one.category}
        and (query.least_score is None or (one.score or 0.0) >= query.least_score)
        and (query.since_us is None or one.arrival_time >= query.since_us)
        and (query.until_us is None or one.arrival_time <= query.until_us)
        and (query.before is None or one.sequence < query.before)
        and (query.after is None or one.sequence > query.after)
    )


def keeping(board: FakeBoard, log: Heard | None = None, tick: float = 0.01) -> KeepingUp:
    return KeepingUp(lambda: board, log or Heard(), Pace(watched=tick, alone=tick))


def app_of(
    board: FakeBoard,
    scorer: Scorer | None = None,
    *,
    made: Made | None = None,
    metrics: Metrics | None = None,
    **options: Any,  # noqa: ANN401
) -> FastAPI:
    """An application with a dashboard; whoever asks it lets go of the board's thread."""
    dashboard = Dashboard(keeping(board), 30.0, made or Made(Path("/nowhere")))
    return make_app(
        scorer or Scorer(),
        ApiOptions(**options),
        metrics=metrics or Metrics(),
        log=Heard(),
        dashboard=dashboard,
    )
