"""Answers to those who ask about events, of decisions made now or before."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.live.decided import UNREADABLE, AskedEvent
from engine.live.explaining import Explainer
from engine.live.ledger.rows import Batch, Decided, Decision, unpacked
from engine.live.ledger.writer import Ledger
from engine.live.scorer import Looked, Scorer
from engine.live.service import Answer
from engine.live.worker import Worker
from engine.model.feature_values import FeatureValues, text_columns
from engine.model.reasons import Reason
from engine.model.run import Run

_AT_ONCE: Final = 16


class Answering:
    """Makes answers.

    Parameters
    ----------
    ledger, scorer, worker
        Who knows, in whose thread.
    explainer
        Who says why.
    fallback
        What is decided where nothing can be.
    runs
        The runs that decide or did, by the number that the ledger gave them.
    """

    def __init__(
        self,
        ledger: Ledger,
        scorer: Scorer,
        worker: Worker,
        explainer: Explainer,
        fallback: int,
        runs: Mapping[int, Run],
    ) -> None:
        self._ledger = ledger
        self._scorer = scorer
        self._worker = worker
        self._explainer = explainer
        self._fallback = fallback
        self._runs = runs
        self._texts = text_columns(scorer.online.features)

    async def of(self, batch: Batch, asked: Sequence[AskedEvent]) -> list[Answer]:
        """The answers to events that were recorded, now or before."""
        before = await self._before(
            [one.event_id for one in asked if one.decision is None and one.event_id is not None]
        )
        return [await self._of_one(one, batch, before) for one in asked]

    async def looked(self, events: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """The answers to events that are not recorded, unless they were before."""
        found: list[Looked] = []
        for start in range(0, len(events), _AT_ONCE):  # what the stream brings goes between
            some = events[start : start + _AT_ONCE]
            found += await self._worker.do(self._scorer.look, some)
        before = await self._before([one.event_id for one in found if one.event_id is not None])
        return [
            before[one.event_id]
            if one.event_id is not None and one.event_id in before
            else await self._of_looked(one)
            for one in found
        ]

    async def _of_one(
        self, asked: AskedEvent, batch: Batch, before: Mapping[str, Answer]
    ) -> Answer:
        if asked.decision is not None:
            return await self._of_decision(batch.decisions[asked.decision], asked)
        if asked.event_id is not None and asked.event_id in before:
            return before[asked.event_id]
        return Answer(
            asked.event_id,
            self._fallback,
            fallback=UNREADABLE,
            refused=asked.refused,
            field=asked.field,
        )

    async def _of_decision(self, one: Decision, asked: AskedEvent) -> Answer:
        run = None if one.model is None else self._runs[one.model]
        values = None
        if run is not None and one.features is not None:
            values = unpacked([one.features], len(run.features.features), run.encoding.columns)
        seen = Looked(
            one.event_id,
            one.flagged,
            one.score,
            values,
            one.fallback,
            asked.refused,
            asked.field,
            one.model,
        )
        return await self._of_looked(seen)

    async def _of_looked(self, one: Looked) -> Answer:
        run = None if one.model is None else self._runs[one.model]
        if run is None or one.values is None:
            return Answer(
                one.event_id,
                one.flagged,
                fallback=one.fallback,
                refused=one.refused,
                field=one.field,
            )
        return Answer(
            one.event_id,
            one.flagged,
            one.score,
            None if one.score is None else run.threshold,
            self._named(one.values),
            await self._why(run, one.values) if one.flagged and one.score is not None else (),
            one.fallback,
            one.refused,
            field=one.field,
        )

    async def _before(self, event_ids: Sequence[str]) -> dict[str, Answer]:
        if not event_ids:
            return {}
        found = await self._worker.do(self._ledger.decided, event_ids)
        return {one.event_id: self._of_before(one) for one in found}

    def _of_before(self, one: Decided) -> Answer:
        names = self._scorer.online.features.names
        values = None if one.features is None else unpacked([one.features], len(names), self._texts)
        why = () if one.reasons is None else [Reason(**each) for each in json.loads(one.reasons)]
        return Answer(
            one.event_id,
            one.flagged,
            one.score,
            None if one.score is None else one.threshold,
            {} if values is None else self._named(values),
            why,
            one.fallback,
            before=True,
        )

    async def _why(self, run: Run, values: FeatureValues) -> list[Reason]:
        return (await self._explainer.why(run, values))[0]

    def _named(self, values: FeatureValues) -> dict[str, float | str | None]:
        (named,) = values.records(self._scorer.online.features.names)
        return named
