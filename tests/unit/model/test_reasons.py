"""Reasons: what can be looked into comes first; who holds the card takes nothing of its place."""

import numpy as np
import pytest

from engine.model.feature_values import FeatureValues
from engine.model.kinds import Floats
from engine.model.reasons import HOLDER, reasons
from engine.model.run import Run
from unit.report.judgements import Told, judged

RUN = judged([0.9, 0.1], [1, 0]).run
NAMES = RUN.features.names


class Weighing(Told):
    """A model to which each value is what it contributes."""

    def contributions(self, values: Floats) -> Floats:
        return values


def found(most: int, *, against: bool = False, **weights: float) -> list[tuple[str, float]]:
    row = np.zeros((1, len(NAMES)))
    for name, weight in weights.items():
        row[0, NAMES.index(name)] = weight
    run = Run(
        RUN.path,
        RUN.features,
        Weighing(),
        RUN.threshold,
        RUN.calibration,
        RUN.usual,
        RUN.manifest,
    )
    [said] = reasons(run, FeatureValues(row), most, against=against)
    return [(reason.feature, reason.contribution) for reason in said]


def test_the_card_holders_features_take_no_place() -> None:
    weights = {"lat": 5.0, "age": 4.0, "gender_M": 3.0, "hour": 2.0, "velocity_1h": 1.0}
    assert found(2, **weights) == [("hour", 2.0), ("velocity_1h", 1.0)]
    # Where there is room they are one reason together, and what they did together.
    assert found(3, **weights) == [("hour", 2.0), ("velocity_1h", 1.0), (HOLDER, 12.0)]
    assert found(9, **weights)[-1] == (HOLDER, 12.0)
    assert len(found(9, **weights)) == 3
    assert found(0, **weights) == []


def test_only_those_that_went_that_way_count() -> None:
    weights = {"lat": 5.0, "age": -4.0, "hour": -1.0, "dow": 0.5}
    assert found(3, **weights) == [("dow", 0.5), (HOLDER, 5.0)]
    assert found(3, against=True, **weights) == [("hour", -1.0), (HOLDER, -4.0)]
    assert found(3, age=-4.0) == []
    assert found(1, lat=1.0) == [(HOLDER, 1.0)]


@pytest.mark.parametrize("name", ["lat", "gender_F"])
def test_the_reason_tells_nothing_of_them(name: str) -> None:
    row = np.zeros((1, len(NAMES)))
    row[0, NAMES.index(name)] = 1.0
    run = Run(RUN.path, RUN.features, Weighing(), 0.5, RUN.calibration, RUN.usual, RUN.manifest)
    [[reason]] = reasons(run, FeatureValues(row), 3)
    assert reason.words == "what the log tells of the card holder, which is not shown"
