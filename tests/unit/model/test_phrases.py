"""Reasons in words, as the definitions have them."""

import math

import pytest

from engine.catalog import notebook
from engine.definition import POS, column, feature, haversine_km, key
from engine.definition.dsl import History
from engine.model.phrases import duration, is_hidden, never, phrase, text_phrase

BY_NAME = {feature.name: feature for feature in notebook.features}
NAN = math.nan
CARD = key("cc_num")


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
        ("time_since_last_s", 1e9, 1e9, "no transaction on this card before, as usual"),
        ("time_since_last_s", 1e9, 60, "no transaction on this card before; usual is 1 minute"),
        (
            "time_since_last_s",
            60,
            1e9,
            "1 minute since the last transaction on this card; usual is none before",
        ),
        ("time_since_last_s", 60, 60, "1 minute since the last transaction on this card, as usual"),
        ("velocity_15m", 0, 0, "0 transactions on this card in 15 minutes, as usual"),
        (
            "seen_merchant_before",
            0,
            0,
            "no transaction on this card at this merchant in 24 hours before, as usual",
        ),
        ("user_mean_amt_24h", 0, 0, "nothing spent on this card in 24 hours before, as usual"),
        (
            "user_mean_amt_24h",
            30,
            30,
            "mean of amounts 30.00 on this card in 24 hours, as usual",
        ),
        (
            "user_std_amt_24h",
            0,
            0,
            "no two different amounts on this card in 24 hours before, as usual",
        ),
        (
            "user_mean_amt_24h",
            55.2,
            30,
            "mean of amounts 55.20 on this card in 24 hours; usual is 30.00",
        ),
        (
            "user_mean_amt_24h",
            0,
            30,
            "nothing spent on this card in 24 hours before; usual is mean 30.00",
        ),
        (
            "user_mean_amt_24h",
            55.2,
            0,
            "mean of amounts 55.20 on this card in 24 hours; usual is nothing",
        ),
        (
            "user_std_amt_24h",
            0,
            12.5,
            (
                "no two different amounts on this card in 24 hours before; "
                "usual is standard deviation 12.50"
            ),
        ),
        ("gender_M", 0, 1, "whether the card holder is male; the value is not shown"),
        ("log_amt", math.log(530.49), math.log(48.2), "amount 529.49; usual is 47.20"),
        ("is_night", 1, 0, "between 22:00 and 06:59 UTC: yes; usual is no"),
        ("is_night", 0, 0, "between 22:00 and 06:59 UTC: no, as usual"),
        ("hour", 3, 14, "hour of the day, UTC: 3; usual is 14"),
        ("dow", 6, 3, "on a Sunday, UTC"),
        ("age", 81, 47, "card holder's age in years, −1 if unknown; the value is not shown"),
        ("gender_F", 1, 1, "whether the card holder is female; the value is not shown"),
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
            f"{BY_NAME['amt_z_user'].doc}: unknown; usual is 0",
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


def test_a_card_without_history_says_so() -> None:
    amt = column("amt")
    day = key("cc_num").last(hours=24)
    for expression, value, words in (
        (day.sum(amt), 0.0, "nothing spent on this card in 24 hours before"),
        (day.max(amt).fill(0.0), 0.0, "nothing spent on this card in 24 hours before"),
        (day.max(amt).fill(-1.0), -1.0, "no transaction on this card in 24 hours before"),
        (
            day.min(amt).fill(0.0),
            0.0,
            "no transaction, or one of 0.00, on this card in 24 hours before",
        ),
        (day.mean(amt), 0.0, "mean of amounts 0.00 on this card in 24 hours"),
    ):
        assert phrase(feature("x", expression, "x"), value, 20.0, POS).startswith(f"{words}; usual")


@pytest.mark.parametrize(
    ("history", "value", "none"),
    [
        (CARD.last(hours=1), 3_600, None),  # as long ago as the window is long
        (CARD.last(hours=1), 3_601, 3_601.0),
        (CARD.last(seconds=0.002001), 0.002001, None),
        (CARD.last(seconds=0.002001), 0.002002, 0.002002),
        (CARD.last(hours=1, delay_days=1), 90_000, None),
        (CARD.last(hours=1, delay_days=1), 90_001.5, 90_001.5),
        (CARD.last(hours=1, delay_days=1), 86_400, None),
        (CARD.last(hours=1, delay_days=1), 86_399, 86_399.0),  # what is so near is not in it
        (CARD.last(hours=1), 0, None),
        (CARD.last(hours=1), -1, -1.0),
        (CARD.ever(), 0.0, None),
        (CARD.ever(), 1e7, None),
        (CARD.ever(), 1e9, 1e9),
        (CARD.ever(delay_days=7), 0.0, 0.0),
        (CARD.ever(delay_days=7).where(column("amt") > 200), 1e9, 1e9),
    ],
)
def test_never_is_a_time_that_nothing_takes(
    history: History, value: float, none: float | None
) -> None:
    since = history.seconds_since_last()
    assert never(since.fill(value)) == none
    assert never(since) is None
    assert never(since.fill(column("city_pop"))) is None
    assert never(history.count().fill(value)) is None


@pytest.mark.parametrize(
    ("history", "filled", "value", "usual", "words"),
    [
        (CARD.last(hours=1), 3_601, 3_601, 60, "no transaction on this card in 1 hour before"),
        (CARD.last(hours=1), -1, -1, 60, "no transaction on this card in 1 hour before"),
        (
            CARD.ever(delay_days=7),
            0,
            0,
            60,
            "no transaction on this card until 7 days ago before",
        ),
        (
            CARD.last(hours=1),
            3_600,
            3_600,
            60,
            "1 hour since the last transaction on this card, or none before",
        ),
        (
            CARD.ever(),
            0,
            0,
            60,
            "0 seconds since the last transaction on this card, or none before",
        ),
        (CARD.ever(), 1e7, 60, 60, "1 minute since the last transaction on this card"),
    ],
)
def test_a_time_that_may_be_is_not_told_as_none(
    history: History, filled: float, value: float, usual: float, words: str
) -> None:
    made = feature("since", history.seconds_since_last().fill(filled), "seconds since")
    end = ", as usual" if value == usual else "; usual is 1 minute"
    assert phrase(made, value, usual, POS) == f"{words}{end}"


def test_a_usual_time_that_may_be_is_not_told_as_none() -> None:
    made = feature("since", CARD.last(hours=1).seconds_since_last().fill(3_600.0), "seconds since")
    words = "1 minute since the last transaction on this card; usual is 1 hour, or none before"
    assert phrase(made, 60, 3_600, POS) == words
    words = "1 hour since the last transaction on this card, or none before, as usual"
    assert phrase(made, 3_600, 3_600, POS) == words


@pytest.mark.parametrize(
    ("value", "usual", "is_seen", "words"),
    [
        ("travel", "home", True, "what is bought: travel; usual is home"),
        ("home", "home", True, "what is bought: home, as usual"),
        (
            "crypto",
            "home",
            False,
            "what is bought: crypto, which training did not hold; usual is home",
        ),
        (None, "home", True, "what is bought: unknown; usual is home"),
        (None, None, True, "what is bought: unknown, as usual"),
        (
            "home",
            None,
            False,
            "what is bought: home, which training did not hold; usual is unknown",
        ),
    ],
)
def test_texts(value: str | None, usual: str | None, *, is_seen: bool, words: str) -> None:
    bought = feature("bought", column("category"), "what is bought")
    assert text_phrase(bought, value, usual, POS, is_seen=is_seen) == words


def test_a_text_that_tells_who_holds_the_card_is_not_shown() -> None:
    for expression in (column("gender"), key("cc_num").ever().last("job"), column("city")):
        made = feature("x", expression, "what it is")
        words = text_phrase(made, "welder", "nurse", POS, is_seen=False)
        assert words == "what it is; the value is not shown"


def test_what_is_hidden_is_the_card_holders() -> None:
    hidden = {each.name for each in notebook.features if is_hidden(each, POS)}
    assert hidden == {"age", "city_pop", "lat", "long", "gender_M", "gender_F"}


def test_docs_stand_alone() -> None:
    """A reason is a doc with a value: none may lean on another, or assert what it asks."""
    for made in notebook.features:
        assert not made.doc.startswith(("that", "the same", "card holder is")), made.name
