"""What functions and aggregates are worth, against tables worked out by hand."""

import math

import polars as pl
import pytest

from conformance.bits import assert_values
from conformance.logs import LOG, log, schema_in, single
from engine.backends import Backend
from engine.definition import (
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
from engine.definition.nodes import Call, Expression, Literal
from engine.definition.schema import TimeUnit

card = key("cc_num")
past = card.ever()
amt, tip, points, speed = column("amt"), column("tip"), column("points"), column("speed")
category, online, time = column("category"), column("online"), column("unix_time")
HOLDS, FAILS, UNKNOWN = 1, 0, None


# --- money ----------------------------------------------------------------------------------------


def test_s3_5_sums_of_cents_are_exact(backend: Backend) -> None:
    # As floats 0.1 + 0.2 + 0.3 is 0.6000000000000001 and its third 0.20000000000000004.
    events = log(cc_num=1, unix_time=[1, 2, 3, 4], amt=[10, 20, 30, 0])
    assert_values(backend, past.sum(amt), events, [0.0, 0.1, 0.3, 0.6])
    assert_values(backend, past.mean(amt), events, [None, 0.1, 0.15, 0.2])
    # n·Σx² − (Σx)² of 10, 20 is 2 × 500 − 900 = 100, of 10, 20, 30 it is 3 × 1,400 − 3,600 = 600.
    assert_values(backend, past.std(amt), events, [None, 0.0, 10 / 200, math.sqrt(600) / 300])
    assert_values(backend, past.var(amt), events, [None, 0.0, 100 / 200 / 200, 600 / 300 / 300])


def test_s3_5_money_is_in_its_own_scale(backend: Backend) -> None:
    # The tip has three decimals: 1 and 2 are 0.001 and 0.002.
    events = log(cc_num=1, unix_time=[1, 2, 3], amt=[1, 2, 3], tip=[1, 2, 3])
    assert_values(backend, past.sum(tip), events, [0.0, 0.001, 0.003])
    assert_values(backend, past.mean(tip), events, [None, 0.001, 0.0015])
    assert_values(backend, past.std(tip), events, [None, 0.0, 0.0005])
    assert_values(backend, past.max(tip), events, [None, 0.001, 0.002])
    assert_values(backend, amt > tip, events, [HOLDS] * 3)
    assert_values(backend, amt.eq(tip), events, [FAILS] * 3)
    assert_values(backend, tip.eq(tip), events, [HOLDS] * 3)


def test_s3_5_squares_pass_63_bits(backend: Backend) -> None:
    # Ten amounts of 10,000,000.00 are 10^9 cents each: Σx² = 10^19 > 2^63.
    events = log(cc_num=1, unix_time=list(range(13)), amt=[1_000_000_000] * 10 + [0, 0, 0])
    spread = backend.compute(single(past.std(amt)), events)["x"].to_list()
    assert spread[1:11] == [0.0] * 10
    # Two zeros more: 12 × 10^19 − (10^10)² = 2 × 10^19 and d = 12 × 100.
    assert spread[12] == math.sqrt(2e19) / 1_200
    mean = backend.compute(single(past.mean(amt)), events)["x"].to_list()
    assert mean[10] == 10_000_000.0
    assert mean[12] == 10_000_000_000 / 1_200
    variance = backend.compute(single(past.var(amt)), events)["x"].to_list()
    assert variance[12] == 2e19 / 1_200 / 1_200


def test_s3_5_differences_of_huge_squares_keep_their_last_unit(backend: Backend) -> None:
    # x = 10^9 − 1 and 10^9: n·Σx² − (Σx)² is exactly 1, lost in any float of either term.
    events = log(cc_num=1, unix_time=[1, 2, 3], amt=[999_999_999, 1_000_000_000, 0])
    assert_values(backend, past.std(amt), events, [None, 0.0, 1 / 200])
    assert_values(backend, past.var(amt), events, [None, 0.0, 1 / 200 / 200])
    events = log(cc_num=1, unix_time=[1, 2, 3], points=[-(2**30), 2**30, 0])
    # 2 × 2^61 − 0 = 2^62, the first number with a high half.
    assert_values(backend, past.std(points), events, [None, 0.0, 2.0**31 / 2.0])


def test_moments_of_whole_numbers_and_conditions(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2, 3, 4], points=[3, -4, 1, 0], online=[True, False] * 2)
    assert_values(backend, past.sum(points), events, [0, 3, -1, 0])
    assert_values(backend, past.mean(points), events, [None, 3.0, -0.5, 0.0])
    # Of 3, −4, 1: 3 × 26 − 0 = 78.
    assert_values(
        backend, past.std(points), events, [None, 0.0, math.sqrt(49) / 2, math.sqrt(78) / 3]
    )
    assert_values(backend, past.sum(online), events, [0, 1, 1, 2])
    assert_values(backend, past.mean(online), events, [None, 1.0, 0.5, 2 / 3])
    assert_values(backend, past.mean(hour(time)), events, [None, 0.0, 0.0, 0.0])


# --- values that aggregates take ------------------------------------------------------------------


def test_aggregates_keep_the_type_of_their_argument(backend: Backend) -> None:
    events = log(
        cc_num=1, unix_time=[1, 2], amt=150, points=7, online=True, category="a", speed=1.5
    )
    assert_values(backend, past.max(amt), events, [None, 1.5])
    assert_values(backend, past.max(points), events, [None, 7])
    assert_values(backend, past.max(speed), events, [None, 1.5])
    assert_values(backend, past.last(online), events, [None, 1])
    assert_values(backend, past.first(category), events, [None, "a"])
    assert_values(backend, card.previous(amt) > 1, events, [None, 1])


def test_whole_numbers_that_are_written_have_64_bits_too(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2, 3], amt=[100, 300, 100])
    one = Literal(1)
    chosen = if_else(amt > 2, one, 2)
    none_of, minute = card.last(delay_seconds=60), card.last(seconds=60)
    cases: list[tuple[Expression, list[object]]] = [
        (past.first(one), [None, 1, 1]),
        (past.last(one), [None, 1, 1]),
        (past.min(one), [None, 1, 1]),
        (minute.max(one), [None, 1, 1]),
        (card.previous(one), [None, 1, 1]),
        (none_of.min(Literal(0)), [None, None, None]),
        (past.last(chosen), [None, 2, 1]),
        (past.max(chosen), [None, 2, 2]),
        (card.previous(chosen), [None, 2, 1]),
        (past.where(amt > 2).last(one), [None, None, 1]),
        (past.where(amt > 2).min(chosen), [None, None, 1]),
        (past.last(one).fill(2), [2, 1, 1]),
        (if_else(amt > 2, past.last(one), 3), [3, 1, 3]),
        (past.sum(one), [0, 1, 2]),
    ]
    for expression, expected in cases:
        assert_values(backend, expression, events, expected)
        assert backend.compute(single(expression), events)["x"].dtype == pl.Int64


def test_texts_that_are_words_of_sql(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2, 3])
    for word in ("null", "true", "select", "from", "end", "case", "distinct", "cast", "not", "in"):
        assert_values(backend, past.n_unique(Literal(word)), events, [0, 1, 1])
        assert_values(backend, past.last(Literal(word)), events, [None, word, word])
        assert_values(backend, past.count(Literal(word)), events, [0, 1, 2])
    assert_values(backend, past.n_unique(Literal(value=False)), events, [0, 1, 1])


def test_n_unique_counts_values_of_the_window(backend: Backend) -> None:
    window = card.last(seconds=2).n_unique(category)
    # Of the last two seconds: {}, {a}, {a, b}, {a, b}, {b, c} for "a b a c" and so on.
    events = log(cc_num=1, unix_time=[1, 2, 3, 4, 5, 8], category=["a", "b", "a", "c", None, "a"])
    assert_values(backend, window, events, [0, 1, 2, 2, 2, 0])
    assert_values(backend, past.n_unique(category), events, [0, 1, 2, 2, 3, 3])


def test_two_zeros_are_one_value(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2, 3], speed=[-0.0, 0.0, 1.0])
    assert_values(backend, past.n_unique(speed), events, [0, 1, 1])
    assert_values(backend, past.min(speed), events, [None, 0.0, 0.0])
    assert_values(backend, past.max(speed), events, [None, 0.0, 0.0])
    assert_values(backend, past.first(speed), events, [None, 0.0, 0.0])
    assert_values(backend, card.previous(speed), events, [None, 0.0, 0.0])
    # On the row itself a value is as it is given.
    assert_values(backend, speed.fill(1.0), events, [-0.0, 0.0, 1.0])
    assert_values(backend, speed.eq(0.0), events, [HOLDS, HOLDS, FAILS])


def test_an_overflow_is_a_value_and_its_nan_is_not_counted(backend: Backend) -> None:
    huge = speed * 1e308
    events = log(cc_num=1, unix_time=[1, 2, 3, 4], speed=[10.0, -10.0, 1.0, 0.5])
    assert_values(backend, huge, events, [math.inf, -math.inf, 1e308, 5e307])
    assert_values(backend, huge - huge, events, [math.nan, math.nan, 0.0, 0.0])
    assert_values(backend, past.max(huge), events, [None] + [math.inf] * 3)
    assert_values(backend, past.min(huge), events, [None, math.inf, -math.inf, -math.inf])
    assert_values(backend, past.count(huge - huge), events, [0, 0, 0, 1])
    assert_values(backend, past.max(huge - huge), events, [None, None, None, 0.0])
    assert_values(backend, past.n_unique(huge - huge), events, [0, 0, 0, 1])
    assert_values(backend, past.last(huge - huge), events, [None, math.nan, math.nan, 0.0])
    assert_values(backend, (huge - huge).fill(1.0), events, [math.nan, math.nan, 0.0, 0.0])
    assert_values(backend, (huge - huge).is_null(), events, [FAILS] * 4)
    assert_values(
        backend, haversine_km(huge, 0.0, 0.0, 0.0) * 0, events, [math.nan, math.nan, 0.0, 0.0]
    )


def test_every_comparison_with_nan_is_false(backend: Backend) -> None:
    events = log(unix_time=[1, 2], speed=[10.0, 0.0])
    undefined = speed * 1e308 - speed * 1e308
    for comparison in (
        undefined < 1,
        undefined <= 1,
        undefined > 1,
        undefined >= 1,
        undefined.eq(undefined),
    ):
        holds = comparison.function in {"lt", "le", "eq"}
        assert_values(backend, comparison, events, [FAILS, int(holds)])


# --- functions ------------------------------------------------------------------------------------


def test_s3_6_arithmetic_is_of_floats_and_null_outside_its_domain(backend: Backend) -> None:
    events = log(unix_time=[1, 2, 3, 4], points=[3, 0, None, -3], amt=[10, 20, 30, None])
    assert_values(backend, amt + points, events, [3.1, 0.2, None, None])
    assert_values(backend, 1 - points, events, [-2.0, 1.0, None, 4.0])
    assert_values(backend, points * points, events, [9.0, 0.0, None, 9.0])
    assert_values(backend, amt / points, events, [0.1 / 3.0, None, None, None])
    assert_values(backend, points / points, events, [1.0, None, None, 1.0])
    assert_values(backend, absolute(points), events, [3.0, 0.0, None, 3.0])
    assert_values(backend, sqrt(points), events, [math.sqrt(3), 0.0, None, None])
    assert_values(backend, ln(points), events, [math.log(3), None, None, None])
    assert_values(backend, log1p(points), events, [math.log(4), 0.0, None, None])
    assert_values(backend, log1p(amt), events, [math.log(1.1), math.log(1.2), math.log(1.3), None])


def test_s3_6_division_is_not_by_a_reciprocal(backend: Backend) -> None:
    # 5 × (1 ÷ 49) rounds twice; so do seven more below 49.
    events = log(unix_time=list(range(50)), points=list(range(50)))
    assert_values(backend, points / 49, events, [n / 49 for n in range(50)])
    assert_values(backend, points / 49.0, events, [n / 49 for n in range(50)])


def test_s3_6_arithmetic_with_a_literal_is_not_simplified(backend: Backend) -> None:
    # A minus zero tells x + 0.0 from x; an infinity tells x × 0.0 from 0.0 and x − x from it.
    huge = speed * 1e308
    events = log(unix_time=[1, 2, 3, 4], speed=[-0.0, 0.0, -2.0, 10.0])
    assert_values(backend, speed + 0.0, events, [0.0, 0.0, -2.0, 10.0])
    assert_values(backend, 0 + speed, events, [0.0, 0.0, -2.0, 10.0])
    assert_values(backend, speed + -0.0, events, [-0.0, 0.0, -2.0, 10.0])
    assert_values(backend, speed - 0.0, events, [-0.0, 0.0, -2.0, 10.0])
    assert_values(backend, speed - -0.0, events, [0.0, 0.0, -2.0, 10.0])
    assert_values(backend, 0.0 - speed, events, [0.0, 0.0, 2.0, -10.0])
    assert_values(backend, speed * 0.0, events, [-0.0, 0.0, -0.0, 0.0])
    assert_values(backend, speed * 1.0, events, [-0.0, 0.0, -2.0, 10.0])
    assert_values(backend, speed * -1, events, [0.0, -0.0, 2.0, -10.0])
    assert_values(backend, speed / -1.0, events, [0.0, -0.0, 2.0, -10.0])
    assert_values(backend, 0.0 / speed, events, [None, None, -0.0, 0.0])
    assert_values(backend, speed - speed, events, [0.0, 0.0, 0.0, 0.0])
    assert_values(backend, huge * 0.0, events, [-0.0, 0.0, math.nan, math.nan])


def test_the_signs_of_zeros_differ_beside_each_other(backend: Backend) -> None:
    # What computes once what is there twice must not take these for one.
    zero, minus_zero = 0.0 * Literal(1.0), 0.0 * Literal(-1.0)
    tiny, minus_tiny = 1e-310 * Literal(1e-310), -1e-310 * Literal(1e-310)
    events = log(unix_time=[1, 2, 3, 4], cc_num=1, speed=[-0.0, 0.0, 1.0, None])
    pairs = [
        (speed.fill(0.0), speed.fill(-0.0)),
        (speed * 0.0, speed * -0.0),
        (if_else(speed > 5, speed, 0.0), if_else(speed > 5, speed, -0.0)),
        (card.previous(speed).fill(0.0), card.previous(speed).fill(-0.0)),
        (speed * zero, speed * minus_zero),
        (speed.fill(tiny), speed.fill(minus_tiny)),
        (speed.fill(zero / 2.0), speed.fill(zero / -2.0)),
    ]
    both = [
        feature(f"{name}_{place}", expression, "under test")
        for place, pair in enumerate(pairs)
        for name, expression in zip(("plus", "minus"), pair, strict=True)
    ]
    got = backend.compute(feature_set("zeros", LOG, both), events)
    for one in both:
        assert_values(backend, one.expression, events, got[one.name].to_list())
    assert repr(got["plus_0"].to_list()) == "[-0.0, 0.0, 1.0, 0.0]"
    assert repr(got["minus_0"].to_list()) == "[-0.0, 0.0, 1.0, -0.0]"


def test_s3_6_haversine(backend: Backend) -> None:
    events = log(
        unix_time=[1, 2, 3, 4, 5],
        lat=[0.0, 0.0, 90.0, 51.5, None],
        long=[0.0, 0.0, 0.0, -0.1, 0.0],
        merch_lat=[0.0, 0.0, -90.0, 51.5, 0.0],
        merch_long=[1.0, 180.0, 0.0, -0.1, 0.0],
    )
    distance = haversine_km(
        column("lat"), column("long"), column("merch_lat"), column("merch_long")
    )
    # A degree of the equator is 6371 × π ÷ 180 = 111.19492664455873…, half a circle 6371 × π =
    # 20015.08679602057…
    half = 20015.086796020572
    assert_values(backend, distance, events, [111.19492664455873, half, half, 0.0, None])


def test_haversine_beyond_the_poles_may_be_undefined(backend: Backend) -> None:
    # Latitudes without bounds: one place twice, over the pole; h rounds to −1.7e-16.
    events = log(unix_time=[1], speed=120.5)
    beyond = speed + 0.0
    distance = haversine_km(beyond, 10.0, beyond - 61.0, 190.0)
    assert_values(backend, distance, events, [math.nan])
    assert_values(backend, key().ever().count(distance), log(unix_time=[1, 2], speed=120.5), [0, 0])


def test_haversine_may_be_undefined_however_small_the_numbers(backend: Backend) -> None:
    # No difference can be infinite, but neither number has the bounds of a latitude: as above.
    events = log(unix_time=[1, 2], speed=120.5, long=59.5, lat=10.0)
    lat = column("lat")
    distance = haversine_km(speed, lat, column("long"), lat + 180.0)
    past = key().ever()
    assert_values(backend, distance, events, [math.nan, math.nan])
    assert_values(backend, distance > 5.0, events, [FAILS, FAILS])
    assert_values(backend, past.count(distance), events, [0, 0])
    assert_values(backend, past.where(distance >= 5.0).count(), events, [0, 0])
    assert_values(backend, past.max(distance), events, [None, None])


def test_an_argument_may_hold_any_function(backend: Backend) -> None:
    events = log(unix_time=[1, 2, 3], lat=[math.e, 1.0, -1.0])
    smallest = key().last(seconds=60).min(ln(column("lat")))
    assert_values(backend, smallest, events, [None, 1.0, 0.0])


def test_an_argument_may_be_made_of_constants(backend: Backend) -> None:
    events = log(unix_time=[1, 2, 3])
    never_null = key().last(seconds=60).count(Literal(0.0).is_null())
    assert_values(backend, never_null, events, [0, 1, 2])


def test_comparisons_are_null_where_a_side_is(backend: Backend) -> None:
    events = log(unix_time=[1, 2, 3, 4], points=[1, 2, 3, None])
    assert_values(backend, points < 2, events, [HOLDS, FAILS, FAILS, UNKNOWN])
    assert_values(backend, points <= 2, events, [HOLDS, HOLDS, FAILS, UNKNOWN])
    assert_values(backend, points > 2.0, events, [FAILS, FAILS, HOLDS, UNKNOWN])
    assert_values(backend, points >= 2.0, events, [FAILS, HOLDS, HOLDS, UNKNOWN])
    assert_values(backend, points.eq(2), events, [FAILS, HOLDS, FAILS, UNKNOWN])
    assert_values(backend, points.eq(2.0), events, [FAILS, HOLDS, FAILS, UNKNOWN])
    assert_values(backend, points.is_null(), events, [FAILS, FAILS, FAILS, HOLDS])


def test_text_is_compared_by_its_bytes(backend: Backend) -> None:
    events = log(unix_time=[1, 2, 3, 4, 5], category=["é", "e\u0301", "", None, "É"], merchant="é")
    assert_values(backend, category.eq("é"), events, [HOLDS, FAILS, FAILS, UNKNOWN, FAILS])
    assert_values(
        backend, category.eq(column("merchant")), events, [HOLDS, FAILS, FAILS, UNKNOWN, FAILS]
    )
    assert_values(backend, category.one_of("", "É"), events, [FAILS, FAILS, HOLDS, UNKNOWN, HOLDS])
    assert_values(backend, category.fill(""), events, ["é", "e\u0301", "", "", "É"])


def test_and_or_and_not_know_three_values(backend: Backend) -> None:
    values = [True, False, None]
    events = log(
        unix_time=list(range(9)),
        online=[a for a in values for _ in values],
        points=[{True: 1, False: 0, None: None}[b] for _ in values for b in values],
    )
    other = points.eq(1)
    # In threes: the first condition holds, fails, is unknown; within them so does the other.
    both = [HOLDS, FAILS, UNKNOWN, FAILS, FAILS, FAILS, UNKNOWN, FAILS, UNKNOWN]
    either = [HOLDS, HOLDS, HOLDS, HOLDS, FAILS, UNKNOWN, HOLDS, UNKNOWN, UNKNOWN]
    assert_values(backend, online & other, events, both)
    assert_values(backend, online | other, events, either)
    assert_values(backend, ~online, events, [FAILS] * 3 + [HOLDS] * 3 + [UNKNOWN] * 3)


def test_choices_convert_unlike_numbers_only(backend: Backend) -> None:
    events = log(
        unix_time=[1, 2, 3],
        amt=[150, None, 250],
        tip=[1, 2, None],
        points=[2**53 + 1, None, 2**62 + 1],
        online=[True, None, False],
    )
    assert_values(backend, amt.fill(tip), events, [1.5, 0.002, 2.5])
    assert_values(backend, amt.fill(0), events, [1.5, 0.0, 2.5])
    # One type on both sides stays what it is; beyond 2^53 a float would round.
    assert_values(backend, points.fill(-1), events, [2**53 + 1, -1, 2**62 + 1])
    assert_values(backend, points.fill(-1.0), events, [float(2**53), -1.0, float(2**62)])
    assert_values(backend, points.eq(2**53 + 1), events, [HOLDS, UNKNOWN, FAILS])
    assert_values(backend, points.eq(2.0**53), events, [HOLDS, UNKNOWN, FAILS])
    assert_values(backend, if_else(online, points, 5), events, [2**53 + 1, 5, 5])
    assert_values(backend, if_else(online, amt, tip), events, [1.5, 0.002, None])
    assert_values(backend, online.fill(value=True), events, [1, 1, 0])
    assert_values(backend, if_else(online, 1, online), events, [1.0, None, 0.0])


# --- time -----------------------------------------------------------------------------------------

# Seconds, hour, day of the week.
INSTANTS = [
    (0, 0, 3),  # Thursday, 1 January 1970
    (-1, 23, 2),
    (86_399, 23, 3),
    (86_400, 0, 4),
    (-86_400, 0, 2),
    (-86_401, 23, 1),
    (951_782_400 + 3_599, 0, 1),  # Tuesday, 29 February 2000
    (951_782_400 + 3_600, 1, 1),
    (1_704_067_199, 23, 6),  # the last second of Sunday, 31 December 2023
    (1_704_067_200, 0, 0),
    (253_402_300_799, 23, 4),  # the last of Friday, 31 December 9999
    (-62_135_596_800, 0, 0),  # the first of Monday, 1 January 1
]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_s3_6_hour_and_day_of_week_at_their_edges(backend: Backend, unit: TimeUnit) -> None:
    schema = schema_in(unit)
    ticks = schema.ticks_per_second
    # The first and the last tick of each second.
    edges = [seconds * ticks + tick for seconds, _, _ in INSTANTS for tick in (0, ticks - 1)]
    events = log(schema, unix_time=edges)
    for expression, place in ((hour(time), 1), (day_of_week(time), 2)):
        got = backend.compute(single(expression, schema), events)["x"].to_list()
        assert got == [instant[place] for instant in INSTANTS for _ in range(2)]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_windows_count_ticks_of_the_unit(backend: Backend, unit: TimeUnit) -> None:
    schema = schema_in(unit)
    minute = 60 * schema.ticks_per_second
    events = log(schema, cc_num=1, unix_time=[-5, minute - 5, minute - 4])
    count = single(card.last(seconds=60).count(), schema)
    assert backend.compute(count, events)["x"].to_list() == [0, 1, 1]
    since = single(card.seconds_since_last(), schema)
    expected = [None, 60.0, 1.0 / schema.ticks_per_second]
    assert backend.compute(since, events)["x"].to_list() == expected


NOON = 43_200
BIRTHDAYS = [
    # (born, seconds of the event, age)
    ("2000-03-01", 983_318_400 + NOON, 0),  # 28 February 2001
    ("2000-03-01", 983_404_800 - 1, 0),
    ("2000-03-01", 983_404_800, 1),  # the first second of 1 March 2001
    ("2000-02-29", 983_404_800 - 1, 0),  # 28 February of a common year is not yet it
    ("2000-02-29", 983_404_800, 1),
    ("2000-02-29", 1_709_078_400 + NOON, 23),  # 28 February 2024
    ("2000-02-29", 1_709_164_800, 24),  # 29 February 2024
    ("1999-12-31", 1_704_067_199, 24),
    ("2000-01-01", 1_704_067_199, 23),
    ("2000-01-01", 1_704_067_200, 24),
    ("1970-01-01", 0, 0),
    ("1970-01-01", -1, 0),  # not born yet
    ("2999-01-01", 0, 0),
    ("0001-01-01", 0, 1969),
    ("1900-01-01", -1, 69),
    ("9999-12-31", 253_402_300_799, 0),
    ("0001-01-01", 253_402_300_799, 9_998),
]
UNREADABLE = [
    None,
    "",
    "1985",
    "1985-02-29",  # no leap year
    "1900-02-29",
    "1985-13-01",
    "1985-00-10",
    "1985-04-31",
    "1985-01-00",
    "0000-01-01",
    "1985-1-01",
    "85-01-01",
    "1985/01/01",
    "01-01-1985",
    " 1985-01-01",
    "1985-01-01 ",
    "1985-01-01\n",
    "1985-01-01T00:00",
    "+985-01-01",
    "-985-01-01",
    "19850101",
    "1985-01-\u0661\u0661",  # digits, but not ASCII's
    "\uff11985-01-01",
    "12345-01-01",
    "1985-W01-1",
]


def test_s3_6_age_turns_on_the_birthday(backend: Backend) -> None:
    events = log(
        dob=[born for born, _, _ in BIRTHDAYS], unix_time=[seconds for _, seconds, _ in BIRTHDAYS]
    )
    assert_values(backend, age(column("dob"), time), events, [years for _, _, years in BIRTHDAYS])


def test_s3_6_age_of_what_is_no_date(backend: Backend) -> None:
    events = log(dob=UNREADABLE, unix_time=[0] * len(UNREADABLE))
    assert_values(backend, age(column("dob"), time), events, [-1] * len(UNREADABLE))


def test_functions_of_an_unknown_instant_are_null(backend: Backend) -> None:
    posted = column("posted")
    events = log(unix_time=[10, 10], posted=[None, 4], dob=["1960-01-01", None])
    assert_values(backend, hour(posted), events, [None, 0])
    assert_values(backend, day_of_week(posted), events, [None, 3])
    assert_values(backend, age(column("dob"), posted), events, [None, -1])
    assert_values(backend, Call("seconds_between", (time, posted)), events, [None, 6.0])


# --- the output -----------------------------------------------------------------------------------

DTYPES: list[tuple[Expression, pl.DataType]] = [
    (points, pl.Int64()),
    (speed, pl.Float64()),
    (amt, pl.Float64()),
    (category, pl.String()),
    (online, pl.Int8()),
    (past.count(), pl.Int64()),
    (past.exists(), pl.Int8()),
    (past.sum(amt), pl.Float64()),
    (past.last(category), pl.String()),
]


@pytest.mark.parametrize(("expression", "dtype"), DTYPES, ids=str)
@pytest.mark.parametrize("height", [0, 1, 3])
def test_features_have_the_dtype_of_their_kind(
    backend: Backend, expression: Expression, dtype: pl.DataType, height: int
) -> None:
    # Of nulls alone too: a dtype is never guessed from the values.
    got = backend.compute(single(expression), log(unix_time=list(range(height))))
    assert got.schema == {"x": dtype}
    assert got.height == height


def test_expressions_may_be_as_deep_as_definitions_let_them(backend: Backend) -> None:
    deep: Expression = speed
    for _ in range(149):
        deep = deep + past.count()
    events = log(cc_num=1, unix_time=[1, 2, 3], speed=[0.1, 0.1, 0.1])
    expected = [0.1, 0.1, 0.1]
    for place in range(3):
        for _ in range(149):
            expected[place] += place
    assert_values(backend, deep, events, expected)
