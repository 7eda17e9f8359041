"""Micro-batches on their way, of which some fail."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pytest

from engine.live.decided import Decided, Figures
from engine.live.flow import Flow
from engine.live.intake import Intake, Piece
from engine.live.ledger.rows import Batch
from engine.live.sse import Event
from engine.live.stream import Arrival
from engine.live.troubles import Troubles
from engine.live.worker import Worker
from live.cases import Heard
from unit.replay.judge.clients import run

if TYPE_CHECKING:
    from engine.live.scorer import Scorer


class Failing:
    """Stands in for a scorer whose model fails of every third event."""

    def decide(self, pieces: Sequence[Piece]) -> Decided:
        (event,) = pieces[0].events
        assert isinstance(event, Event)
        why = "as it was told" if int(event.id) % 3 == 0 else None
        return Decided(Batch([]), [], [], [], {}, Figures(decided=1), why)


@pytest.mark.parametrize(("well_after", "told"), [(60.0, 1), (-1.0, 6)])
def test_what_fails_now_and_then_is_one_trouble(well_after: float, told: int) -> None:
    heard = Heard()

    async def test() -> None:
        intake, worker, done = Intake(100, 1), Worker(), list[Decided]()
        flow = Flow(
            intake,
            cast("Scorer", Failing()),
            worker,
            done.append,
            Troubles(heard),
            lambda: None,
            well_after,
        )
        for one in range(9):
            await intake.take(Arrival([Event("message", str(one), b"{}")], 0.0, 0))
        intake.close()
        async with asyncio.timeout(10):
            await flow.run()
        worker.close()
        assert len(done) == 9

    run(test())
    said = [what for what, _ in heard.said]
    assert said == ["scoring: trouble", "scoring: well again"][:told] * max(1, told // 2)
