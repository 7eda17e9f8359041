"""What a backtest that was stopped may go on with, option by option: nothing is forgotten."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog import notebook
from engine.definition import feature_set
from engine.model.feature_values import FeatureValues
from engine.model.loading import load_run
from engine.model.split import DAY
from engine.model.threshold import Rule
from replay.backtest.about import FREE, about
from replay.backtest.folds import plan
from replay.backtest.options import Options
from unit.model.cases import table_of
from unit.replay.backtest.cases import Done

NOW = 20_000 * DAY
TIMES = list(range(NOW, NOW + 80 * DAY, DAY // 4))
TABLE = table_of(TIMES, [0] * len(TIMES))
FEWER = feature_set("fewer", notebook.schema, notebook.features[:-1])

# Of each option something else than its default.
OTHER: dict[str, Any] = {
    "inputs": ("b.csv",),
    "contenders.name": "challenger",
    "contenders.run": Path("runs/fold-01"),
    "contenders.threshold": 0.5,
    "windows.train": 30 * DAY,
    "windows.delay": 6 * DAY,
    "windows.test": 6 * DAY,
    "windows.validation": 6 * DAY,
    "start": date(2024, 11, 1),
    "until": date(2024, 11, 30),
    "training.model": "random_forest",
    "training.rule": Rule("cost"),
    "training.calibration": "isotonic",
    "policy.budget": 7,
    "policy.blocking": "pool",
    "policy.reviews": 6,
    "order": "event-time",
    "leap": 7 * DAY,
    "alert_cost": 6.0,
    "seed": 43,
    "mode": "check",
    "batch": 1,
    "cards_per_day": 11,
    "resamples": 0,
    "threads": 2,
    "out": Path("out"),
    "overwrite": True,
    "quiet": False,
    "json": True,
    "features": FEWER,
}


def names_in(options: Any, prefix: str = "") -> Iterator[str]:  # noqa: ANN401 - any dataclass
    """Every option, those within others as ``policy.budget``."""
    for field in fields(options):
        value = getattr(options, field.name)
        within = value[0] if field.name == "contenders" else value
        if is_dataclass(within) and not isinstance(within, Rule):
            yield from names_in(within, f"{field.name}.")
        else:
            yield prefix + field.name


def changed(options: Options, name: str) -> Options:
    outer, _, inner = name.partition(".")
    if not inner:
        return replace(options, **{outer: OTHER[name]})
    within = getattr(options, outer)
    if outer == "contenders":
        return replace(options, contenders=(replace(within[0], **{inner: OTHER[name]}),))
    return replace(options, **{outer: replace(within, **{inner: OTHER[name]})})


def test_every_option_is_thought_of() -> None:
    assert set(names_in(Options(inputs=("a.csv",)))) == set(OTHER)
    assert set(OTHER) >= FREE


@pytest.mark.parametrize("name", OTHER)
def test_only_what_decides_nothing_may_change(done: Done, name: str) -> None:
    fixed = {OTHER["contenders.run"]: load_run(done.folder / "runs" / "fold-01", threads=1)}
    options = Options(inputs=("a.csv",))
    folds = plan(options.windows, TIMES[0], TIMES[-1], start=None, until=None)
    before, after = (
        json.loads(json.dumps(about(each, TABLE, folds, fixed)))
        for each in (options, changed(options, name))
    )
    assert (before == after) == (name in FREE or name == "features")
    # What is asked for stands there as it was asked, but for runs.
    if name not in FREE and name not in {"features", "contenders.run"}:
        assert {key for key in before if before[key] != after[key]} == {name.partition(".")[0]}


def test_rules_that_read_alike_are_told_apart() -> None:
    options = Options(inputs=("a.csv",))
    folds = plan(options.windows, TIMES[0], TIMES[-1], start=None, until=None)
    one, other = (
        about(replace(options, training=replace(options.training, rule=rule)), TABLE, folds, {})
        for rule in (Rule("recall", 0.8), Rule("recall", 0.80000001))
    )
    assert one != other


def test_another_log_other_features_and_other_folds_are_noticed() -> None:
    options = Options(inputs=("a.csv",))
    folds = plan(options.windows, TIMES[0], TIMES[-1], start=None, until=None)
    before = about(options, TABLE, folds, {})
    turned = 1 - TABLE.known_labels
    for table in (
        replace(TABLE, features=FEWER),
        replace(TABLE, labels=turned),
        replace(TABLE, label_times=TABLE.times),
        replace(TABLE, values=FeatureValues(TABLE.values.numbers + 1)),
        replace(TABLE, cards=TABLE.cards + np.uint64(1)),
    ):
        assert about(options, table, folds, {}) != before
    assert about(options, TABLE, folds[:-1], {}) != before
