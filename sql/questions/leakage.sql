-- leakage: Does a feature know what nobody could know at its time?
--
-- Compares two files of the same features, one of the whole log, and one of the log as it was known
-- at an earlier instant: without the events after it, and without the labels that came after it.
-- What a feature says of an event that was there by then cannot depend on what came later. So every
-- value that differs is a leak, whoever computed it and however, and the feature is not fit to be
-- learnt from. The log as it was known on 1 March, where labels take a week:
--
--   COPY (
--       SELECT
--           * EXCLUDE (known_at)
--           REPLACE (CASE WHEN unix_time <= known_at - 7 * 86_400 THEN is_fraud END AS is_fraud)
--       FROM 'log.parquet', (SELECT epoch(DATE '2025-03-01') AS known_at)
--       WHERE unix_time <= known_at
--   ) TO 'known.parquet'
--
-- What looks ahead by an hour differs in the last hour before the instant alone, if anything
-- happened in the hour after it, and what reads labels too early in the last week: choose an instant
-- at which much happens, or several. different is how many values differ, first the earliest event
-- among them, ahead how long before the end of what was known it happened, in seconds: the feature
-- looks ahead by as much at least. Numbers are compared by their values, null is equal to null and
-- NaN to NaN.
--
--   duckdb -cmd "SET VARIABLE whole = 'features/features.parquet';
--                SET VARIABLE known = 'known/features.parquet'" -f sql/questions/leakage.sql
--
-- variables:
--   whole    features of the whole log, Parquet with event_id and unix_time: a pattern or a list
--   known    the same features of the log as it was known at an instant

WITH
whole AS (
    FROM read_parquet(coalesce(
        getvariable('whole'),
        error('say which features: SET VARIABLE whole = ''features/features.parquet''')
    ))
),
known AS (
    FROM read_parquet(coalesce(
        getvariable('known'),
        error('say which features: SET VARIABLE known = ''known/features.parquet''')
    ))
),
-- the events that are in both, twice each
both_sides AS (
    SELECT event_id, unix_time, COLUMNS(lambda name: name NOT IN (
        'event_id', 'unix_time', 'cc_num', 'is_fraud', 'label_time'
    ))
    FROM (
        FROM whole WHERE event_id IN (SELECT event_id FROM known)
        UNION ALL BY NAME
        FROM known WHERE event_id IN (SELECT event_id FROM whole)
    )
),
-- of each event, whether its values differ: a column for each feature
compared AS (
    SELECT
        event_id,
        min(unix_time) AS unix_time,
        count(COLUMNS(* EXCLUDE (event_id, unix_time))) NOT IN (0, count(event_id))
        OR min(COLUMNS(* EXCLUDE (event_id, unix_time))) <> max(COLUMNS(* EXCLUDE (event_id, unix_time)))
    FROM both_sides
    GROUP BY event_id
),
counted AS (
    UNPIVOT (SELECT count(CASE WHEN COLUMNS(* EXCLUDE (event_id, unix_time)) THEN 1 END) FROM compared)
    ON * INTO NAME feature VALUE different
),
firsts AS (
    UNPIVOT (
        SELECT min(
            CASE
                WHEN COLUMNS(* EXCLUDE (event_id, unix_time))
                THEN {'unix_time': unix_time, 'event_id': event_id}
            END
        )
        FROM compared
    )
    ON * INTO NAME feature VALUE event
),
sizes AS (
    SELECT
        (SELECT count(*) FROM compared)         AS events,
        (SELECT count(*) FROM whole)            AS events_of_whole,
        (SELECT max(unix_time) FROM compared)   AS known_until
)
SELECT
    feature,
    events,
    different,
    event.event_id                      AS first,
    known_until - event.unix_time       AS ahead,
    CASE
        WHEN events = 0
        THEN error('no event is in both: the features are of two logs')
        WHEN events = events_of_whole
        THEN error('nothing came after what was known, so nothing can leak: choose an earlier instant')
        ELSE different > 0
    END                                 AS found
FROM counted
CROSS JOIN sizes
LEFT JOIN firsts USING (feature)
ORDER BY different DESC, feature;
