"""``notebook``: the 26 features of the original fraud notebook, all of them per card."""

from engine.definition import (
    POS,
    age,
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

NEVER = 1e9  # seconds, where there is nothing to count from

time = column("unix_time")
amt = column("amt")
gender = column("gender")
merch_lat, merch_long = column("merch_lat"), column("merch_long")

card = key("cc_num")
day = card.last(hours=24)
same_merchant = key("cc_num", "merchant").last(hours=24)

local_hour = hour(time)
mean = day.mean(amt).fill(0.0)
std = day.std(amt).fill(0.0)
delta = amt - mean
from_previous = haversine_km(
    card.previous(merch_lat), card.previous(merch_long), merch_lat, merch_long
)

notebook = feature_set(
    "notebook",
    POS,
    [
        feature("age", age(column("dob"), time), "card holder's age in years, −1 if unknown"),
        feature("log_amt", log1p(amt), "logarithm of one plus the amount"),
        feature("hour", local_hour, "hour of the day, UTC"),
        feature("dow", day_of_week(time), "day of the week, Monday is 0, UTC"),
        feature("is_night", (local_hour <= 6) | (local_hour >= 22), "between 22:00 and 06:59 UTC"),
        feature("city_pop", column("city_pop").fill(0.0), "population of the holder's city"),
        feature("lat", column("lat").fill(0.0), "latitude of the holder's home"),
        feature("long", column("long").fill(0.0), "longitude of the holder's home"),
        feature("merch_lat", merch_lat.fill(0.0), "latitude of the merchant"),
        feature("merch_long", merch_long.fill(0.0), "longitude of the merchant"),
        feature("velocity_60s", card.last(seconds=60).count(), "card's events in the last 60 s"),
        feature("velocity_5m", card.last(minutes=5).count(), "card's events in the last 5 min"),
        feature("velocity_15m", card.last(minutes=15).count(), "card's events in the last 15 min"),
        feature("velocity_1h", card.last(hours=1).count(), "card's events in the last hour"),
        feature(
            "unique_merchants_15m",
            card.last(minutes=15).n_unique("merchant"),
            "different merchants on the card in the last 15 min",
        ),
        feature(
            "unique_categories_15m",
            card.last(minutes=15).n_unique("category"),
            "different categories on the card in the last 15 min",
        ),
        feature(
            "seen_merchant_before", same_merchant.exists(), "card was at this merchant within 24 h"
        ),
        feature(
            "user_merchant_dist_km",
            from_previous.fill(0.0),
            "km from the merchant of the card's previous event to this one, 0 if none",
        ),
        feature(
            "time_since_last_s",
            card.seconds_since_last().fill(NEVER),
            "seconds since the card's previous event, 1e9 if none",
        ),
        feature(
            "time_since_last_merchant_s",
            same_merchant.seconds_since_last().fill(NEVER),
            "seconds since the card's last event at this merchant within 24 h, 1e9 if none",
        ),
        feature("user_mean_amt_24h", mean, "card's mean amount in the last 24 h, 0 if none"),
        feature(
            "user_std_amt_24h",
            std,
            "standard deviation of the card's amounts in the last 24 h, 0 if none",
        ),
        feature(
            "user_amt_delta",
            delta,
            "amount above the card's mean in the last 24 h, above 0 if none",
        ),
        feature(
            "amt_z_user",
            if_else(std > 0, delta / std, 0.0),
            "amount above the card's mean in the last 24 h, in standard deviations, 0 if none",
        ),
        feature(
            "gender_M",
            gender.one_of("M", "m").fill(value=False),
            "whether the card holder is male",
        ),
        feature(
            "gender_F",
            gender.one_of("F", "f").fill(value=False),
            "whether the card holder is female",
        ),
    ],
)
