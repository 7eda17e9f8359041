-- suspects: Which features tell the label so well that they may hold it?
--
-- A screening: it looks at one file of features with labels, at each feature by itself, and can
-- prove nothing. auc is how often a fraud has a higher value than a legitimate event, ties counted
-- half (0.5 is chance; near 0 it is as telling as near 1). explained is the share of all fraud that
-- lies in values which hold hardly anything else: of a thousand bins of equally many events, each
-- of 20 events or more, those with nine tenths fraud. found are features beyond either bound. A
-- copy of the label, or of what is done once it is known, shows here; it would be the same in a log
-- cut short, which the leakage audit compares. What is not found here may leak all the same.
-- Null and NaN count as one value, above all others; text as null.
--
--   duckdb -cmd "SET VARIABLE features = 'features/features.parquet'" -f sql/questions/suspects.sql
--
-- variables:
--   features           features with is_fraud, Parquet: a pattern or a list
--   most_auc           the highest auc, or its distance from 0, that is not suspect (default: 0.99)
--   most_explained     the highest share of fraud explained that is not suspect (default: 0.5)

WITH
events AS (
    SELECT
        is_fraud::INTEGER AS is_fraud,
        coalesce(
            try_cast(COLUMNS(lambda name: name NOT IN (
                'event_id', 'unix_time', 'cc_num', 'is_fraud', 'label_time'
            )) AS DOUBLE),
            'nan'::DOUBLE
        )
    FROM read_parquet(coalesce(
        getvariable('features'),
        error('say which features: SET VARIABLE features = ''features/features.parquet''')
    ))
    WHERE is_fraud IS NOT NULL
),
totals AS (
    SELECT
        count(*)                                    AS labelled,
        count(*) FILTER (is_fraud = 1)              AS frauds,
        labelled - frauds                           AS others,
        least(1_000, greatest(labelled // 20, 1))   AS bins
    FROM events
),
-- equal values stay together
valued AS (
    SELECT
        feature,
        value,
        count(*)                    AS events,
        count_if(is_fraud = 1)      AS fraud,
        count_if(is_fraud = 0)      AS legitimate
    FROM (UNPIVOT events ON * EXCLUDE is_fraud INTO NAME feature VALUE value)
    GROUP BY feature, value
),
placed AS (
    SELECT
        *,
        sum(events) OVER up_to_here - events                AS events_below,
        sum(legitimate) OVER up_to_here - legitimate        AS legitimate_below
    FROM valued
    WINDOW up_to_here AS (PARTITION BY feature ORDER BY value ROWS UNBOUNDED PRECEDING)
),
binned AS (
    SELECT
        feature,
        events_below * bins // labelled                     AS bin,
        sum(events)                                         AS events,
        sum(fraud)                                          AS fraud,
        sum(fraud * (legitimate_below + legitimate / 2))    AS pairs_won
    FROM placed
    CROSS JOIN totals
    GROUP BY feature, bin
),
told AS (
    SELECT
        feature,
        sum(pairs_won)                                                          AS pairs_won,
        coalesce(sum(fraud) FILTER (events >= 20 AND fraud >= 0.9 * events), 0) AS explained
    FROM binned
    GROUP BY feature
)
SELECT
    feature,
    labelled                                        AS events,
    pairs_won / (frauds * others)                   AS auc,
    told.explained / frauds                         AS explained,
    CASE
        WHEN frauds = 0 OR others = 0
        THEN error('there is no event with a label of each kind: nothing can be told')
        ELSE greatest(auc, 1 - auc) > coalesce(getvariable('most_auc')::DOUBLE, 0.99)
            OR told.explained / frauds > coalesce(getvariable('most_explained')::DOUBLE, 0.5)
    END                                             AS found
FROM totals
LEFT JOIN told ON true
ORDER BY found DESC, greatest(auc, 1 - auc) DESC, feature;
