-- exposed: Which age is most exposed, which state, category, hour and merchant?
--
-- Exposed is told as a rate, not as a count: of the events of a segment, the share that was fraud
-- (of those with a label), or without labels the share that was flagged; counted says which. Each
-- rate has its 95 % interval from low to high, and segments are in the order of low: a few events
-- tell little, and come first only if even the least that they may mean is much. Rates of segments
-- smaller than least_events or least_cards are not shown. times is the rate over that of all events.
-- Of many segments some lie above it by luck alone: one in forty would, if none were different.
--
-- The interval is E. B. Wilson's ("Probable inference, the law of succession, and statistical
-- inference", JASA 22, 1927, 209-212) with, for the number of events, the number of independent
-- ones that would tell as much. Fraud comes in bursts on a card, so that ten events of one card tell
-- less than ten of ten: the variance of the rate is that of a ratio over cards, and the number of
-- events is divided by what it exceeds the binomial one by (the design effect; L. Kish, "Survey
-- Sampling", 1965; E. L. Korn, B. I. Graubard, Survey Methodology 24, 1998, 193-201, put it into an
-- interval in this way), though never multiplied. Where all events are alike and show no variance,
-- each card counts as one event.
--
-- Age is in whole years on the day of the event, hours are UTC.
--
--   duckdb -cmd "SET VARIABLE ledger = 'august/part-*.parquet'" -f sql/questions/exposed.sql
--
-- variables:
--   ledger          the ledger's files: a pattern or a list
--   labels          Parquet files with event_id and is_fraud, such as a build's (default: none)
--   until           the latest arrival that counts, UTC: '2025-08-01' (default: the latest there is)
--   since           the earliest (default: the earliest there is)
--   least_events    how many events a segment has at least (default: 100)
--   least_cards     how many cards it has at least (default: 10)
--   top             how many segments of each kind to show (default: 5)

-- The ends of Wilson's interval of a rate p among n, with the normal deviate of 97.5 %.
CREATE OR REPLACE TEMP MACRO wilson_middle(p, n, z := 1.959963984540054e0) AS
    (p + z * z / (2 * n)) / (1 + z * z / n);

CREATE OR REPLACE TEMP MACRO wilson_half(p, n, z := 1.959963984540054e0) AS
    z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

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
-- a set of features that reads no date of birth leaves none in the ledger
events AS (
    SELECT event_id, arrival_time, event, flagged
    FROM (
        SELECT NULL::STRUCT(dob VARCHAR) AS event WHERE false
        UNION ALL BY NAME
        FROM decisions
    )
    WHERE (
        getvariable('since') IS NULL
        OR arrival_time >= epoch_us(getvariable('since')::TIMESTAMP) // 1_000_000
    ) AND (
        getvariable('until') IS NULL
        OR arrival_time <= epoch_us(getvariable('until')::TIMESTAMP) // 1_000_000
    )
),
judged AS (
    SELECT
        event,
        CASE WHEN getvariable('labels') IS NULL THEN flagged ELSE is_fraud END  AS hit,
        make_timestamp(event.unix_time * 1_000_000)                            AS happened,
        date_sub('year', try_cast(event.dob AS DATE), happened::DATE)          AS years
    FROM events
    LEFT JOIN labels USING (event_id)
    WHERE hit IS NOT NULL
),
described AS (
    SELECT
        event.cc_num AS card,
        event.amt    AS amt,
        hit,
        CASE
            WHEN years IS NULL THEN 'unknown'
            WHEN years < 20    THEN 'under 20'
            WHEN years >= 80   THEN '80 and over'
            ELSE format('{} to {}', years // 10 * 10, years // 10 * 10 + 9)
        END                                  AS age,
        coalesce(event.state, 'unknown')     AS state,
        coalesce(event.category, 'unknown')  AS category,
        strftime(happened, '%H:00')          AS hour,
        coalesce(event.merchant, 'unknown')  AS merchant
    FROM judged
),
segmented AS (
    UNPIVOT described
    ON age, state, category, hour, merchant
    INTO NAME kind VALUE segment
),
by_card AS (
    SELECT
        kind,
        segment,
        card,
        count(*)::DOUBLE             AS events,
        sum(hit)::DOUBLE             AS hits,
        sum(amt) FILTER (hit = 1)    AS amt
    FROM segmented
    GROUP BY ALL
),
segments AS (
    SELECT
        kind,
        segment,
        sum(events)                  AS n,
        sum(hits)                    AS k,
        k / n                        AS p,
        count(*)                     AS cards,
        count_if(hits > 0)::BIGINT   AS cards_hit,
        coalesce(sum(amt), 0)        AS amt,
        -- the sum of (hits − p · events)² over the cards, for the variance of the ratio k / n
        sum(hits * hits) - 2 * p * sum(hits * events) + p * p * sum(events * events) AS squares,
        squares / (n * n) * cards / nullif(cards - 1, 0)                             AS variance,
        CASE
            WHEN k > 0 AND k < n AND variance > 0 THEN least(n, p * (1 - p) / variance)
            WHEN k > 0 AND k < n AND cards > 1    THEN n
            ELSE cards
        END                          AS independent
    FROM by_card
    GROUP BY ALL
)
SELECT
    kind,
    segment,
    CASE WHEN getvariable('labels') IS NULL THEN 'alerts' ELSE 'fraud' END        AS counted,
    n::BIGINT                                                                     AS events,
    k::BIGINT                                                                     AS hits,
    p                                                                             AS rate,
    greatest(wilson_middle(p, independent) - wilson_half(p, independent), 0)      AS low,
    least(wilson_middle(p, independent) + wilson_half(p, independent), 1)         AS high,
    p / nullif((SELECT sum(k) / sum(n) FROM segments WHERE kind = 'hour'), 0)     AS times,
    cards,
    cards_hit,
    (amt / 100)::DECIMAL(18, 2)                                                   AS money
FROM segments
WHERE n >= coalesce(getvariable('least_events')::BIGINT, 100)
    AND cards >= coalesce(getvariable('least_cards')::BIGINT, 10)
QUALIFY row_number() OVER (PARTITION BY kind ORDER BY low DESC, rate DESC, segment)
    <= coalesce(getvariable('top')::BIGINT, 5)
ORDER BY
    list_position(['age', 'state', 'category', 'hour', 'merchant'], kind), low DESC, rate DESC, segment;
