"""``broad``: a feature set that uses the whole language, for comparing backends.

Every aggregate and every function that authors may write, keys of none, one and two columns,
windows with and without ends and delays, conditions on the past, labels, and floats that overflow.
``test_edge_tables.py`` holds it to that.
"""

from functools import cache

from conformance.logs import schema_in
from engine.definition import (
    Feature,
    FeatureSet,
    absolute,
    age,
    column,
    day_of_week,
    feature,
    feature_set,
    haversine_km,
    hour,
    if_else,
    key,
    ln,
    log1p,
    sqrt,
)
from engine.definition.dsl import History
from engine.definition.nodes import Call, Expression, Literal
from engine.definition.schema import TimeUnit

time, posted = column("unix_time"), column("posted")
amt, tip, points = column("amt"), column("tip"), column("points")
lat, long, speed = column("lat"), column("long"), column("speed")
category, online = column("category"), column("online")
fraud = column("is_fraud")

card, stream = key("cc_num"), key()
# Finite columns overflow to infinities, and their difference to NaN.
huge = speed * 1e308
undefined = huge - huge

WINDOWS: dict[str, History] = {
    "minute": card.last(seconds=60),
    "ties": card.last(),
    "instant": card.last(delay_seconds=60),
    "day_late": card.last(hours=24, delay_hours=1),
    "ever": card.ever(),
    "ever_late": key("merchant").ever(delay_seconds=300),
    "stream": stream.last(minutes=15),
    "stream_late": stream.last(minutes=5, delay_minutes=1),
    "pair": key("cc_num", "merchant").last(hours=24),
    "triple": key("category", "terminal", "cc_num").ever(),
    "refunds": card.last(hours=1).where(amt < 0),
    "online": stream.last(days=7, delay_days=1).where(online).where(category.one_of("a", "ä")),
}


def _of_window(name: str, window: History) -> list[Feature]:
    """Every aggregate over one window, with arguments of every type that it takes."""
    expressions: dict[str, Expression] = {
        "count": window.count(),
        "exists": window.exists(),
        "ago": window.seconds_since_last(),
        "count_category": window.count("category"),
        "count_undefined": window.count(undefined),
        "sum_amt": window.sum(amt),
        "sum_points": window.sum(points),
        "sum_online": window.sum(online),
        "mean_amt": window.mean(amt),
        "mean_tip": window.mean(tip.fill(tip)),
        "mean_online": window.mean(online),
        "var_amt": window.var(amt),
        "var_points": window.var(points.fill(7)),
        "std_amt": window.std(amt),
        "std_tip": window.std(tip),
        "std_hour": window.std(hour(time)),
        "min_amt": window.min(amt),
        "max_tip": window.max(tip),
        "min_speed": window.min(speed),
        "max_speed": window.max(speed),
        "min_points": window.min(points),
        "max_undefined": window.max(undefined),
        "unique_merchants": window.n_unique("merchant"),
        "unique_cards": window.n_unique("cc_num"),
        "unique_speeds": window.n_unique(speed),
        "unique_undefined": window.n_unique(undefined),
        "unique_online": window.n_unique(online),
        "first_amt": window.first(amt),
        "first_category": window.first("category"),
        "first_online": window.first(online),
        "last_speed": window.last(speed),
        "last_category": window.last("category"),
        "last_points": window.last(points),
        "last_posted_hour": hour(window.last(posted)),
    }
    return [
        feature(f"{name}_{what}", expression, "an aggregate over a window")
        for what, expression in expressions.items()
    ]


def _of_row() -> list[Feature]:
    """Every function, on nulls, on money, on whole numbers and on what is out of its domain."""
    expressions: dict[str, Expression] = {
        "amt": amt,
        "points": points,
        "speed": speed,
        "category": category,
        "online": online,
        "one": column("amt").is_null() | Literal(value=True),
        "add": amt + tip,
        "add_zero": speed + 0.0,
        "sub": 1 - points,
        "mul": tip * online,
        "div": amt / points,
        "div_zero": amt / (speed - speed),
        "abs": absolute(amt),
        "sqrt": sqrt(tip),
        "ln": ln(speed),
        "log1p": log1p(amt),
        "overflow": huge,
        "undefined": undefined,
        "lt": amt < tip,
        "le": points <= amt,
        "gt": speed > 0,
        "ge": speed >= -0.0,
        "eq_money": amt.eq(tip),
        "eq_same": points.eq(points),
        "eq_text": category.eq(column("merchant")),
        "eq_card": column("cc_num").eq(column("cc_num")),
        "eq_time": time.eq(posted),
        "eq_online": online.eq(speed > 0),
        "one_of": category.one_of("a", "", "ä"),
        "and": online & (amt > 0),
        "or": online | (amt > 0),
        "not": ~online,
        "is_null": points.is_null(),
        "fill_same": amt.fill(amt),
        "fill_number": tip.fill(0),
        "fill_money": amt.fill(tip),
        "fill_text": category.fill("none"),
        "if_else": if_else(online, amt, tip),
        "if_else_same": if_else(amt > 10, points, -1),
        "if_else_text": if_else(online, category, "offline"),
        "hour": hour(time),
        "posted_hour": hour(posted),
        "day_of_week": day_of_week(time),
        "age": age(column("dob"), time),
        "age_posted": age(column("dob"), posted),
        "seconds_between": Call("seconds_between", (posted, time)),
        "haversine": haversine_km(lat, long, column("merch_lat"), column("merch_long")),
        "haversine_undefined": haversine_km(huge, long, lat, long),
        # Constants that are more than a literal: an engine that folds them rounds in its own way.
        "log10": log1p(amt) / ln(10),
        "over_root": amt / sqrt(3.0),
        "over_absolute": amt / absolute(3),
        "over_filled": amt / Literal(3).fill(1),
        "over_chosen": amt / if_else(Literal(value=True), 3, 7),
        "over_twice": amt / ln(2) / 60,
        "zero_minus": absolute(0) - (amt - amt),
        "constant": points.fill(Literal(7) + 0),
        "constant_text": category.fill(Literal("t").fill("u")),
        "constant_test": points.fill(if_else(Literal("a").one_of("a"), 1, 2)),
        "constant_eq": points.fill(if_else(Literal("a").eq("b"), 1, 2)),
        "constant_place": lat.fill(haversine_km(1.0, 2.0, 3.0, 4.0)),
        "constant_date": age(Literal("2000-02-29"), time),
    }
    return [
        feature(f"row_{what}", expression, "a function of one row")
        for what, expression in expressions.items()
    ]


def _combined() -> list[Feature]:
    """Labels, and functions over aggregates over functions."""
    hours = card.last(hours=1)
    merchant_labels = key("merchant").last(days=7, delay_days=1)
    expressions: dict[str, Expression] = {
        "z": if_else(hours.std(amt) > 0, (amt - hours.mean(amt)) / hours.std(amt), 0.0),
        "travel": haversine_km(card.previous(lat), card.previous(long), lat, long),
        "previous_category": card.previous("category"),
        "previous_speed": card.previous(speed),
        "stream_previous_amt": stream.previous(amt),
        "same_category": card.previous("category").eq(category),
        "idle": card.seconds_since_last().fill(1e9),
        "share": hours.where(online).count() / hours.count(),
        "risk": merchant_labels.mean("is_fraud").fill(0.0),
        "risk_known": merchant_labels.count("is_fraud"),
        "risk_last": merchant_labels.last("is_fraud"),
        "frauds": stream.ever(delay_seconds=60).where(fraud.eq(1)).count(),
        "first_fraud": card.ever(delay_seconds=3_600).where(fraud > 0).seconds_since_last(),
        "unlabelled": card.ever(delay_seconds=60).where(fraud.is_null()).exists(),
    }
    return [
        feature(what, expression, "several things at once")
        for what, expression in expressions.items()
    ]


@cache
def broad(unit: TimeUnit = "s") -> FeatureSet:
    """The set over the tests' schema with its times in ``unit``."""
    windows = [feature for name, window in WINDOWS.items() for feature in _of_window(name, window)]
    return feature_set("broad", schema_in(unit), [*_of_row(), *windows, *_combined()])
