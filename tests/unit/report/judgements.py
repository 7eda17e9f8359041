"""Judged models whose scores a test decides."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.catalog import notebook
from engine.definition import FeatureSet
from engine.model.calibration import Calibration
from engine.model.evaluate import evaluate
from engine.model.feature_values import FeatureValues
from engine.model.kinds import Floats, Kind
from engine.model.metrics import Scored, Terms
from engine.model.run import Run
from engine.model.split import utc_text
from engine.report.judged import Judged

DAY = 86_400
MONDAY = 1_735_516_800  # 2024-12-30


@dataclass(frozen=True)
class Told:
    """A model that says of a row what stands in its first feature."""

    kind: Kind = "lightgbm"
    width: int = field(default=len(notebook.names))

    def scores(self, values: Floats) -> Floats:
        return values[:, 0]

    def contributions(self, values: Floats) -> Floats:
        """The third feature raises the score by itself, the second lowers it by half of that."""
        found = np.zeros(values.shape)
        found[:, 2], found[:, 1] = values[:, 0], -values[:, 0] / 2
        return found

    def importance(self) -> Floats:
        return np.arange(self.width) / sum(range(self.width))

    @property
    def added(self) -> tuple[str, ...]:
        return ()

    def inputs(self, values: Floats) -> Floats:
        return values

    def classifier(self) -> None:
        """None: nobody reads it without this project."""

    def files(self) -> dict[str, bytes]:
        return {}


def judged(
    scores: list[float],
    labels: list[int],
    *,
    cards: list[int] | None = None,
    times: list[int] | None = None,
    amounts: list[float] | None = None,
    span: tuple[int, int] | None = None,
    threshold: float = 0.5,
    features: FeatureSet = notebook,
    kind: Kind = "lightgbm",
    **options: Any,  # noqa: ANN401 - of the manifest
) -> Judged:
    """A model that gave these scores, threshold chosen elsewhere; times count from a Monday."""
    events = len(scores)
    at = np.array(times or range(events), dtype=np.int64) + MONDAY
    start, end = span or (MONDAY, int(at.max()) + 1)
    codes = np.array(cards or range(events), dtype=np.int64)
    test = Scored(
        scores=np.array(scores),
        probabilities=np.array(scores),
        labels=np.array(labels, dtype=np.int8),
        card_codes=codes,
        times=at,
        amounts=None if amounts is None else np.array(amounts),
    )
    terms = Terms(threshold=threshold, alert_cost=5.0, cards_per_day=2, days=(end - start) / DAY)
    metrics = evaluate(test, terms, resamples=5, seed=1)
    values = np.zeros((events, len(features.names)))
    values[:, 0] = scores
    part = {
        "from": utc_text(start),
        "until": utc_text(end),
        "start": start,
        "end": end,
        "events": events,
        "fraud": int(sum(labels)),
        "cards": len(set(codes.tolist())),
    }
    manifest = {
        "id": "run",
        "model": kind,
        "fingerprint": "f" * 64,
        "versions": {"python": "3"},
        "seed": 7,
        "options": {"split": "time", "label_delay_days": 2.0, "threshold": "max-f1"} | options,
        "training": {"trees": 3},
        "data": {"file": "x.parquet", "sha256": "0" * 64, "events": 1, "from": "a", "to": "b"}
        | {"unlabelled": 0},
        "parts": {"train": part, "validation": part, "test": part},
        "usual": dict.fromkeys(features.names, 0.0),
    }
    run = Run(
        path=Path("runs/run"),
        features=features,
        model=Told(kind, len(features.names)),
        threshold=threshold,
        calibration=Calibration("none"),
        usual=dict.fromkeys(features.names, 0.0),
        manifest=manifest,
    )
    there = {"precision": 0.5, "recall": 0.5, "alerts_per_day": 1.0}
    return Judged(
        run=run,
        thresholds={"rule": "max-f1", "chosen_on": "validation", "there": there},
        metrics=metrics,
        test=test,
        values=FeatureValues(values),
        cards=(codes + 4_000_000_000_000_000).astype(np.uint64),
        event_ids=pl.Series([f"e{place}" for place in range(events)]),
    )


def with_metrics(one: Judged, **changes: Any) -> Judged:  # noqa: ANN401 - JSON
    return replace(one, metrics=one.metrics | changes)
