-- notebook: 26 features of card transactions, for DuckDB 2.0 or newer.
-- fingerprint: d9ec5254df617d1648c020c99160b71b6678fa6d66a0252ed4613a7c08222005
-- Made by `python -m engine.sql --set notebook`: change the definition, not this file.
--
-- It runs as it stands; the variable `input` names a Parquet file, or a pattern of them:
--
--   duckdb -cmd "SET VARIABLE input = 'log.parquet'" -csv -f sql/features/notebook.sql
--
-- or in Python, with the results in a file:
--
--   duckdb.sql("SET VARIABLE input = 'log.parquet'")
--   duckdb.sql(open("sql/features/notebook.sql").read()).write_parquet("features.parquet")
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

-- 20240229 for 29 February 2024: the difference of two holds the whole years.
CREATE OR REPLACE TEMP MACRO day_number(d) AS
    year(d) * 10_000 + month(d) * 100 + day(d);

-- Whole years from a date written YYYY-MM-DD; −1 for anything else.
CREATE OR REPLACE TEMP MACRO age_at(born, t) AS
    CASE
        WHEN t IS NULL THEN NULL
        WHEN length(born) = 10 AND try_cast(born AS DATE)::VARCHAR = born
        THEN greatest(
            day_number(DATE '1970-01-01' + floor_div(t, 86_400)::INTEGER)
            - day_number(try_cast(born AS DATE)), 0) // 10_000
        ELSE -1
    END;

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
        cc_num, unix_time, amt, merchant, category, gender, dob, lat, long, city_pop, merch_lat,
        merch_long, is_fraud,
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
            NULL AS trans_num, NULL AS profile, NULL AS transaction_id, NULL AS category,
            NULL AS gender, NULL AS dob, NULL AS lat, NULL AS long, NULL AS city_pop, NULL AS merch_lat,
            NULL AS merch_long, NULL AS is_fraud
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
        nullif(gender::VARCHAR, '')                                    AS gender,
        nullif(dob::VARCHAR, '')                                       AS dob,
        lat::DOUBLE + 0e0                                              AS lat,
        long::DOUBLE + 0e0                                             AS long,
        city_pop::DOUBLE + 0e0                                         AS city_pop,
        merch_lat::DOUBLE + 0e0                                        AS merch_lat,
        merch_long::DOUBLE + 0e0                                       AS merch_long,
        is_fraud::BIGINT                                               AS is_fraud
    FROM raw
    QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY arrival) = 1
),
-- the events, each with its position in their order
events AS (
    SELECT
        arrival, event_id, cc_num, unix_time, is_fraud, amt, merchant, category, gender, dob, lat,
        long, city_pop, merch_lat, merch_long,
        instant(unix_time) + arrival AS position
    FROM log
),
-- how many events each event sees of those before it with its cc_num
sizes_by_cc_num AS (
    SELECT
        *,
        count(*) OVER cc_num_1m  AS cc_num_1m_count,
        count(*) OVER cc_num_5m  AS cc_num_5m_count,
        count(*) OVER cc_num_15m AS cc_num_15m_count,
        count(*) OVER cc_num_1h  AS cc_num_1h_count,
        count(*) OVER cc_num_24h AS cc_num_24h_count
    FROM events
    WINDOW
        by_cc_num  AS (PARTITION BY cc_num ORDER BY position),
        cc_num_1m  AS (by_cc_num RANGE BETWEEN instant(60) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_5m  AS (by_cc_num RANGE BETWEEN instant(300) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_15m AS (by_cc_num RANGE BETWEEN instant(900) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_1h  AS (by_cc_num RANGE BETWEEN instant(3_600) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
        cc_num_24h AS (by_cc_num RANGE BETWEEN instant(86_400) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its cc_num
windows_by_cc_num AS (
    SELECT
        *,
        count(DISTINCT merchant)     OVER cc_num_15m  AS cc_num_15m_n_unique_merchant,
        count(DISTINCT category)     OVER cc_num_15m  AS cc_num_15m_n_unique_category,
        last_value(merch_lat + 0e0)  OVER cc_num_ever AS cc_num_ever_last_merch_lat,
        last_value(merch_long + 0e0) OVER cc_num_ever AS cc_num_ever_last_merch_long,
        last_value(unix_time)        OVER cc_num_ever AS cc_num_ever_last_unix_time,
        sum(amt)                     OVER cc_num_24h  AS cc_num_24h_sum_amt,
        sum(amt::HUGEINT * amt)      OVER cc_num_24h  AS cc_num_24h_sum_of_squares_amt
    FROM sizes_by_cc_num
    WINDOW
        by_cc_num   AS (PARTITION BY cc_num ORDER BY position),
        cc_num_15m  AS (by_cc_num ROWS BETWEEN cc_num_15m_count PRECEDING AND 1 PRECEDING),
        cc_num_ever AS (by_cc_num ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        cc_num_24h  AS (by_cc_num ROWS BETWEEN cc_num_24h_count PRECEDING AND 1 PRECEDING)
),
-- how many events each event sees of those before it with its cc_num and merchant
sizes_by_cc_num_merchant AS (
    SELECT
        *,
        count(*) OVER cc_num_merchant_24h AS cc_num_merchant_24h_count
    FROM windows_by_cc_num
    WINDOW
        by_cc_num_merchant  AS (PARTITION BY cc_num, merchant ORDER BY position),
        cc_num_merchant_24h AS (by_cc_num_merchant RANGE BETWEEN instant(86_400) + arrival PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)
),
-- what it sees of those before it with its cc_num and merchant
windows_by_cc_num_merchant AS (
    SELECT
        *,
        last_value(unix_time) OVER cc_num_merchant_24h AS cc_num_merchant_24h_last_unix_time
    FROM sizes_by_cc_num_merchant
    WINDOW
        by_cc_num_merchant  AS (PARTITION BY cc_num, merchant ORDER BY position),
        cc_num_merchant_24h AS (by_cc_num_merchant ROWS BETWEEN cc_num_merchant_24h_count PRECEDING AND 1 PRECEDING)
)
SELECT
    event_id,
    cc_num,
    unix_time,
    is_fraud,
    -- card holder's age in years, −1 if unknown
    age_at(dob, unix_time)                                          AS age,
    -- logarithm of one plus the amount
    real_ln(1e0 + amt / 100e0)                                      AS log_amt,
    -- hour of the day, UTC
    hour_of_day(unix_time)                                          AS hour,
    -- day of the week, Monday is 0, UTC
    day_of_week(unix_time)                                          AS dow,
    -- between 22:00 and 06:59 UTC
    (hour <= 6 OR hour >= 22)::TINYINT                              AS is_night,
    -- population of the holder's city
    coalesce(city_pop, 0e0)                                         AS city_pop,
    -- latitude of the holder's home
    coalesce(lat, 0e0)                                              AS lat,
    -- longitude of the holder's home
    coalesce(long, 0e0)                                             AS long,
    -- latitude of the merchant
    coalesce(merch_lat, 0e0)                                        AS merch_lat,
    -- longitude of the merchant
    coalesce(merch_long, 0e0)                                       AS merch_long,
    -- card's events in the last 60 s
    cc_num_1m_count                                                 AS velocity_60s,
    -- card's events in the last 5 min
    cc_num_5m_count                                                 AS velocity_5m,
    -- card's events in the last 15 min
    cc_num_15m_count                                                AS velocity_15m,
    -- card's events in the last hour
    cc_num_1h_count                                                 AS velocity_1h,
    -- different merchants on the card in the last 15 min
    cc_num_15m_n_unique_merchant                                    AS unique_merchants_15m,
    -- different categories on the card in the last 15 min
    cc_num_15m_n_unique_category                                    AS unique_categories_15m,
    -- card was at this merchant within 24 h
    (cc_num_merchant_24h_last_unix_time IS NOT NULL)::TINYINT       AS seen_merchant_before,
    -- km from the merchant of the card's previous event to this one, 0 if none
    coalesce(
        haversine_km(
            cc_num_ever_last_merch_lat,
            cc_num_ever_last_merch_long,
            merch_lat,
            merch_long
        ),
        0e0
    ) AS user_merchant_dist_km,
    -- seconds since the card's previous event, 1e9 if none
    coalesce((unix_time - cc_num_ever_last_unix_time)::DOUBLE, 1e9) AS time_since_last_s,
    -- seconds since the card's last event at this merchant within 24 h, 1e9 if none
    coalesce(
        (unix_time - cc_num_merchant_24h_last_unix_time)::DOUBLE,
        1e9
    ) AS time_since_last_merchant_s,
    -- card's mean amount in the last 24 h, 0 if none
    coalesce(exact_mean(cc_num_24h_count, cc_num_24h_sum_amt, 100), 0e0) AS user_mean_amt_24h,
    -- standard deviation of the card's amounts in the last 24 h, 0 if none
    coalesce(
        exact_std(
            cc_num_24h_count,
            cc_num_24h_sum_amt,
            cc_num_24h_sum_of_squares_amt,
            100
        ),
        0e0
    ) AS user_std_amt_24h,
    -- amount above the card's mean in the last 24 h, above 0 if none
    amt / 100e0 - user_mean_amt_24h                                 AS user_amt_delta,
    -- amount above the card's mean in the last 24 h, in standard deviations, 0 if none
    CASE
        WHEN user_std_amt_24h > 0e0
        THEN user_amt_delta / nullif(user_std_amt_24h, 0e0)
        ELSE 0e0
    END AS amt_z_user,
    -- whether the card holder is male
    coalesce(gender IN ('M', 'm'), false)::TINYINT                  AS "gender_M",
    -- whether the card holder is female
    coalesce(gender IN ('F', 'f'), false)::TINYINT                  AS "gender_F"
FROM windows_by_cc_num_merchant
ORDER BY arrival;
