-- alerts: How many alerts were there in the last two hours?
--
-- An alert is an event that was flagged. Counted are events by when they arrived, both ends
-- included; before is how many there were in as long a time just before.
--
--   duckdb -cmd "SET VARIABLE ledger = 'august/part-*.parquet'" -f sql/questions/alerts.sql
--
-- variables:
--   ledger    the ledger's files: a pattern or a list
--   labels    Parquet files with event_id and is_fraud, such as a build's (default: none)
--   until     the latest arrival that counts, UTC: '2025-08-01 12:00' (default: the latest there is)
--   since     the earliest (default: two hours before until)

WITH
decisions AS (
    FROM read_parquet(coalesce(
        getvariable('ledger'),
        error('say which ledger: SET VARIABLE ledger = ''august/part-*.parquet''')
    ))
),
-- without labels the ledger stands in for them, which holds none
labels AS (
    SELECT
        event_id,
        max(is_fraud::INTEGER) AS is_fraud
    FROM (
        SELECT NULL AS is_fraud WHERE false
        UNION ALL BY NAME
        FROM read_parquet(coalesce(getvariable('labels'), getvariable('ledger')))
    )
    WHERE is_fraud IS NOT NULL
    GROUP BY event_id
),
span AS (
    SELECT
        coalesce(epoch_us(getvariable('until')::TIMESTAMP) // 1_000_000, max(arrival_time)) AS until,
        coalesce(epoch_us(getvariable('since')::TIMESTAMP) // 1_000_000, until - 7_200)     AS since
    FROM decisions
),
counted AS (
    SELECT
        decisions.flagged = 1                           AS is_alert,
        arrival_time BETWEEN span.since AND span.until  AS is_in,
        -- the ends of both spans are in, so that this one ends a second earlier
        arrival_time BETWEEN 2 * span.since - span.until - 1 AND span.since - 1 AS is_before,
        decisions.event,
        labels.is_fraud
    FROM decisions
    CROSS JOIN span
    LEFT JOIN labels USING (event_id)
)
SELECT
    make_timestamp(any_value(span.since) * 1_000_000)           AS since,
    make_timestamp(any_value(span.until) * 1_000_000)           AS until,
    count(*) FILTER (is_in)                                     AS events,
    count(*) FILTER (is_in AND is_alert)                        AS alerts,
    count(*) FILTER (is_before AND is_alert)                    AS before,
    alerts / nullif(events, 0)                                  AS share,
    count(DISTINCT event.cc_num) FILTER (is_in AND is_alert)    AS cards,
    (coalesce(sum(event.amt) FILTER (is_in AND is_alert), 0) / 100)::DECIMAL(18, 2) AS money,
    -- of these alerts, known to be fraud; null while nothing is known of them
    sum(is_fraud) FILTER (is_in AND is_alert)::BIGINT           AS fraud
FROM span
LEFT JOIN counted ON is_in OR is_before;
