-- skew: Are the features that were served those that a batch build computes?
--
-- Compares every value of every feature of the events that are in both, bit by bit, but for the
-- kinds of NaN: null is NaN, as it is to a model, and 0.0 is not −0.0; texts by 53 bits of a hash.
-- different is how many values differ, first the event among them that came first. A feature that
-- only one of both has differs at each event. What came late was served on what had arrived, and is
-- built on all: skew at such events is no fault.
--
--   duckdb -cmd "SET VARIABLE ledger = 'august/part-*.parquet';
--                SET VARIABLE features = 'features/features.parquet'" -f sql/questions/skew.sql
--
-- variables:
--   ledger      the ledger's files: a pattern or a list
--   features    a build's features, Parquet: a pattern or a list

WITH
served AS (
    SELECT sequence, event_id, unnest(features)
    FROM read_parquet(coalesce(
        getvariable('ledger'),
        error('say which ledger: SET VARIABLE ledger = ''august/part-*.parquet''')
    ))
),
built AS (
    SELECT COLUMNS(lambda name: name NOT IN ('cc_num', 'unix_time', 'is_fraud', 'label_time'))
    FROM read_parquet(coalesce(
        getvariable('features'),
        error('say which build: SET VARIABLE features = ''features/features.parquet''')
    ))
),
-- the events that are in both, twice each
both_sides AS (
    SELECT
        sequence,
        event_id,
        coalesce(
            CASE
                WHEN typeof(COLUMNS(* EXCLUDE (sequence, event_id))) = 'VARCHAR'
                THEN (hash(COLUMNS(* EXCLUDE (sequence, event_id))) >> 11)::DOUBLE
                ELSE try_cast(COLUMNS(* EXCLUDE (sequence, event_id)) AS DOUBLE)
            END,
            'nan'::DOUBLE
        )
    FROM served
    WHERE event_id IN (SELECT event_id FROM built)
    UNION ALL BY NAME
    SELECT
        event_id,
        coalesce(
            CASE
                WHEN typeof(COLUMNS(* EXCLUDE event_id)) = 'VARCHAR'
                THEN (hash(COLUMNS(* EXCLUDE event_id)) >> 11)::DOUBLE
                ELSE try_cast(COLUMNS(* EXCLUDE event_id) AS DOUBLE)
            END,
            'nan'::DOUBLE
        )
    FROM built
    WHERE event_id IN (SELECT event_id FROM served)
),
-- of each event, whether its values differ: a column for each feature
compared AS (
    SELECT
        event_id,
        min(sequence) AS place,
        count(COLUMNS(* EXCLUDE (sequence, event_id))) <> count(event_id)
        OR min(COLUMNS(* EXCLUDE (sequence, event_id))) <> max(COLUMNS(* EXCLUDE (sequence, event_id)))
        OR (
            min(COLUMNS(* EXCLUDE (sequence, event_id))) = 0
            AND bool_or(signbit(COLUMNS(* EXCLUDE (sequence, event_id))))
            AND NOT bool_and(signbit(COLUMNS(* EXCLUDE (sequence, event_id))))
        )
    FROM both_sides
    GROUP BY event_id
),
counted AS (
    UNPIVOT (SELECT count(CASE WHEN COLUMNS(* EXCLUDE (event_id, place)) THEN 1 END) FROM compared)
    ON * INTO NAME feature VALUE different
),
firsts AS (
    UNPIVOT (
        SELECT arg_min(event_id, CASE WHEN COLUMNS(* EXCLUDE (event_id, place)) THEN place END)
        FROM compared
    )
    ON * INTO NAME feature VALUE event_id
)
SELECT
    feature,
    (SELECT count(*) FROM compared)     AS events,
    different,
    event_id                            AS first,
    CASE
        WHEN (SELECT count(*) FROM compared) = 0
        THEN error('no event is in both: the features are of another log')
        ELSE different > 0
    END                                 AS found
FROM counted
LEFT JOIN firsts USING (feature)
ORDER BY different DESC, feature;
