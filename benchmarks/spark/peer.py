"""The feature set notebook as Spark SQL has it: window functions over RANGE frames.

It is what the definitions come to for who writes SQL and knows Spark, and no more: amounts are
summed as whole cents, frames see earlier arrivals of the same second and no later ones. For that
each row's order is its second times 2^30 plus its place in the file, which RANGE needs as one
number; it is right for a file in time order of fewer than 2^30 rows, as the simulated ones are.
Logarithms, sines and arcsines are Java's, so that some values differ in their last bits.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_STEP: Final = 1 << 30
EVENTS: Final = "events"


def _frame(seconds: int) -> str:
    """A window of so many seconds: both ends inclusive, the row itself and later ties left out."""
    return f"RANGE BETWEEN {seconds * _STEP + _STEP - 1} PRECEDING AND 1 PRECEDING"


_CARD: Final = "PARTITION BY cc_num ORDER BY ix"
_PAIR: Final = "PARTITION BY cc_num, merchant ORDER BY ix"

QUERY: Final = f"""
WITH placed AS (
  SELECT *, unix_time * {_STEP} + row_index AS ix,
    CAST(round(amt * 100) AS BIGINT) AS cents
  FROM {EVENTS}
), seen AS (
  SELECT *,
    count(*) OVER ({_CARD} {_frame(60)}) AS velocity_60s,
    count(*) OVER ({_CARD} {_frame(300)}) AS velocity_5m,
    count(*) OVER ({_CARD} {_frame(900)}) AS velocity_15m,
    count(*) OVER ({_CARD} {_frame(3_600)}) AS velocity_1h,
    CAST(size(
      collect_set(merchant) OVER ({_CARD} {_frame(900)})) AS BIGINT) AS unique_merchants_15m,
    CAST(size(
      collect_set(category) OVER ({_CARD} {_frame(900)})) AS BIGINT) AS unique_categories_15m,
    max(unix_time) OVER ({_PAIR} {_frame(86_400)}) AS last_here,
    lag(unix_time) OVER ({_CARD}) AS last_time,
    lag(merch_lat) OVER ({_CARD}) AS last_lat,
    lag(merch_long) OVER ({_CARD}) AS last_long,
    count(cents) OVER ({_CARD} {_frame(86_400)}) AS n,
    coalesce(sum(cents) OVER ({_CARD} {_frame(86_400)}), 0) AS total,
    coalesce(sum(cents * cents) OVER ({_CARD} {_frame(86_400)}), 0) AS squares
  FROM placed
), moments AS (
  SELECT *,
    CASE WHEN n > 0 THEN CAST(total AS DOUBLE) / (n * 100) ELSE 0D END AS user_mean_amt_24h,
    CASE WHEN n > 0 THEN sqrt(CAST(CAST(n AS DECIMAL(19, 0)) * CAST(squares AS DECIMAL(19, 0))
      - CAST(total AS DECIMAL(19, 0)) * CAST(total AS DECIMAL(19, 0)) AS DOUBLE)) / (n * 100)
      ELSE 0D END AS user_std_amt_24h,
    pow(sin(radians(merch_lat - last_lat) / 2), 2) + cos(radians(last_lat))
      * cos(radians(merch_lat)) * pow(sin(radians(merch_long - last_long) / 2), 2) AS chord,
    timestamp_seconds(unix_time) AS at
  FROM seen
)
SELECT trans_num AS event_id, cc_num, unix_time, is_fraud,
  CAST(coalesce(greatest(floor(months_between(to_date(at), to_date(dob)) / 12), 0), -1) AS BIGINT)
    AS age,
  ln(1 + amt) AS log_amt,
  CAST(hour(at) AS BIGINT) AS hour,
  CAST(weekday(at) AS BIGINT) AS dow,
  CAST(hour(at) <= 6 OR hour(at) >= 22 AS TINYINT) AS is_night,
  CAST(coalesce(city_pop, 0) AS DOUBLE) AS city_pop,
  coalesce(lat, 0D) AS lat,
  coalesce(long, 0D) AS long,
  coalesce(merch_lat, 0D) AS merch_lat,
  coalesce(merch_long, 0D) AS merch_long,
  velocity_60s, velocity_5m, velocity_15m, velocity_1h,
  unique_merchants_15m, unique_categories_15m,
  CAST(last_here IS NOT NULL AS TINYINT) AS seen_merchant_before,
  CASE WHEN chord IS NULL THEN 0D ELSE 2 * 6371D * asin(least(1D, sqrt(chord))) END
    AS user_merchant_dist_km,
  coalesce(CAST(unix_time - last_time AS DOUBLE), 1e9D) AS time_since_last_s,
  coalesce(CAST(unix_time - last_here AS DOUBLE), 1e9D) AS time_since_last_merchant_s,
  user_mean_amt_24h, user_std_amt_24h,
  amt - user_mean_amt_24h AS user_amt_delta,
  CASE WHEN user_std_amt_24h > 0 THEN (amt - user_mean_amt_24h) / user_std_amt_24h ELSE 0D END
    AS amt_z_user,
  CAST(coalesce(upper(gender) = 'M', false) AS TINYINT) AS gender_M,
  CAST(coalesce(upper(gender) = 'F', false) AS TINYINT) AS gender_F
FROM moments
"""  # noqa: S608 - of constants of ours


def build(session: "SparkSession", file: Path, out: Path) -> None:
    """Write the features of a Parquet file as a folder of Parquet files, in no order."""
    events = session.read.parquet(str(file)).select("*", "_metadata.row_index")
    events.createOrReplaceTempView(EVENTS)
    session.sql(QUERY).write.mode("overwrite").option("compression", "lz4").parquet(str(out))
