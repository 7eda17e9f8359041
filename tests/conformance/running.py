"""What laws about running sets of features are told with."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import polars as pl
import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st

from conformance.logs import LOG, log_of_rows
from conformance.sets import SETS
from engine.backends.online.compile import Features
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.backends.online.state import state_bytes, state_of_bytes
from engine.definition import FeatureSet
from engine.definition.needs import columns_in
from engine.events.canonical import EVENT_ID, feature_schema

Scored = Features | None

FOR_EVER = 2**60
LATENESS = st.sampled_from([0, 1, 60, 3_600, 86_400])
LAWS = pytest.mark.parametrize("name", SETS)
# A law's examples are spread over the feature sets that it is told over.
SPREAD = settings(max_examples=-(-settings.default.max_examples // len(SETS)))


def unlabelled(features: FeatureSet) -> FeatureSet:
    without = [
        feature
        for feature in features.features
        if LOG.label not in set(columns_in(feature.expression))
    ]
    assume(without)
    return replace(features, features=tuple(without))


def observed(online: OnlineFeatures, events: pl.DataFrame) -> pl.DataFrame:
    """The features of events that come in this order, each followed by its label."""
    rows = []
    for event in events.iter_rows(named=True):
        rows.append(online.observe(event))
        online.observe_label(event[EVENT_ID], event["is_fraud"], event.get("label_time"))
    return frame_of(rows, online.features)


def frame_of(rows: Sequence[Scored], features: FeatureSet) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=feature_schema(features), orient="row")


def restarted(online: OnlineFeatures) -> OnlineFeatures:
    content = state_bytes(online.features, capture(online))
    return revive(online.features, state_of_bytes(online.features, content, called="state"))


def take(online: OnlineFeatures, event: dict[str, object]) -> Scored:
    features = online.observe(event)
    online.observe_label(event[EVENT_ID], event["is_fraud"], event.get("label_time"))  # type: ignore[arg-type]  # a row
    return features


def counters(online: OnlineFeatures) -> tuple[int, ...]:
    counted = (online.events, online.late, online.too_late, online.duplicates, online.astray)
    return *counted, online.watermark


def hot_card(seed: int) -> pl.DataFrame:
    """160 events of two cards in forty minutes, with ties, a few merchants and refunds."""
    random = Random(seed)  # noqa: S311 - a test
    rows = [
        {
            "unix_time": random.randrange(2_400) // 5 * 5,
            "cc_num": random.choice([1, 1, 1, 2]),
            "merchant": random.choice("mnop"),
            "category": random.choice(["a", "b", None]),
            "amt": random.randrange(-500, 5_000),
            "tip": random.choice([None, 7, 1_000]),
            "points": random.choice([None, 1, 2, 3]),
            "speed": random.choice([None, 0.0, -0.0, 1.5]),
            "is_fraud": random.randrange(2),
        }
        for _ in range(160)
    ]
    return log_of_rows(LOG, rows)
