-- card: What happened on a card around its alerts?
--
-- The events of a card, in the order in which they came, as far as one of its alerts is near. Cards
-- are masked to their last four digits; if several cards end in those that card names, all of them
-- are shown, one after the other. Of more events than top the latest are shown. time is when it
-- happened, why the strongest reason of an alert.
--
--   duckdb -cmd "SET VARIABLE ledger = 'august/part-*.parquet'" -f sql/questions/card.sql
--
-- variables:
--   ledger    the ledger's files: a pattern or a list
--   labels    Parquet files with event_id and is_fraud, such as a build's (default: none)
--   until     the latest alert that counts, by arrival, UTC: '2025-08-01' (default: the latest there is)
--   since     the earliest (default: the earliest there is)
--   card      the number, or its last four digits (default: that of the most alerts)
--   hours     how far from an alert events are shown (default: 2)
--   unmask    true to show card numbers whole (default: false)
--   top       how many events to show, the latest (default: 30)

CREATE OR REPLACE TEMP MACRO masked(card) AS
    repeat('*', greatest(length(card::VARCHAR) - 4, 0)) || right(card::VARCHAR, 4);

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
alerts AS (
    SELECT
        event.cc_num AS card,
        sequence,
        arrival_time
    FROM decisions
    WHERE flagged = 1 AND (
        getvariable('since') IS NULL
        OR arrival_time >= epoch_us(getvariable('since')::TIMESTAMP) // 1_000_000
    ) AND (
        getvariable('until') IS NULL
        OR arrival_time <= epoch_us(getvariable('until')::TIMESTAMP) // 1_000_000
    )
),
-- of cards with as many alerts, the one with the latest
most_alerted AS (
    SELECT card
    FROM alerts
    GROUP BY card
    ORDER BY count(*) DESC, max(sequence) DESC
    LIMIT 1
),
chosen AS (
    SELECT DISTINCT card
    FROM alerts
    WHERE CASE
        WHEN getvariable('card') IS NULL THEN card = (FROM most_alerted)
        ELSE getvariable('card')::VARCHAR IN (card::VARCHAR, right(card::VARCHAR, 4))
    END
),
near AS (
    SELECT *
    FROM decisions
    WHERE event.cc_num IN (FROM chosen)
        AND EXISTS (
            FROM alerts
            WHERE alerts.card = decisions.event.cc_num
                AND abs(alerts.arrival_time - decisions.arrival_time)
                    <= 3_600 * coalesce(getvariable('hours')::DOUBLE, 2)
        )
    ORDER BY sequence DESC
    LIMIT coalesce(getvariable('top')::BIGINT, 30)
)
SELECT
    CASE
        WHEN coalesce(getvariable('unmask')::BOOLEAN, false) THEN event.cc_num::VARCHAR
        ELSE masked(event.cc_num)
    END                                             AS card,
    make_timestamp(event.unix_time * 1_000_000)     AS time,
    event.merchant                                  AS merchant,
    event.category                                  AS category,
    (event.amt / 100)::DECIMAL(18, 2)               AS amount,
    score,
    flagged = 1                                     AS alert,
    -- null while it is not known
    is_fraud                                        AS fraud,
    event_id                                        AS event,
    reasons[1].words                                AS why
FROM near
LEFT JOIN labels USING (event_id)
ORDER BY event.cc_num, sequence;
