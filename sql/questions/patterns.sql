-- patterns: Which fraud patterns were the most common in the last hour?
--
-- A pattern is a set of features: those that raised the score of a flagged event most, as its
-- reasons in the ledger name them. Two alerts are of one pattern if the same features speak against
-- them, whatever their values and in whichever order. Nobody wrote the patterns down; they come
-- from what the model says of each event. What the log tells of the card holder is no part of them
-- but as one, (card holder), where too few other features speak against an event. The features are
-- named in the order in which they weigh in the example, which is the alert of the pattern that
-- scored highest; says is what the first of them says of it.
--
--   duckdb -cmd "SET VARIABLE ledger = 'august/part-*.parquet'" -f sql/questions/patterns.sql
--
-- variables:
--   ledger    the ledger's files: a pattern or a list
--   labels    Parquet files with event_id and is_fraud, such as a build's (default: none)
--   until     the latest arrival that counts, UTC: '2025-08-01 12:00' (default: the latest there is)
--   since     the earliest (default: an hour before until)
--   reasons   how many of an alert's strongest reasons make its pattern (default: 3)
--   top       how many patterns to show (default: 5)

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
        coalesce(epoch_us(getvariable('since')::TIMESTAMP) // 1_000_000, until - 3_600)     AS since
    FROM decisions
),
alerts AS (
    SELECT
        decisions.sequence,
        decisions.event_id,
        decisions.event,
        decisions.score,
        labels.is_fraud,
        -- the ledger has them by how much they raised the score, the strongest first
        decisions.reasons[:coalesce(getvariable('reasons')::BIGINT, 3)] AS why,
        list_transform(why, lambda reason: reason.feature)              AS features
    FROM decisions
    JOIN span ON decisions.arrival_time BETWEEN span.since AND span.until
    LEFT JOIN labels USING (event_id)
    WHERE decisions.flagged = 1
)
SELECT
    coalesce(
        nullif(array_to_string(first(features ORDER BY score DESC, sequence), ' + '), ''),
        '(no reasons recorded)'
    )                                                       AS pattern,
    count(*)                                                AS alerts,
    count(*) / sum(count(*)) OVER ()                        AS share,
    count(DISTINCT event.cc_num)                            AS cards,
    (sum(event.amt) / 100)::DECIMAL(18, 2)                  AS money,
    -- of these alerts, known to be fraud; null while nothing is known of them
    sum(is_fraud)::BIGINT                                   AS fraud,
    first(event_id ORDER BY score DESC, sequence)           AS example,
    first(why[1].words ORDER BY score DESC, sequence)       AS says
FROM alerts
GROUP BY list_sort(features)
ORDER BY alerts DESC, money DESC, pattern
LIMIT coalesce(getvariable('top')::BIGINT, 5);
