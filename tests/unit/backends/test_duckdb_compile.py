"""The SQL of the duckdb backend: what it looks like, and that DuckDB reads it as it is meant."""

import re
from dataclasses import replace

import duckdb
import pytest

from conformance.broad import broad
from conformance.logs import LOG, single
from engine.backends.duckdb.breaking import broken
from engine.backends.duckdb.compile import compile_features
from engine.backends.duckdb.layout import Item, comment, cte, items
from engine.backends.duckdb.names import Names, span_name, window_name
from engine.backends.duckdb.sql import KEYWORDS, literal, quoted
from engine.catalog import notebook
from engine.definition import POS, FeatureSet, column, feature, feature_set, if_else, key
from engine.definition.nodes import Expression, Literal, Scalar, Window
from engine.sql.document import document

card = key("cc_num")
amt = column("amt")
day = card.last(hours=24)

SMALL = feature_set(
    "small",
    POS,
    [
        feature("velocity_15m", card.last(minutes=15).count(), "card's events in 15 minutes"),
        feature("mean_24h", day.mean(amt).fill(0.0), "card's mean amount of a day"),
        feature("above_mean", amt - column("amt") * 0 - day.mean(amt).fill(0.0), "amount above it"),
        feature("large_7d", card.last(days=7).where(amt > 200).count(), "large amounts in a week"),
        feature(
            "risk",
            key("merchant").last(days=28, delay_days=7).mean("is_fraud"),
            "fraud rate known a week later",
        ),
    ],
)

# Read it: it is what people get to read.
SMALL_SQL = """\
WITH
-- the events, each with its position in their order
events AS (
    SELECT
        arrival, cc_num, unix_time, amt, merchant, is_fraud, label_time,
        instant(unix_time) + arrival AS position,
        amt / 100e0 > 200e0          AS gt_amt_200,
        CASE
            WHEN label_time IS NULL OR label_time <= unix_time + 604_800
            THEN is_fraud
        END AS is_fraud_known_by_7d
    FROM log
),
-- how many events each event sees of those before it with its cc_num
sizes_by_cc_num AS (
    SELECT
        *,
        count(*) OVER cc_num_15m AS cc_num_15m_count,
        count(*) OVER cc_num_24h AS cc_num_24h_count,
        count(*) OVER cc_num_7d  AS cc_num_7d_count
    FROM events
    WINDOW
        by_cc_num  AS (PARTITION BY cc_num ORDER BY position),
        cc_num_15m AS (by_cc_num RANGE BETWEEN instant(900) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_24h AS (by_cc_num RANGE BETWEEN instant(86_400) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_7d  AS (by_cc_num RANGE BETWEEN instant(604_800) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its cc_num
windows_by_cc_num AS (
    SELECT
        *,
        sum(amt)                           OVER cc_num_24h AS cc_num_24h_sum_amt,
        count(*) FILTER (WHERE gt_amt_200) OVER cc_num_7d  AS cc_num_7d_count_where_gt_amt_200
    FROM sizes_by_cc_num
    WINDOW
        by_cc_num  AS (PARTITION BY cc_num ORDER BY position),
        cc_num_24h AS (by_cc_num ROWS BETWEEN cc_num_24h_count PRECEDING AND 1 PRECEDING),
        cc_num_7d  AS (by_cc_num ROWS BETWEEN cc_num_7d_count PRECEDING AND 1 PRECEDING)
),
-- how many events each event sees of those before it with its merchant
sizes_by_merchant AS (
    SELECT
        *,
        count(*) OVER merchant_28d_until_7d_ago_reach  AS merchant_28d_until_7d_ago_reach,
        count(*) OVER merchant_28d_until_7d_ago_hidden AS merchant_28d_until_7d_ago_hidden
    FROM windows_by_cc_num
    WINDOW
        by_merchant                      AS (PARTITION BY merchant ORDER BY position),
        merchant_28d_until_7d_ago_reach  AS (by_merchant RANGE BETWEEN instant(3_024_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        merchant_28d_until_7d_ago_hidden AS (by_merchant RANGE BETWEEN instant(604_799) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its merchant
windows_by_merchant AS (
    SELECT
        *,
        count(is_fraud_known_by_7d) OVER merchant_28d_until_7d_ago AS merchant_28d_until_7d_ago_count_is_fraud,
        sum(is_fraud_known_by_7d)   OVER merchant_28d_until_7d_ago AS merchant_28d_until_7d_ago_sum_is_fraud
    FROM sizes_by_merchant
    WINDOW
        by_merchant               AS (PARTITION BY merchant ORDER BY position),
        merchant_28d_until_7d_ago AS (by_merchant ROWS BETWEEN merchant_28d_until_7d_ago_reach PRECEDING AND merchant_28d_until_7d_ago_hidden + 1 PRECEDING)
)
SELECT
    -- card's events in 15 minutes
    cc_num_15m_count                           AS velocity_15m,
    -- card's mean amount of a day
    coalesce(exact_mean(cc_num_24h_count, cc_num_24h_sum_amt, 100), 0e0) AS mean_24h,
    -- amount above it
    amt / 100e0 - amt / 100e0 * 0e0 - mean_24h AS above_mean,
    -- large amounts in a week
    cc_num_7d_count_where_gt_amt_200           AS large_7d,
    -- fraud rate known a week later
    exact_mean(
        merchant_28d_until_7d_ago_count_is_fraud,
        merchant_28d_until_7d_ago_sum_is_fraud,
        1
    ) AS risk
FROM windows_by_merchant
ORDER BY arrival"""  # noqa: E501 - names of windows take the room they take


def test_a_small_set_reads_like_this() -> None:
    assert compile_features(SMALL).text() == SMALL_SQL


@pytest.mark.parametrize("features", [notebook, SMALL], ids=lambda features: features.name)
def test_every_feature_has_its_doc_above_it(features: FeatureSet) -> None:
    lines = compile_features(features).text().splitlines()
    for item in features.features:
        assert f"    -- {item.doc}" in lines


def test_equal_aggregates_are_computed_once() -> None:
    text = compile_features(notebook).text()
    assert text.count("sum(amt) ") == 1
    # Two keys: for each a pass that counts back to where windows begin, and one over the windows.
    assert text.count("WINDOW\n") == 4
    assert text.count("RANGE BETWEEN") == 6


def test_positions_are_as_wide_as_they_must_be() -> None:
    narrow = compile_features(notebook).macros[0].text
    assert "t::BIGINT" in narrow
    unbounded = compile_features(broad()).macros[0].text
    assert "t::HUGEINT" in unbounded
    centuries = feature_set(
        "long", POS, [feature("x", card.last(days=73_000).count(), "two hundred years")]
    )
    assert "t::HUGEINT" in compile_features(centuries).macros[0].text


def test_names_of_features_that_sql_knows() -> None:
    features = feature_set(
        "odd",
        LOG,
        [
            feature("order", card.last(minutes=1).count(), "a keyword"),
            feature("arrival", amt + 1, "what the compiler would call a column of its own"),
            feature("Position", amt + 2, "another"),
            feature("Lat", column("lat") + 1, "a column in another case"),
            feature("after", column("lat") + 1 + column("lat"), "which is not taken for it"),
        ],
    )
    query = compile_features(features)
    assert 'AS "order"' in query.text()
    assert query.arrival == "arrival_2"
    assert "lat + 1e0 + lat" in query.text()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1e0"),
        (-2.0, "-2e0"),
        (-0.0, "-0e0"),
        (1e9, "1e9"),
        (1.5e300, "1.5e300"),
        (5e-324, "5e-324"),
        (123_456.0, "123456e0"),
        (9_007_199_254_740_993, "9_007_199_254_740_993"),
        (-(2**63), "(-9223372036854775808)::BIGINT"),
        (True, "true"),
        ("it's", "'it''s'"),
        ("a\0b", "'a' || chr(0) || 'b'"),
        ("line\nbreak", "'line\nbreak'"),
    ],
)
def test_literals(value: Scalar, text: str) -> None:
    assert literal(value).text == text
    [(read,)] = duckdb.sql(f"SELECT {text}").fetchall()
    assert repr(read) == repr(value)


def test_the_keywords_are_those_of_duckdb() -> None:
    rows = duckdb.sql(
        "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    ).fetchall()
    assert {name for (name,) in rows} == KEYWORDS


def test_no_name_that_is_made_is_a_keyword() -> None:
    features = [
        feature(f"f{at}", card.ever().n_unique(Literal(word)), "a word of SQL")
        for at, word in enumerate(sorted(KEYWORDS))
    ]
    text = compile_features(feature_set("words", POS, features)).text()
    made = set(re.findall(r" AS (\w+)[,\n]", text))
    assert made >= {"x_null", "x_select", "x_xmltable"}
    assert made & KEYWORDS == {"position"}  # which can be a column's name


def test_names() -> None:
    assert [quoted(name) for name in ("amt", "order", "gender_M", 'a"b')] == [
        "amt",
        '"order"',
        '"gender_M"',
        '"a""b"',
    ]
    names = Names({"Taken"})
    assert [names.new(name) for name in ("taken", "taken", "free")] == [
        "taken_2",
        "taken_3",
        "free",
    ]
    second = 1_000_000
    spans = [0, 1, 1_500, second, 60 * second, 86_400 * second, 2 * 86_400 * second]
    assert list(map(span_name, spans)) == ["0s", "1us", "1500us", "1s", "1m", "24h", "2d"]
    week = Window(7 * 86_400 * second, 86_400 * second)
    assert window_name(("merchant",), week) == "merchant_7d_until_24h_ago"
    assert window_name((), Window(None)) == "stream_ever"


def test_long_expressions_are_broken_where_they_can_be() -> None:
    assert broken("f(a, b)", 40) == ["f(a, b)"]
    assert broken("f(aaaa, g(bbbb, ','), cccc)", 20) == [
        "f(",
        "    aaaa,",
        "    g(bbbb, ','),",
        "    cccc",
        ")",
    ]
    assert broken("CASE WHEN a THEN CASE WHEN b THEN c END ELSE 'ELSE' END", 31) == [
        "CASE",
        "    WHEN a",
        "    THEN CASE WHEN b THEN c END",
        "    ELSE 'ELSE'",
        "END",
    ]
    assert broken("f(a) + f(b) * 1000000000", 10) == ["f(a) + f(b) * 1000000000"]


_INJECTED = "k\nz AS (SELECT 1) SELECT 1;\r COPY (SELECT 2) TO 'x';\x00\u2028 WITH q AS (SELECT 3)"


def test_no_text_of_an_author_ends_its_comment() -> None:
    said = "k z AS (SELECT 1) SELECT 1; COPY (SELECT 2) TO 'x'; WITH q AS (SELECT 3)"
    assert comment(_INJECTED) == f"-- {said}"
    assert cte("t", [_INJECTED], ["SELECT 1"])[0] == f"-- {said}"
    assert items([Item(("1",), _INJECTED)])[0] == f"    -- {said}"
    # Verified names hold nothing of that; SQL does not rely on it.
    named = replace(SMALL, name=_INJECTED)
    assert document(named).splitlines()[0].startswith(f"-- {said}: 5 features")
    assert not re.search("^ *(z AS|COPY)", document(named), re.MULTILINE)


def test_comparisons_say_what_nan_means_only_where_it_may_be() -> None:
    speed = column("speed")
    assert "isnan" not in _sql(amt / column("points") > 3)
    assert "isnan" not in _sql(column("lat") * column("long") < speed)
    assert "ordered" in _sql(speed * 1e308 - speed * 1e308 > 3)
    assert "ordered" not in _sql(speed * 1e308 - speed * 1e308 < 3)
    assert "ordered" in _sql(if_else(speed > 0, speed * 1e308 * 0, 0.0).eq(0.0))


def _sql(condition: Expression) -> str:
    return compile_features(single(condition)).selected[0].cells[0]
