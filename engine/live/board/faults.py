"""What went wrong lately with transactions and with flags, and why."""

from typing import Final

from engine.live.board.parts import MICROSECONDS
from engine.live.board.patterns import HOUR
from engine.live.board.rows import Fault
from engine.live.decided import FEATURES_FAILED, MODEL_FAILED, UNREADABLE
from engine.live.ledger.reader import Reader

# Of so many that came last, at most: they are looked through in some hundredths of a second.
LATEST: Final = 100_000
MOST: Final = 50

# The value at fault differs from one to the next, and may be nobody's business.
_KIND: Final = """\
CASE instr(reason, ' (was ') WHEN 0 THEN reason
    ELSE substr(reason, 1, instr(reason, ' (was ') - 1) END"""
_NEWEST: Final = """\
SELECT max(
    (SELECT coalesce(max(sequence), -1) FROM decisions),
    (SELECT coalesce(max(sequence), -1) FROM quarantine)
)"""
_FAULTS: Final = f"""\
SELECT what, why, count(*) AS times, max(at) AS latest
FROM (
    SELECT 'fallback' AS what, fallback AS why, arrival_time AS at
    FROM decisions INDEXED BY fallbacks
    WHERE fallback IN ('{UNREADABLE}', '{FEATURES_FAILED}', '{MODEL_FAILED}') AND sequence > :after
    UNION ALL
    SELECT 'quarantined', {_KIND}, arrival_time FROM quarantine WHERE sequence > :after
    UNION ALL
    SELECT outcome, trim(coalesce(status, '') || ' ' || coalesce({_KIND}, '')), at FROM replies
    WHERE sequence > :after AND outcome <> 'recorded'
)
WHERE at >= :since
GROUP BY what, why ORDER BY times DESC, latest DESC, what, why LIMIT {MOST}"""  # noqa: S608 - our own text


def read_faults(reader: Reader, now_us: int) -> list[Fault]:
    """What went wrong within the last hour, the most frequent first.

    Parameters
    ----------
    reader
        The ledger.
    now_us
        The present, in microseconds since 1970 UTC.

    Raises
    ------
    OutputError
        If it cannot be read.
    """
    (newest,) = reader.row(_NEWEST)
    since = now_us - HOUR * MICROSECONDS
    found = reader.rows(_FAULTS, {"after": newest - LATEST, "since": since})
    return [Fault(*row) for row in found]
