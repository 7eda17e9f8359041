"""Reasons in words, as the definitions have them."""

import math

import pytest

from engine.catalog import notebook
from engine.definition import POS, column, feature, haversine_km, key
from engine.model.phrases import duration, phrase

BY_NAME = {feature.name: feature for feature in notebook.features}
NAN = math.nan


@pytest.mark.parametrize(
    ("name", "value", "usual", "words"),
    [
        ("velocity_15m", 7, 0, "7 transactions on this card in 15 minutes; usual is 0"),
        ("velocity_1h", 1, 0, "1 transaction on this card in 1 hour; usual is 0"),
        (
            "unique_merchants_15m",
            4,
            0.5,
            "4 different merchants on this card in 15 minutes; usual is 0.50",
        ),
        (
            "unique_categories_15m",
            1,
            0,
            "1 different category on this card in 15 minutes; usual is 0",
        ),
        (
            "seen_merchant_before",
            0,
            1,
            "no transaction on this card at this merchant in 24 hours before; usual is yes",
        ),
        (
            "time_since_last_s",
            90,
            7_200,
            "1.5 minutes since the last transaction on this card; usual is 2 hours",
        ),
        ("time_since_last_s", 1e9, 1e9, "no transaction on this card before; usual is none before"),
        (
            "user_mean_amt_24h",
            55.2,
            30,
            "mean of amounts 55.20 on this card in 24 hours; usual is 30.00",
        ),
        ("log_amt", math.log(530.49), math.log(48.2), "amount 529.49; usual is 47.20"),
        ("is_night", 1, 0, "between 22:00 and 06:59 UTC: yes; usual is no"),
        ("hour", 3, 14, "hour of the day, UTC: 3; usual is 14"),
        ("age", 81, 47, "card holder's age in years, −1 if unknown; the value is not shown"),
        ("gender_F", 1, 1, "card holder is female; the value is not shown"),
        ("city_pop", 149, 2_000, "population of the holder's city; the value is not shown"),
        (
            "user_merchant_dist_km",
            80.5,
            60,
            f"{BY_NAME['user_merchant_dist_km'].doc}: 80.50; usual is 60",
        ),
        ("lat", 40.5, 39.1, "latitude of the holder's home; the value is not shown"),
        (
            "amt_z_user",
            NAN,
            0,
            "that, in deviations; 0 if none: unknown; usual is 0",
        ),
    ],
)
def test_the_notebooks_features(name: str, value: float, usual: float, words: str) -> None:
    assert phrase(BY_NAME[name], value, usual, POS) == words


def test_a_distance_from_home_is_about_the_purchase() -> None:
    home = haversine_km(column("lat"), column("long"), column("merch_lat"), column("merch_long"))
    words = phrase(feature("home_km", home, "km from home"), 400, 70, POS)
    assert words == "km from home: 400; usual is 70"


def test_every_feature_says_something() -> None:
    for made in notebook.features:
        for value in (0.0, 1.0, 2.5, NAN):
            assert phrase(made, value, NAN, POS)


def test_what_has_no_words_of_its_own_says_its_doc() -> None:
    large = key("cc_num").last(days=30).where(column("amt") > 200).count()
    words = phrase(feature("large", large, "large amounts in a month"), 3, 0, POS)
    assert words == "large amounts in a month: 3; usual is 0"
    delayed = key("merchant").last(days=28, delay_days=7).count()
    words = phrase(feature("before", delayed, "of old"), 3, 1, POS)
    assert words == "3 transactions at this merchant in 28 days until 7 days ago; usual is 1"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (90, "1.5 minutes"),
        (86_400, "24 hours"),
        (172_800, "2 days"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
