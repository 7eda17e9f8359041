"""A board that is none, filled with what might be, and a dashboard over it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from engine.live.api.app import make_app
from engine.live.api.options import ApiOptions
from engine.live.board.rows import Alert, Answered, Case, Drift, Fault, Picture, Query
from engine.live.dashboard.keeping_up import KeepingUp, Pace
from engine.live.dashboard.made import Made
from engine.live.dashboard.routes import Dashboard
from engine.live.metrics import Metrics
from live.cases import Heard
from unit.live.api.cases import Scorer, asking
from unit.replay.judge.clients import run

NOW = 1_764_000_000_000_000
SECOND = 1_000_000
# What an analyst says of an event.
LABEL = {"event_id": "e1", "label": 1, "who": "Mia B."}


def alert(sequence: int, event_id: str = "e1", **fields: Any) -> Alert:  # noqa: ANN401
    """An alert, like any other but for what is given."""
    usual = {
        "arrival_time": NOW,
        "card": "••••3333",
        "amt": 12.5,
        "merchant": "fraud_Kirlin and Sons",
        "category": "shopping_net",
        "state": "TX",
        "lat": 31.0,
        "long": -99.0,
        "score": 0.97,
        "threshold": 0.5,
        "fallback": None,
        "reasons": ("amount 980.00; usual is 47.00",),
        "answered_after": 0.21,
        "label": None,
        "asked": False,
    }
    return Alert(sequence, event_id, **usual | fields)


def picture(**fields: Any) -> Picture:  # noqa: ANN401
    """A picture with nothing on it but what is given."""
    usual = {
        "as_of": NOW,
        "last_event": NOW,
        "patterns": (),
        "alerts_2h": 0,
        "exposed": (),
        "by_state": (),
        "by_category": (),
        "by_hour": (),
        "counted": "alerts",
        "minutes": (),
        "answered": Answered(0, 0, 0, None, None, None, 30.0),
        "places": (),
        "caught_up": True,
        "events": 0,
    }
    return Picture(**usual | fields)


@dataclass
class FakeBoard:
    """Answers from what it was given."""

    held: list[Alert] = field(default_factory=list)
    shown: Picture = field(default_factory=picture)
    cases: dict[int, Case] = field(default_factory=dict)
    fails: BaseException | None = None
    moved: Drift | BaseException | None = None
    wrong: list[Fault] | BaseException = field(default_factory=list)
    news: list[Alert] = field(default_factory=list)
    asked: list[Query] = field(default_factory=list)
    closed: bool = False
    began: int = NOW

    def catch_up(self) -> bool:
        if self.fails is not None:
            raise self.fails
        return False

    def picture(self, now_us: int) -> Picture:
        return replace(self.shown, as_of=now_us)

    def alerts(self, query: Query) -> Sequence[Alert]:
        self.asked.append(query)
        found = sorted(self.held, key=lambda one: -one.sequence)
        return [one for one in found if _is_sought(one, query)][: query.most]

    def changed(self) -> Sequence[Alert]:
        changed, self.news = self.news, []
        return changed

    def opened(self, sequence: int) -> Case | None:
        if sequence in self.cases:
            return self.cases[sequence]
        found = [one for one in self.held if one.sequence == sequence]
        return Case(found[0], (), (), (), ()) if found else None

    def drift(self) -> Drift | None:
        if isinstance(self.moved, BaseException):
            raise self.moved
        return self.moved

    def faults(self, now_us: int) -> Sequence[Fault]:
        assert now_us > NOW
        if isinstance(self.wrong, BaseException):
            raise self.wrong
        return self.wrong

    def close(self) -> None:
        self.closed = True


def _is_sought(one: Alert, query: Query) -> bool:
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
    return KeepingUp(lambda: board, log or Heard(), Pace(watched=tick, alone=tick, anew=tick))


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


def ask(
    method: str,
    path: str,
    board: FakeBoard | None = None,
    scorer: Scorer | None = None,
    metrics: Metrics | None = None,
    **more: Any,  # noqa: ANN401
) -> httpx.Response:
    """The answer of a dashboard to one request."""
    found: list[httpx.Response] = []

    async def test() -> None:
        async with asking(app_of(board or FakeBoard(), scorer, metrics=metrics)) as client:
            found.append(await client.request(method, path, **more))

    run(test())
    return found[0]
