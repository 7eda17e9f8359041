"""§3.10 and §10: a lane's entries are columns of words where every event has what they hold."""

from array import array
from dataclasses import replace
from random import Random
from sys import getsizeof

import pytest

from conformance.bits import assert_same_bits
from conformance.logs import LOG, log_of_rows
from conformance.running import observed, restarted
from engine.backends.online.columns import code_of
from engine.backends.online.engine import OnlineFeatures
from engine.backends.reference import compute
from engine.definition import POS, ColumnSpec, column, feature, feature_set, key
from engine.definition.dsl import History
from engine.definition.nodes import Expression

DAY = 86_400
TIMES = {"low": 10**9, "high": 2 * 10**9}
# Every event has all columns but the label's.
FULL = replace(
    LOG,
    name="full",
    columns=tuple(
        replace(
            each,
            required=not (each.label or each.name == "label_time"),
            **(TIMES if each.name == "unix_time" else {}),
        )
        for each in LOG.columns
    ),
)
CODES = {
    "unix_time": "I",
    "cc_num": "Q",
    "amt": "i",
    "points": "i",
    "terminal": "q",
    "posted": "q",
    "speed": "d",
    "merchant": "",
    "online": "",
}


def of_history(history: History) -> dict[str, Expression]:
    """Every aggregate of what words hold, and of what they do not."""
    return {
        "count": history.count(),
        "sum": history.sum("amt"),
        "std": history.std("points"),
        "least": history.min("terminal"),
        "posted": history.last("posted").eq(column("posted")),
        "slowest": history.min("speed"),
        "fastest": history.max(column("speed") * 2.0),
        "cards": history.n_unique("cc_num"),
        "speeds": history.n_unique("speed"),
        "merchants": history.n_unique("merchant"),
        "online": history.last("online"),
        "first": history.first("terminal"),
        "last": history.last("cc_num").eq(column("cc_num")),
        "ago": history.seconds_since_last(),
    }


def features_of(*columns: str) -> dict[str, Expression]:
    own = key(*columns)
    histories = {
        "short": own.last(hours=1),
        "long": own.last(days=3),
        "large": own.last(days=3).where(column("amt") > 0),
        "delayed": own.last(days=2, delay_hours=5),
        "ever": own.ever(),
    }
    found = {
        f"{name}_{each}": expression
        for name, history in histories.items()
        for each, expression in of_history(history).items()
    }
    frauds = own.last(days=2, delay_hours=5)
    return found | {
        "frauds": frauds.sum("is_fraud"),
        "rate": frauds.where(column("online")).mean("is_fraud"),
    }


def rows(seed: int) -> list[dict[str, object]]:
    random = Random(seed)  # noqa: S311 - a test
    spread = random.choice([60, 1_000, 6_000])
    return [
        {
            "unix_time": 10**9 + number * spread // 7 * 7,
            "cc_num": random.choice([1, 1, 2, 10**19 - 1]),
            "merchant": random.choice("mno"),
            "category": random.choice("ab"),
            "amt": random.choice([1, -250, 10**9, -(10**9)]),
            "tip": 5,
            "points": random.choice([0, 2**30, -(2**30)]),
            "terminal": random.choice([2**63 - 1, -(2**63), 7]),
            "posted": random.choice([0, 2**37, -(2**35)]),
            "online": random.random() < 0.5,
            "speed": random.choice([0.0, -0.0, 1e308, -1.5]),
            **dict.fromkeys(("gender", "city", "state", "zip", "job", "dob"), "x"),
            **dict.fromkeys(("lat", "long", "city_pop", "merch_lat", "merch_long"), 1.0),
            "is_fraud": random.choice([0, 1]),
        }
        for number in range(120)
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("columns", [(), ("cc_num",), ("merchant", "category")])
def test_s10_columns_of_words_hold_every_value(columns: tuple[str, ...], seed: int) -> None:
    found = features_of(*columns)
    features = feature_set("full", FULL, [feature(name, found[name], "x") for name in found])
    events = log_of_rows(FULL, rows(seed))
    online = OnlineFeatures(features, lateness=DAY)
    got = observed(online, events[:70])
    got.extend(observed(restarted(online), events[70:]))
    assert_same_bits(got, compute(features, events), features, events)


@pytest.mark.parametrize("seed", range(4))
def test_s3_9_columns_of_words_are_rewound_as_lists_are(seed: int) -> None:
    found = features_of("cc_num")
    del found["frauds"], found["rate"]  # a label may come too late for a window that has passed it
    late = rows(seed)
    Random(seed).shuffle(late)  # noqa: S311 - a test
    told = []
    for schema in (FULL, replace(FULL, columns=tuple(map(_may_be_null, FULL.columns)))):
        features = feature_set("full", schema, [feature(name, found[name], "x") for name in found])
        events = log_of_rows(schema, late)
        told.append(observed(OnlineFeatures(features, lateness=30 * DAY), events))
    assert_same_bits(told[0], told[1], features, events)


@pytest.mark.parametrize("name", CODES)
def test_s10_what_every_event_has_is_held_as_words_of_its_bounds(name: str) -> None:
    assert code_of(FULL, column(name)) == CODES[name]
    assert code_of(LOG, column(name)) == ("q" if name == "unix_time" else "")


def test_s10_an_entry_takes_a_few_bytes() -> None:
    """A day of one key: its times are of 32 bits, and so are its amounts."""
    found = {"n": key().last(days=1).count(), "mean": key("merchant").last(days=1).mean("amt")}
    features = feature_set("few", POS, [feature(name, found[name], "x") for name in found])
    online = OnlineFeatures(features)
    row = {"merchant": "m", "category": "c", "cc_num": 1, "amt": 100}
    events = 5_000
    for number in range(events):
        online.observe({**row, "event_id": f"e{number}", "unix_time": 10**9 + number})
    for held, name, most in ((online.held[0], (), 5), (online.held[1], "m", 10)):
        taken = sum(
            getsizeof(value)
            for field in type(held[name]).__slots__
            if isinstance(value := getattr(held[name], field), array | list)
        )
        assert events < taken < most * events


def _may_be_null(each: ColumnSpec) -> ColumnSpec:
    return each if each.name == "unix_time" else replace(each, required=False)
