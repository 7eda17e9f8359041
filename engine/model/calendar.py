"""Features that tell the hour or the weekday: other days of a week are no change of them."""

from typing import Final

from engine.definition.nodes import Call, Expression

_CALENDAR: Final = frozenset({"hour", "day_of_week"})
_HOUR: Final = 3_600
WEEK: Final = 7 * 86_400
_MANY_WEEKS: Final = 4  # of which a part of one more changes shares by little: the index by 0.01


def reads_calendar(expression: Expression) -> bool:
    """Whether a definition reads the hour or the day of the week of its event.

    What it says of past events is of their windows: of a week it holds each hour alike.
    """
    match expression:
        case Call(function, args):
            return function in _CALENDAR or any(map(reads_calendar, args))
        case _:
            return False


def whole_weeks_until(start: int, end: int) -> int:
    """Until when a time holds whole weeks from its start on; ``start`` itself if not one.

    Parameters
    ----------
    start, end
        Seconds since 1970 UTC, from ``start`` to before ``end``; the hour that it ends in counts
        as whole, as no log ends at the last second of a week.
    """
    span = -(-end // _HOUR) * _HOUR - start
    return start + span // WEEK * WEEK


def holds_each_weekday_alike(start: int, end: int) -> bool:
    """Whether a time holds whole weeks, or so many that the rest does not matter."""
    lacking = -(end - start) % WEEK
    return end - start >= _MANY_WEEKS * WEEK or lacking < _HOUR
