"""Why events were flagged: found out when there is time, and no end of the work if it cannot be."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from engine.catalog import notebook
from engine.live import explaining
from engine.live.explaining import Explainer
from engine.live.ledger.rows import Unexplained, packed
from engine.live.troubles import Troubles
from engine.live.worker import Worker
from engine.model.encoding import Encoding
from engine.model.feature_values import FeatureValues
from engine.model.reasons import Reason
from live.cases import Heard, until
from processes import PATIENCE_SECONDS
from unit.replay.judge.clients import run

WIDTH = len(notebook.features)


class Ledger:
    """Stands in for a ledger with flagged events, whose features are their places."""

    def __init__(self, events: int) -> None:
        values = np.repeat(np.arange(events, dtype=np.float64)[:, None], WIDTH, axis=1)
        rows = packed(FeatureValues(values))
        self.flagged = [Unexplained(place, row, 1) for place, row in enumerate(rows)]
        self.explained: dict[int, Sequence[Reason]] = {}

    def unexplained(self, after: int, limit: int) -> list[Unexplained]:
        return [one for one in self.flagged if one.sequence > after][:limit]

    def reasons(self, why: Sequence[tuple[int, Sequence[Reason]]]) -> None:
        self.explained |= dict(why)


async def explained(ledger: Ledger, lull: asyncio.Event, heard: Heard) -> "asyncio.Task[None]":
    explainer = Explainer(ledger, Worker(), 3, lull, Troubles(heard))  # type: ignore[arg-type]  # it stands in for one
    explainer.know(1, SimpleNamespace(features=notebook, encoding=Encoding()))  # type: ignore[arg-type]  # the same
    return asyncio.create_task(explainer.run())


def test_a_model_that_cannot_explain_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(_run: object, values: FeatureValues, _most: int) -> list[list[Reason]]:
        if values.numbers[0, 0] == 0.0:
            raise ValueError("something of somebody's event")
        return [[] for _ in values.numbers]

    monkeypatch.setattr(explaining, "reasons", found)

    async def test() -> None:
        ledger, lull, heard = Ledger(20), asyncio.Event(), Heard()
        lull.set()
        task = await explained(ledger, lull, heard)
        await until(lambda: 19 in ledger.explained)
        assert not task.done()
        task.cancel()
        assert sorted(ledger.explained) == list(range(min(ledger.explained), 20))
        assert 0 < min(ledger.explained) < 10
        (first, particulars), *others = heard.said
        assert first == "reasons: trouble"
        assert particulars == {"why": "cannot be found out (was ValueError)"}
        assert others == [("reasons: well again", {})]

    run(test())


def test_reasons_wait_while_events_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "reasons", lambda _run, values, _most: [[] for _ in values])
    monkeypatch.setattr(explaining, "_LULL_SECONDS", PATIENCE_SECONDS)

    async def test() -> None:
        ledger, lull = Ledger(3), asyncio.Event()
        task = await explained(ledger, lull, Heard())
        await asyncio.sleep(0.1)
        assert ledger.explained == {}
        lull.set()
        await until(lambda: len(ledger.explained) == 3)
        task.cancel()

    run(test())


def test_reasons_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "reasons", lambda _run, values, _most: [[] for _ in values])
    monkeypatch.setattr(explaining, "_LULL_SECONDS", 0.01)

    async def test() -> None:
        ledger = Ledger(30)
        task = await explained(ledger, asyncio.Event(), Heard())
        await until(lambda: len(ledger.explained) == 30)
        task.cancel()

    run(test())
