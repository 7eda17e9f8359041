-- pos: 55 features of card transactions, for DuckDB 2.0 or newer.
-- fingerprint: e15181556d47da0f85a0e0dafeb22c6e3a6bff94a82c85bba04e61a349eed3d5
-- Made by `python -m engine.sql --set pos`: change the definition, not this file.
--
-- It runs as it stands; the variable `input` names a Parquet file, or a pattern of them:
--
--   duckdb -cmd "SET VARIABLE input = 'log.parquet'" -csv -f sql/features/pos.sql
--
-- or in Python, with the results in a file:
--
--   duckdb.sql("SET VARIABLE input = 'log.parquet'")
--   duckdb.sql(open("sql/features/pos.sql").read()).write_parquet("features.parquet")
--
-- A row for each event in the order of the files, with the values of `python -m engine.build`, to
-- the bit. That one looks at every row first and puts those aside that cannot be read; here a row
-- that cannot be converted, or lacks an event id or what is required, ends the query with an error.
-- All else is taken to be readable: values are within their bounds, times are whole numbers, dates
-- are text or DATE, amounts of one type in all files. Columns are found whatever the case of their
-- names is; one that is required must be there.
--
-- A number with an exponent, such as 100e0, is a DOUBLE; without one it would be a DECIMAL.

-- A value that every row must have. Without it the query ends: there is no place here to put a row
-- aside and say so, and left out unsaid it would be missing from the history of others.
CREATE OR REPLACE TEMP MACRO needed(x, name) AS
    coalesce(x, error(
        name || ' is missing from a row (was null): python -m engine.build puts such rows aside'
    ));

-- A decimal number to the nearest whole one, halves to the even one, as amounts are rounded.
CREATE OR REPLACE TEMP MACRO half_even(x) AS
    floor(x) + CASE
        WHEN x - floor(x) > 0.5 OR (x - floor(x) = 0.5 AND floor(x) % 2 <> 0) THEN 1
        ELSE 0
    END;

-- An amount in minor units, of which units, an even number, make one: what is whole of it and what
-- is not apart, as both at once can have more than the 38 digits of a DECIMAL.
CREATE OR REPLACE TEMP MACRO minor_units(x, units) AS
    (floor(x) * units + half_even((x - floor(x)) * units))::BIGINT;

-- Events in one order, by time and then by arrival: an event's position is
-- instant(its time) + its arrival, and a log has fewer than 2^30 rows.
CREATE OR REPLACE TEMP MACRO instant(t) AS
    t::BIGINT * 1_073_741_824;

CREATE OR REPLACE TEMP MACRO real_ln(x) AS
    CASE WHEN x > 0e0 THEN ln(x) END;

-- Mean and deviation of exact sums; units is how many minor units make one.
CREATE OR REPLACE TEMP MACRO exact_mean(n, total, units) AS
    CASE WHEN n > 0 THEN total::BIGINT::DOUBLE / (n * units)::DOUBLE END;

-- A whole number of up to 124 bits as a float, from its high and its low 62.
CREATE OR REPLACE TEMP MACRO wide(x) AS
    (x // 4_611_686_018_427_387_904)::BIGINT::DOUBLE * 4611686018427387904e0
    + (x % 4_611_686_018_427_387_904)::BIGINT::DOUBLE;

CREATE OR REPLACE TEMP MACRO squared_deviations(n, total, squares) AS
    wide(n::HUGEINT * squares - total::HUGEINT * total::HUGEINT);

CREATE OR REPLACE TEMP MACRO exact_std(n, total, squares, units) AS
    CASE WHEN n > 0 THEN sqrt(squared_deviations(n, total, squares))
        / (n * units)::DOUBLE END;

-- DuckDB's // and % round towards zero; instants before 1970 are negative.
CREATE OR REPLACE TEMP MACRO floor_mod(a, b) AS
    (a % b + b) % b;

CREATE OR REPLACE TEMP MACRO floor_div(a, b) AS
    a // b - (a % b < 0)::BIGINT;

CREATE OR REPLACE TEMP MACRO hour_of_day(t) AS
    floor_mod(t, 86_400) // 3_600;

-- Monday is 0; 1970-01-01 was a Thursday.
CREATE OR REPLACE TEMP MACRO day_of_week(t) AS
    floor_mod(floor_div(t, 86_400) + 3, 7);

CREATE OR REPLACE TEMP MACRO squared(x) AS
    x * x;

CREATE OR REPLACE TEMP MACRO at_most_1(h) AS
    CASE WHEN h > 1e0 AND NOT isnan(h) THEN 1e0 ELSE h END;

-- Great-circle distance on a sphere of radius 6371 km, of places in degrees.
CREATE OR REPLACE TEMP MACRO haversine_km(lat1, long1, lat2, long2) AS
    12742e0 * asin(sqrt(at_most_1(
        squared(sin((lat2 - lat1) * 0.017453292519943295e0 * 0.5e0))
        + cos(lat1 * 0.017453292519943295e0) * cos(lat2 * 0.017453292519943295e0)
        * squared(sin((long2 - long1) * 0.017453292519943295e0 * 0.5e0)))));

WITH
-- the rows in their order, with their ids; a column that may be missing is null then
raw AS (
    SELECT
        cc_num, unix_time, amt, merchant, category, lat, long, merch_lat, merch_long, is_fraud,
        label_time,
        needed(
            coalesce(
                nullif(trim(trans_num::VARCHAR, ' '), ''),
                nullif(trim(profile::VARCHAR, ' '), ''),
                nullif(trim(transaction_id::VARCHAR, ' '), '')
            ),
            'an event id'
        ) AS event_id,
        row_number() OVER () AS arrival
    FROM (
        SELECT
            NULL AS trans_num, NULL AS profile, NULL AS transaction_id, NULL AS category, NULL AS lat,
            NULL AS long, NULL AS merch_lat, NULL AS merch_long, NULL AS is_fraud, NULL AS label_time
        WHERE false
        UNION ALL BY NAME
        FROM read_parquet(coalesce(
            getvariable('input'),
            error('say which files to read: SET VARIABLE input = ''log.parquet''')
        ), union_by_name = true, hive_partitioning = false)
    )
),
-- the events: amounts in whole minor units, empty text as null, −0.0 as 0.0;
-- of those with one event id the first
log AS (
    SELECT
        arrival, event_id,
        needed(cc_num::UBIGINT, 'cc_num')                              AS cc_num,
        needed(unix_time::BIGINT, 'unix_time')                         AS unix_time,
        needed(minor_units(amt::VARCHAR::DECIMAL(38, 20), 100), 'amt') AS amt,
        needed(nullif(merchant::VARCHAR, ''), 'merchant')              AS merchant,
        nullif(category::VARCHAR, '')                                  AS category,
        lat::DOUBLE + 0e0                                              AS lat,
        long::DOUBLE + 0e0                                             AS long,
        merch_lat::DOUBLE + 0e0                                        AS merch_lat,
        merch_long::DOUBLE + 0e0                                       AS merch_long,
        is_fraud::BIGINT                                               AS is_fraud,
        label_time::BIGINT                                             AS label_time
    FROM raw
    QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY arrival) = 1
),
-- the events, each with its position in their order
events AS (
    SELECT
        arrival, event_id, cc_num, unix_time, is_fraud, amt, merchant, category, lat, long,
        merch_lat, merch_long, label_time,
        instant(unix_time) + arrival                                 AS position,
        amt / 100e0 > 200e0                                          AS gt_amt_200_0,
        hour_of_day(unix_time) < 6                                   AS lt_hour_unix_time_6,
        hour_of_day(unix_time) >= 6 AND hour_of_day(unix_time) < 12 AS and_ge_hour_unix_time_6_lt_hour_unix_time_12,
        hour_of_day(unix_time) >= 12 AND hour_of_day(unix_time) < 18 AS and_ge_hour_unix_time_12_lt_hour_unix_time_18,
        hour_of_day(unix_time) >= 18                                 AS ge_hour_unix_time_18,
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
        count(*) OVER cc_num_1m                      AS cc_num_1m_count,
        count(*) OVER cc_num_15m                     AS cc_num_15m_count,
        count(*) OVER cc_num_1h                      AS cc_num_1h_count,
        count(*) OVER cc_num_24h                     AS cc_num_24h_count,
        count(*) OVER cc_num_7d                      AS cc_num_7d_count,
        count(*) OVER cc_num_30d                     AS cc_num_30d_count,
        count(*) OVER cc_num_60d_until_7d_ago_reach  AS cc_num_60d_until_7d_ago_reach,
        count(*) OVER cc_num_60d_until_7d_ago_hidden AS cc_num_60d_until_7d_ago_hidden
    FROM events
    WINDOW
        by_cc_num                      AS (PARTITION BY cc_num ORDER BY position),
        cc_num_1m                      AS (by_cc_num RANGE BETWEEN instant(60) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_15m                     AS (by_cc_num RANGE BETWEEN instant(900) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_1h                      AS (by_cc_num RANGE BETWEEN instant(3_600) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_24h                     AS (by_cc_num RANGE BETWEEN instant(86_400) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_7d                      AS (by_cc_num RANGE BETWEEN instant(604_800) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_30d                     AS (by_cc_num RANGE BETWEEN instant(2_592_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_60d_until_7d_ago_reach  AS (by_cc_num RANGE BETWEEN instant(5_788_800) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_60d_until_7d_ago_hidden AS (by_cc_num RANGE BETWEEN instant(604_799) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its cc_num
windows_by_cc_num AS (
    SELECT
        *,
        last_value(unix_time)                                                                     OVER cc_num_ever             AS cc_num_ever_last_unix_time,
        count(DISTINCT merchant)                                                                  OVER cc_num_1h               AS cc_num_1h_n_unique_merchant,
        count(DISTINCT merchant)                                                                  OVER cc_num_24h              AS cc_num_24h_n_unique_merchant,
        count(DISTINCT category)                                                                  OVER cc_num_24h              AS cc_num_24h_n_unique_category,
        last_value(merch_lat + 0e0)                                                               OVER cc_num_ever             AS cc_num_ever_last_merch_lat,
        last_value(merch_long + 0e0)                                                              OVER cc_num_ever             AS cc_num_ever_last_merch_long,
        sum(amt)                                                                                  OVER cc_num_1h               AS cc_num_1h_sum_amt,
        sum(amt)                                                                                  OVER cc_num_24h              AS cc_num_24h_sum_amt,
        sum(amt)                                                                                  OVER cc_num_7d               AS cc_num_7d_sum_amt,
        sum(amt)                                                                                  OVER cc_num_30d              AS cc_num_30d_sum_amt,
        max(amt)                                                                                  OVER cc_num_30d              AS cc_num_30d_max_amt,
        sum(amt::HUGEINT * amt)                                                                   OVER cc_num_7d               AS cc_num_7d_sum_of_squares_amt,
        sum(amt::HUGEINT * amt)                                                                   OVER cc_num_30d              AS cc_num_30d_sum_of_squares_amt,
        count(*)                     FILTER (WHERE gt_amt_200_0)                                  OVER cc_num_24h              AS cc_num_24h_count_where_gt_amt_200_0,
        sum(amt)                     FILTER (WHERE gt_amt_200_0)                                  OVER cc_num_24h              AS cc_num_24h_sum_amt_where_gt_amt_200_0,
        count(*)                     FILTER (WHERE gt_amt_200_0)                                  OVER cc_num_30d              AS cc_num_30d_count_where_gt_amt_200_0,
        count(*)                     FILTER (WHERE lt_hour_unix_time_6)                           OVER cc_num_30d              AS cc_num_30d_count_where_lt_hour_unix_time_6,
        count(*)                     FILTER (WHERE and_ge_hour_unix_time_6_lt_hour_unix_time_12)  OVER cc_num_30d              AS cc_num_30d_count_where_and_ge_hour_unix_time_6_lt_hour_unix_time_12,
        count(*)                     FILTER (WHERE and_ge_hour_unix_time_12_lt_hour_unix_time_18) OVER cc_num_30d              AS cc_num_30d_count_where_and_ge_hour_unix_time_12_lt_hour_unix_time_18,
        count(*)                     FILTER (WHERE ge_hour_unix_time_18)                          OVER cc_num_30d              AS cc_num_30d_count_where_ge_hour_unix_time_18,
        count(is_fraud_known_by_7d)                                                               OVER cc_num_60d_until_7d_ago AS cc_num_60d_until_7d_ago_count_is_fraud,
        sum(is_fraud_known_by_7d)                                                                 OVER cc_num_60d_until_7d_ago AS cc_num_60d_until_7d_ago_sum_is_fraud
    FROM sizes_by_cc_num
    WINDOW
        by_cc_num               AS (PARTITION BY cc_num ORDER BY position),
        cc_num_ever             AS (by_cc_num ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        cc_num_1h               AS (by_cc_num ROWS BETWEEN cc_num_1h_count PRECEDING AND 1 PRECEDING),
        cc_num_24h              AS (by_cc_num ROWS BETWEEN cc_num_24h_count PRECEDING AND 1 PRECEDING),
        cc_num_7d               AS (by_cc_num ROWS BETWEEN cc_num_7d_count PRECEDING AND 1 PRECEDING),
        cc_num_30d              AS (by_cc_num ROWS BETWEEN cc_num_30d_count PRECEDING AND 1 PRECEDING),
        cc_num_60d_until_7d_ago AS (by_cc_num ROWS BETWEEN cc_num_60d_until_7d_ago_reach PRECEDING AND cc_num_60d_until_7d_ago_hidden + 1 PRECEDING)
),
-- how many events each event sees of those before it with its cc_num and category
sizes_by_cc_num_category AS (
    SELECT
        *,
        count(*) OVER cc_num_category_30d AS cc_num_category_30d_count,
        count(*) OVER cc_num_category_24h AS cc_num_category_24h_count
    FROM windows_by_cc_num
    WINDOW
        by_cc_num_category  AS (PARTITION BY cc_num, category ORDER BY position),
        cc_num_category_30d AS (by_cc_num_category RANGE BETWEEN instant(2_592_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_category_24h AS (by_cc_num_category RANGE BETWEEN instant(86_400) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its cc_num and category
windows_by_cc_num_category AS (
    SELECT
        *,
        count(*)                FILTER (WHERE category IS NOT NULL) OVER cc_num_category_30d  AS cc_num_category_30d_count_2,
        sum(amt)                FILTER (WHERE category IS NOT NULL) OVER cc_num_category_30d  AS cc_num_category_30d_sum_amt,
        sum(amt::HUGEINT * amt) FILTER (WHERE category IS NOT NULL) OVER cc_num_category_30d  AS cc_num_category_30d_sum_of_squares_amt,
        max(amt)                FILTER (WHERE category IS NOT NULL) OVER cc_num_category_30d  AS cc_num_category_30d_max_amt,
        last_value(unix_time)                                       OVER cc_num_category_ever AS cc_num_category_ever_last_unix_time,
        count(*)                FILTER (WHERE category IS NOT NULL) OVER cc_num_category_24h  AS cc_num_category_24h_count_2
    FROM sizes_by_cc_num_category
    WINDOW
        by_cc_num_category   AS (PARTITION BY cc_num, category ORDER BY position),
        cc_num_category_30d  AS (by_cc_num_category ROWS BETWEEN cc_num_category_30d_count PRECEDING AND 1 PRECEDING),
        cc_num_category_ever AS (by_cc_num_category ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        cc_num_category_24h  AS (by_cc_num_category ROWS BETWEEN cc_num_category_24h_count PRECEDING AND 1 PRECEDING)
),
-- what it sees of those before it with its cc_num and merchant
windows_by_cc_num_merchant AS (
    SELECT
        *,
        last_value(unix_time) OVER cc_num_merchant_ever AS cc_num_merchant_ever_last_unix_time
    FROM windows_by_cc_num_category
    WINDOW
        by_cc_num_merchant   AS (PARTITION BY cc_num, merchant ORDER BY position),
        cc_num_merchant_ever AS (by_cc_num_merchant ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
-- how many events each event sees of those before it with its merchant
sizes_by_merchant AS (
    SELECT
        *,
        count(*) OVER merchant_1h                      AS merchant_1h_count,
        count(*) OVER merchant_24h                     AS merchant_24h_count,
        count(*) OVER merchant_30d                     AS merchant_30d_count,
        count(*) OVER merchant_28d_until_7d_ago_reach  AS merchant_28d_until_7d_ago_reach,
        count(*) OVER merchant_28d_until_7d_ago_hidden AS merchant_28d_until_7d_ago_hidden
    FROM windows_by_cc_num_merchant
    WINDOW
        by_merchant                      AS (PARTITION BY merchant ORDER BY position),
        merchant_1h                      AS (by_merchant RANGE BETWEEN instant(3_600) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        merchant_24h                     AS (by_merchant RANGE BETWEEN instant(86_400) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        merchant_30d                     AS (by_merchant RANGE BETWEEN instant(2_592_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        merchant_28d_until_7d_ago_reach  AS (by_merchant RANGE BETWEEN instant(3_024_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        merchant_28d_until_7d_ago_hidden AS (by_merchant RANGE BETWEEN instant(604_799) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its merchant
windows_by_merchant AS (
    SELECT
        *,
        sum(amt)                    OVER merchant_30d              AS merchant_30d_sum_amt,
        sum(amt::HUGEINT * amt)     OVER merchant_30d              AS merchant_30d_sum_of_squares_amt,
        max(amt)                    OVER merchant_30d              AS merchant_30d_max_amt,
        count(is_fraud_known_by_7d) OVER merchant_28d_until_7d_ago AS merchant_28d_until_7d_ago_count_is_fraud,
        sum(is_fraud_known_by_7d)   OVER merchant_28d_until_7d_ago AS merchant_28d_until_7d_ago_sum_is_fraud
    FROM sizes_by_merchant
    WINDOW
        by_merchant               AS (PARTITION BY merchant ORDER BY position),
        merchant_30d              AS (by_merchant ROWS BETWEEN merchant_30d_count PRECEDING AND 1 PRECEDING),
        merchant_28d_until_7d_ago AS (by_merchant ROWS BETWEEN merchant_28d_until_7d_ago_reach PRECEDING AND merchant_28d_until_7d_ago_hidden + 1 PRECEDING)
),
-- how many events each event sees of those before it with its category
sizes_by_category AS (
    SELECT
        *,
        count(*) OVER category_1h                      AS category_1h_count,
        count(*) OVER category_7d                      AS category_7d_count,
        count(*) OVER category_30d                     AS category_30d_count,
        count(*) OVER category_28d_until_7d_ago_reach  AS category_28d_until_7d_ago_reach,
        count(*) OVER category_28d_until_7d_ago_hidden AS category_28d_until_7d_ago_hidden
    FROM windows_by_merchant
    WINDOW
        by_category                      AS (PARTITION BY category ORDER BY position),
        category_1h                      AS (by_category RANGE BETWEEN instant(3_600) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        category_7d                      AS (by_category RANGE BETWEEN instant(604_800) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        category_30d                     AS (by_category RANGE BETWEEN instant(2_592_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        category_28d_until_7d_ago_reach  AS (by_category RANGE BETWEEN instant(3_024_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        category_28d_until_7d_ago_hidden AS (by_category RANGE BETWEEN instant(604_799) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its category
windows_by_category AS (
    SELECT
        *,
        count(*)                    FILTER (WHERE category IS NOT NULL)                          OVER category_1h               AS category_1h_count_2,
        count(*)                    FILTER (WHERE category IS NOT NULL)                          OVER category_7d               AS category_7d_count_2,
        count(*)                    FILTER (WHERE category IS NOT NULL)                          OVER category_30d              AS category_30d_count_2,
        sum(amt)                    FILTER (WHERE category IS NOT NULL)                          OVER category_30d              AS category_30d_sum_amt,
        sum(amt::HUGEINT * amt)     FILTER (WHERE category IS NOT NULL)                          OVER category_30d              AS category_30d_sum_of_squares_amt,
        count(*)                    FILTER (WHERE category IS NOT NULL AND lt_hour_unix_time_6)  OVER category_30d              AS category_30d_count_where_lt_hour_unix_time_6,
        count(*)                    FILTER (WHERE category IS NOT NULL AND and_ge_hour_unix_time_6_lt_hour_unix_time_12) OVER category_30d              AS category_30d_count_where_and_ge_hour_unix_time_6_lt_hour_unix_time_12,
        count(*)                    FILTER (WHERE category IS NOT NULL AND and_ge_hour_unix_time_12_lt_hour_unix_time_18) OVER category_30d              AS category_30d_count_where_and_ge_hour_unix_time_12_lt_hour_unix_time_18,
        count(*)                    FILTER (WHERE category IS NOT NULL AND ge_hour_unix_time_18) OVER category_30d              AS category_30d_count_where_ge_hour_unix_time_18,
        count(is_fraud_known_by_7d) FILTER (WHERE category IS NOT NULL)                          OVER category_28d_until_7d_ago AS category_28d_until_7d_ago_count_is_fraud,
        sum(is_fraud_known_by_7d)   FILTER (WHERE category IS NOT NULL)                          OVER category_28d_until_7d_ago AS category_28d_until_7d_ago_sum_is_fraud
    FROM sizes_by_category
    WINDOW
        by_category               AS (PARTITION BY category ORDER BY position),
        category_1h               AS (by_category ROWS BETWEEN category_1h_count PRECEDING AND 1 PRECEDING),
        category_7d               AS (by_category ROWS BETWEEN category_7d_count PRECEDING AND 1 PRECEDING),
        category_30d              AS (by_category ROWS BETWEEN category_30d_count PRECEDING AND 1 PRECEDING),
        category_28d_until_7d_ago AS (by_category ROWS BETWEEN category_28d_until_7d_ago_reach PRECEDING AND category_28d_until_7d_ago_hidden + 1 PRECEDING)
),
-- how many events each event sees of those before it of the whole stream
sizes_by_stream AS (
    SELECT
        *,
        count(*) OVER stream_7d  AS stream_7d_count,
        count(*) OVER stream_30d AS stream_30d_count
    FROM windows_by_category
    WINDOW
        by_stream  AS (ORDER BY position),
        stream_7d  AS (by_stream RANGE BETWEEN instant(604_800) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        stream_30d AS (by_stream RANGE BETWEEN instant(2_592_000) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
)
SELECT
    event_id,
    cc_num,
    unix_time,
    is_fraud,
    -- logarithm of one plus the amount
    real_ln(1e0 + amt / 100e0)                                     AS log_amt,
    -- category of the merchant
    category                                                       AS category,
    -- hour of the day, UTC
    hour_of_day(unix_time)                                         AS hour,
    -- day of the week, Monday is 0, UTC
    day_of_week(unix_time)                                         AS dow,
    -- km from the holder's home to the merchant
    haversine_km(lat, long, merch_lat, merch_long)                 AS home_merchant_dist_km,
    -- card's events in the last minute
    cc_num_1m_count                                                AS card_count_1m,
    -- card's events in the last 15 min
    cc_num_15m_count                                               AS card_count_15m,
    -- card's events in the last hour
    cc_num_1h_count                                                AS card_count_1h,
    -- card's events in the last day
    cc_num_24h_count                                               AS card_count_1d,
    -- card's events in the last 7 days
    cc_num_7d_count                                                AS card_count_7d,
    -- card's events in the last 30 days
    cc_num_30d_count                                               AS card_count_30d,
    -- seconds since the card's previous event
    (unix_time - cc_num_ever_last_unix_time)::DOUBLE               AS card_idle_s,
    -- time since the card's previous event over its usual one, which is 30 days by its events in them, by one if there is none
    card_idle_s * CASE WHEN card_count_30d > 0 THEN card_count_30d ELSE 1 END::DOUBLE / 2592000e0 AS card_idle_of_usual,
    -- different merchants on the card in the last hour
    cc_num_1h_n_unique_merchant                                    AS card_merchants_1h,
    -- different merchants on the card in the last day
    cc_num_24h_n_unique_merchant                                   AS card_merchants_1d,
    -- different categories on the card in the last day
    cc_num_24h_n_unique_category                                   AS card_categories_1d,
    -- km/h from the merchant of the card's previous event to this one, in at least a second
    3600e0 * haversine_km(cc_num_ever_last_merch_lat, cc_num_ever_last_merch_long, merch_lat, merch_long) / nullif(CASE WHEN card_idle_s < 1e0 THEN 1e0 ELSE card_idle_s END, 0e0) AS card_speed_kmh,
    -- spent on the card in the last hour
    coalesce(cc_num_1h_sum_amt, 0)::BIGINT / 100e0                 AS card_sum_1h,
    -- spent on the card in the last day
    coalesce(cc_num_24h_sum_amt, 0)::BIGINT / 100e0                AS card_sum_1d,
    -- spent on the card in the last 7 days
    coalesce(cc_num_7d_sum_amt, 0)::BIGINT / 100e0                 AS card_sum_7d,
    -- card's mean amount in the last 7 days
    exact_mean(cc_num_7d_count, cc_num_7d_sum_amt, 100)            AS card_mean_7d,
    -- card's mean amount in the last 30 days
    exact_mean(cc_num_30d_count, cc_num_30d_sum_amt, 100)          AS card_mean_30d,
    -- card's largest amount in the last 30 days
    cc_num_30d_max_amt / 100e0                                     AS card_max_30d,
    -- amount above the card's mean of 7 days, in standard deviations; 0 if they were all alike
    CASE
        WHEN exact_std(cc_num_7d_count, cc_num_7d_sum_amt, cc_num_7d_sum_of_squares_amt, 100) > 0e0
        THEN (amt / 100e0 - card_mean_7d) / nullif(exact_std(cc_num_7d_count, cc_num_7d_sum_amt, cc_num_7d_sum_of_squares_amt, 100), 0e0)
        ELSE card_mean_7d - card_mean_7d
    END AS card_amt_z_7d,
    -- amount above the card's mean of 30 days, in standard deviations; 0 if they were all alike
    CASE
        WHEN exact_std(cc_num_30d_count, cc_num_30d_sum_amt, cc_num_30d_sum_of_squares_amt, 100) > 0e0
        THEN (amt / 100e0 - card_mean_30d) / nullif(exact_std(cc_num_30d_count, cc_num_30d_sum_amt, cc_num_30d_sum_of_squares_amt, 100), 0e0)
        ELSE card_mean_30d - card_mean_30d
    END AS card_amt_z_30d,
    -- amount in the card's mean amounts of 30 days
    amt / 100e0 / nullif(card_mean_30d, 0e0)                       AS card_amt_of_mean_30d,
    -- amount in the card's largest amount of 30 days
    amt / 100e0 / nullif(cc_num_30d_max_amt / 100e0, 0e0)          AS card_amt_of_max_30d,
    -- amounts above 200 on the card in the last day
    cc_num_24h_count_where_gt_amt_200_0                            AS card_large_1d,
    -- spent in amounts above 200 on the card in the last day
    coalesce(cc_num_24h_sum_amt_where_gt_amt_200_0, 0)::BIGINT / 100e0 AS card_large_sum_1d,
    -- amounts above 200 on the card in the last 30 days
    cc_num_30d_count_where_gt_amt_200_0                            AS card_large_30d,
    -- share of the card's spending of 30 days that is of the last day
    coalesce(cc_num_24h_sum_amt, 0)::BIGINT / 100e0 / nullif(coalesce(cc_num_30d_sum_amt, 0)::BIGINT / 100e0, 0e0) AS card_day_share_30d,
    -- share of the card's events of 30 days in this quarter of the day
    CASE WHEN hour < 6 THEN cc_num_30d_count_where_lt_hour_unix_time_6 ELSE CASE WHEN hour < 12 THEN cc_num_30d_count_where_and_ge_hour_unix_time_6_lt_hour_unix_time_12 ELSE CASE WHEN hour < 18 THEN cc_num_30d_count_where_and_ge_hour_unix_time_12_lt_hour_unix_time_18 ELSE cc_num_30d_count_where_ge_hour_unix_time_18 END END END::DOUBLE / nullif(card_count_30d::DOUBLE, 0e0) AS card_quarter_share_30d,
    -- card's events in this category in the last 30 days
    cc_num_category_30d_count_2                                    AS card_category_count_30d,
    -- share of the card's events of 30 days in this category
    card_category_count_30d::DOUBLE / nullif(card_count_30d::DOUBLE, 0e0) AS card_category_share_30d,
    -- amount above the card's mean of 30 days in this category, in standard deviations; 0 if they were all alike
    CASE
        WHEN exact_std(cc_num_category_30d_count_2, cc_num_category_30d_sum_amt, cc_num_category_30d_sum_of_squares_amt, 100) > 0e0
        THEN (amt / 100e0 - exact_mean(cc_num_category_30d_count_2, cc_num_category_30d_sum_amt, 100)) / nullif(exact_std(cc_num_category_30d_count_2, cc_num_category_30d_sum_amt, cc_num_category_30d_sum_of_squares_amt, 100), 0e0)
        ELSE exact_mean(cc_num_category_30d_count_2, cc_num_category_30d_sum_amt, 100) - exact_mean(cc_num_category_30d_count_2, cc_num_category_30d_sum_amt, 100)
    END AS card_category_amt_z_30d,
    -- amount in the card's mean amounts of 30 days in this category
    amt / 100e0 / nullif(exact_mean(cc_num_category_30d_count_2, cc_num_category_30d_sum_amt, 100), 0e0) AS card_category_amt_of_mean_30d,
    -- amount in the card's largest amount of 30 days in this category
    amt / 100e0 / nullif(cc_num_category_30d_max_amt / 100e0, 0e0) AS card_category_amt_of_max_30d,
    -- seconds since the card's last event in this category
    (unix_time - CASE WHEN category IS NOT NULL THEN cc_num_category_ever_last_unix_time END)::DOUBLE AS card_category_idle_s,
    -- card had an event in this category before
    (CASE WHEN category IS NOT NULL THEN cc_num_category_ever_last_unix_time END IS NOT NULL)::TINYINT AS card_category_seen,
    -- card's events in this category in the last day
    cc_num_category_24h_count_2                                    AS card_category_1d,
    -- card was at this merchant before
    (cc_num_merchant_ever_last_unix_time IS NOT NULL)::TINYINT     AS card_merchant_seen,
    -- merchant's events in the last hour
    merchant_1h_count                                              AS merchant_count_1h,
    -- merchant's events in the last day
    merchant_24h_count                                             AS merchant_count_1d,
    -- merchant's events of the last day over a 30th of those of 30 days
    30e0 * merchant_count_1d::DOUBLE / nullif(merchant_30d_count::DOUBLE, 0e0) AS merchant_rush,
    -- amount above the merchant's mean of 30 days, in standard deviations; 0 if they were all alike
    CASE
        WHEN exact_std(merchant_30d_count, merchant_30d_sum_amt, merchant_30d_sum_of_squares_amt, 100) > 0e0
        THEN (amt / 100e0 - exact_mean(merchant_30d_count, merchant_30d_sum_amt, 100)) / nullif(exact_std(merchant_30d_count, merchant_30d_sum_amt, merchant_30d_sum_of_squares_amt, 100), 0e0)
        ELSE exact_mean(merchant_30d_count, merchant_30d_sum_amt, 100) - exact_mean(merchant_30d_count, merchant_30d_sum_amt, 100)
    END AS merchant_amt_z_30d,
    -- amount in the merchant's largest amount of 30 days
    amt / 100e0 / nullif(merchant_30d_max_amt / 100e0, 0e0)        AS merchant_amt_of_max_30d,
    -- category's events of the last hour over a 168th of those of 7 days
    168e0 * category_1h_count_2::DOUBLE / nullif(category_7d_count_2::DOUBLE, 0e0) AS category_rush,
    -- share of everyone's events of 7 days in this category
    category_7d_count_2::DOUBLE / nullif(stream_7d_count::DOUBLE, 0e0) AS category_share_7d,
    -- amount above the category's mean of 30 days, in standard deviations; 0 if they were all alike
    CASE
        WHEN exact_std(category_30d_count_2, category_30d_sum_amt, category_30d_sum_of_squares_amt, 100) > 0e0
        THEN (amt / 100e0 - exact_mean(category_30d_count_2, category_30d_sum_amt, 100)) / nullif(exact_std(category_30d_count_2, category_30d_sum_amt, category_30d_sum_of_squares_amt, 100), 0e0)
        ELSE exact_mean(category_30d_count_2, category_30d_sum_amt, 100) - exact_mean(category_30d_count_2, category_30d_sum_amt, 100)
    END AS category_amt_z_30d,
    -- share of the category's events of 30 days in this quarter of the day
    CASE WHEN hour < 6 THEN category_30d_count_where_lt_hour_unix_time_6 ELSE CASE WHEN hour < 12 THEN category_30d_count_where_and_ge_hour_unix_time_6_lt_hour_unix_time_12 ELSE CASE WHEN hour < 18 THEN category_30d_count_where_and_ge_hour_unix_time_12_lt_hour_unix_time_18 ELSE category_30d_count_where_ge_hour_unix_time_18 END END END::DOUBLE / nullif(category_30d_count_2::DOUBLE, 0e0) AS category_quarter_share_30d,
    -- card's share of 30 days in this category, in everyone's share
    card_category_share_30d / nullif(category_30d_count_2::DOUBLE / nullif(stream_30d_count::DOUBLE, 0e0), 0e0) AS card_category_of_everyones,
    -- share of fraud among the merchant's labelled events of 28 days until a week ago
    exact_mean(
        merchant_28d_until_7d_ago_count_is_fraud,
        merchant_28d_until_7d_ago_sum_is_fraud,
        1
    ) AS merchant_fraud_rate_28d,
    -- frauds at the merchant in 28 days until a week ago; null if no label is known
    CASE
        WHEN merchant_28d_until_7d_ago_count_is_fraud > 0
        THEN coalesce(merchant_28d_until_7d_ago_sum_is_fraud, 0)::BIGINT::DOUBLE
        ELSE merchant_fraud_rate_28d
    END AS merchant_fraud_28d,
    -- share of fraud among the category's labelled events of 28 days until a week ago
    exact_mean(
        category_28d_until_7d_ago_count_is_fraud,
        category_28d_until_7d_ago_sum_is_fraud,
        1
    ) AS category_fraud_rate_28d,
    -- frauds on the card in 60 days until a week ago; null if no label is known
    CASE
        WHEN cc_num_60d_until_7d_ago_count_is_fraud > 0
        THEN coalesce(cc_num_60d_until_7d_ago_sum_is_fraud, 0)::BIGINT::DOUBLE
        ELSE exact_mean(
            cc_num_60d_until_7d_ago_count_is_fraud,
            cc_num_60d_until_7d_ago_sum_is_fraud,
            1
        )
    END AS card_fraud_60d
FROM sizes_by_stream
ORDER BY arrival;
