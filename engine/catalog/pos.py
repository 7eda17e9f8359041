"""``pos``: features of several keys, over windows from a minute to a month, with delayed labels.

Null is left where there is nothing to tell, such as a mean without transactions: models that split
take it for what it is.
"""

from engine.definition import (
    POS,
    column,
    day_of_week,
    feature,
    feature_set,
    haversine_km,
    hour,
    if_else,
    key,
    log1p,
)
from engine.definition.dsl import History
from engine.definition.nodes import Expression

LARGE = 200.0  # an amount above it is called large
LABELS_AFTER = 7  # days until it is known what an event was

time = column("unix_time")
amt = column("amt")
fraud = column("is_fraud")
merch_lat, merch_long = column("merch_lat"), column("merch_long")

everyone = key()
card = key("cc_num")
merchant = key("merchant")
category = key("category")
card_merchant = key("cc_num", "merchant")
card_category = key("cc_num", "category")

minute, quarter_hour, one_hour = (
    card.last(minutes=1),
    card.last(minutes=15),
    card.last(hours=1),
)
day, week, month = card.last(days=1), card.last(days=7), card.last(days=30)
merchant_hour, merchant_day, merchant_month = (
    merchant.last(hours=1),
    merchant.last(days=1),
    merchant.last(days=30),
)
category_hour, category_week, category_month = (
    category.last(hours=1),
    category.last(days=7),
    category.last(days=30),
)
own_category = card_category.last(days=30)
known_of_merchant = merchant.last(days=28, delay_days=LABELS_AFTER)
known_of_category = category.last(days=28, delay_days=LABELS_AFTER)
known_of_card = card.last(days=60, delay_days=LABELS_AFTER)

now = hour(time)
large = amt > LARGE
since_last = card.seconds_since_last()
km_from_last = haversine_km(
    card.previous(merch_lat), card.previous(merch_long), merch_lat, merch_long
)
home_km = haversine_km(column("lat"), column("long"), merch_lat, merch_long)


def deviations(history: History) -> Expression:
    """How many standard deviations the amount is above a history's mean; 0 where all were alike."""
    mean, std = history.mean(amt), history.std(amt)
    return if_else(std > 0, (amt - mean) / std, mean - mean)


def frauds(history: History) -> Expression:
    """How many of a history's events are known to be fraud; null if no label of it is known."""
    return if_else(history.count(fraud) > 0, history.sum(fraud), history.mean(fraud))


def in_this_quarter(history: History) -> Expression:
    """The share of a history that is of the same quarter of the UTC day as now."""
    past = hour(time)
    night = history.where(past < 6).count()
    morning = history.where((past >= 6) & (past < 12)).count()
    afternoon = history.where((past >= 12) & (past < 18)).count()
    evening = history.where(past >= 18).count()
    of_now = if_else(
        now < 6, night, if_else(now < 12, morning, if_else(now < 18, afternoon, evening))
    )
    return of_now / history.count()


pos = feature_set(
    "pos",
    POS,
    [
        # The transaction itself.
        feature("log_amt", log1p(amt), "logarithm of one plus the amount"),
        feature("category", column("category"), "category of the merchant"),
        feature("hour", now, "hour of the day, UTC"),
        feature("dow", day_of_week(time), "day of the week, Monday is 0, UTC"),
        feature("home_merchant_dist_km", home_km, "km from the holder's home to the merchant"),
        # How fast the card goes.
        feature("card_count_1m", minute.count(), "card's events in the last minute"),
        feature("card_count_15m", quarter_hour.count(), "card's events in the last 15 min"),
        feature("card_count_1h", one_hour.count(), "card's events in the last hour"),
        feature("card_count_1d", day.count(), "card's events in the last day"),
        feature("card_count_7d", week.count(), "card's events in the last 7 days"),
        feature("card_count_30d", month.count(), "card's events in the last 30 days"),
        feature("card_idle_s", since_last, "seconds since the card's previous event"),
        feature(
            "card_idle_of_usual",
            since_last * if_else(month.count() > 0, month.count(), 1) / (30.0 * 86_400.0),
            "time since the card's previous event over its usual one, which is 30 days by its "
            "events in them, by one if there is none",
        ),
        feature(
            "card_merchants_1h",
            one_hour.n_unique("merchant"),
            "different merchants on the card in the last hour",
        ),
        feature(
            "card_merchants_1d",
            day.n_unique("merchant"),
            "different merchants on the card in the last day",
        ),
        feature(
            "card_categories_1d",
            day.n_unique("category"),
            "different categories on the card in the last day",
        ),
        feature(
            "card_speed_kmh",
            3_600.0 * km_from_last / if_else(since_last < 1.0, 1.0, since_last),
            "km/h from the merchant of the card's previous event to this one, in at least a second",
        ),
        # What the card spends.
        feature("card_sum_1h", one_hour.sum(amt), "spent on the card in the last hour"),
        feature("card_sum_1d", day.sum(amt), "spent on the card in the last day"),
        feature("card_sum_7d", week.sum(amt), "spent on the card in the last 7 days"),
        feature("card_mean_7d", week.mean(amt), "card's mean amount in the last 7 days"),
        feature("card_mean_30d", month.mean(amt), "card's mean amount in the last 30 days"),
        feature("card_max_30d", month.max(amt), "card's largest amount in the last 30 days"),
        feature(
            "card_amt_z_7d",
            deviations(week),
            "amount above the card's mean of 7 days, in standard deviations; "
            "0 if they were all alike",
        ),
        feature(
            "card_amt_z_30d",
            deviations(month),
            "amount above the card's mean of 30 days, in standard deviations; "
            "0 if they were all alike",
        ),
        feature(
            "card_amt_of_mean_30d",
            amt / month.mean(amt),
            "amount in the card's mean amounts of 30 days",
        ),
        feature(
            "card_amt_of_max_30d",
            amt / month.max(amt),
            "amount in the card's largest amount of 30 days",
        ),
        feature(
            "card_large_1d",
            day.where(large).count(),
            "amounts above 200 on the card in the last day",
        ),
        feature(
            "card_large_sum_1d",
            day.where(large).sum(amt),
            "spent in amounts above 200 on the card in the last day",
        ),
        feature(
            "card_large_30d",
            month.where(large).count(),
            "amounts above 200 on the card in the last 30 days",
        ),
        feature(
            "card_day_share_30d",
            day.sum(amt) / month.sum(amt),
            "share of the card's spending of 30 days that is of the last day",
        ),
        feature(
            "card_quarter_share_30d",
            in_this_quarter(month),
            "share of the card's events of 30 days in this quarter of the day",
        ),
        # What the card does in this category, and at this merchant.
        feature(
            "card_category_count_30d",
            own_category.count(),
            "card's events in this category in the last 30 days",
        ),
        feature(
            "card_category_share_30d",
            own_category.count() / month.count(),
            "share of the card's events of 30 days in this category",
        ),
        feature(
            "card_category_amt_z_30d",
            deviations(own_category),
            "amount above the card's mean of 30 days in this category, in standard deviations; "
            "0 if they were all alike",
        ),
        feature(
            "card_category_amt_of_mean_30d",
            amt / own_category.mean(amt),
            "amount in the card's mean amounts of 30 days in this category",
        ),
        feature(
            "card_category_amt_of_max_30d",
            amt / own_category.max(amt),
            "amount in the card's largest amount of 30 days in this category",
        ),
        feature(
            "card_category_idle_s",
            card_category.seconds_since_last(),
            "seconds since the card's last event in this category",
        ),
        feature(
            "card_category_seen",
            card_category.ever().exists(),
            "card had an event in this category before",
        ),
        feature(
            "card_category_1d",
            card_category.last(days=1).count(),
            "card's events in this category in the last day",
        ),
        feature(
            "card_merchant_seen",
            card_merchant.ever().exists(),
            "card was at this merchant before",
        ),
        # What goes on at this merchant, and in this category.
        feature("merchant_count_1h", merchant_hour.count(), "merchant's events in the last hour"),
        feature("merchant_count_1d", merchant_day.count(), "merchant's events in the last day"),
        feature(
            "merchant_rush",
            30.0 * merchant_day.count() / merchant_month.count(),
            "merchant's events of the last day over a 30th of those of 30 days",
        ),
        feature(
            "merchant_amt_z_30d",
            deviations(merchant_month),
            "amount above the merchant's mean of 30 days, in standard deviations; "
            "0 if they were all alike",
        ),
        feature(
            "merchant_amt_of_max_30d",
            amt / merchant_month.max(amt),
            "amount in the merchant's largest amount of 30 days",
        ),
        feature(
            "category_rush",
            7.0 * 24.0 * category_hour.count() / category_week.count(),
            "category's events of the last hour over a 168th of those of 7 days",
        ),
        feature(
            "category_share_7d",
            category_week.count() / everyone.last(days=7).count(),
            "share of everyone's events of 7 days in this category",
        ),
        feature(
            "category_amt_z_30d",
            deviations(category_month),
            "amount above the category's mean of 30 days, in standard deviations; "
            "0 if they were all alike",
        ),
        feature(
            "category_quarter_share_30d",
            in_this_quarter(category_month),
            "share of the category's events of 30 days in this quarter of the day",
        ),
        feature(
            "card_category_of_everyones",
            (own_category.count() / month.count())
            / (category_month.count() / everyone.last(days=30).count()),
            "card's share of 30 days in this category, in everyone's share",
        ),
        # What turned out to be fraud, as far as it was known a week ago.
        feature(
            "merchant_fraud_rate_28d",
            known_of_merchant.mean(fraud),
            "share of fraud among the merchant's labelled events of 28 days until a week ago",
        ),
        feature(
            "merchant_fraud_28d",
            frauds(known_of_merchant),
            "frauds at the merchant in 28 days until a week ago; null if no label is known",
        ),
        feature(
            "category_fraud_rate_28d",
            known_of_category.mean(fraud),
            "share of fraud among the category's labelled events of 28 days until a week ago",
        ),
        feature(
            "card_fraud_60d",
            frauds(known_of_card),
            "frauds on the card in 60 days until a week ago; null if no label is known",
        ),
    ],
)
