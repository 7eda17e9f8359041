"""The features of ``notebook`` from the rows of a card's last day, computed anew for each event."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final, Protocol

from benchmarks.original.table import DAY_SECONDS, Row

_NEVER: Final = 1e9
_KM: Final = 2 * 6371.0
_NIGHT: Final = (6, 22)
_CENTS: Final = 100
_SECONDS: Final = (60, 300, 900, 3_600)
_QUARTER: Final = 900


class Event(Protocol):
    """What features read of an event."""

    cc_num: int
    unix_time: int
    amt: float
    merchant: str
    category: str
    merch_lat: float
    merch_long: float
    lat: float
    long: float
    city_pop: int
    dob: str
    gender: str


def features(event: Event, past: Sequence[Row]) -> list[float]:
    """The 26 features of an event.

    Parameters
    ----------
    event
        The event.
    past
        What ``Table.last_day`` tells of its card.
    """
    now = event.unix_time
    day = [row for row in past if row.unix_time >= now - DAY_SECONDS]
    quarter = [row for row in day if row.unix_time >= now - _QUARTER]
    same = [row for row in day if row.merchant == event.merchant]
    at = datetime.fromtimestamp(now, UTC)
    mean, std = _mean_and_std(day)
    delta = event.amt - mean
    gender = event.gender.upper()
    values = [
        _age(event.dob, at.date()),
        math.log1p(event.amt),
        at.hour,
        at.weekday(),
        at.hour <= _NIGHT[0] or at.hour >= _NIGHT[1],
        event.city_pop,
        event.lat,
        event.long,
        event.merch_lat,
        event.merch_long,
        *(sum(row.unix_time >= now - seconds for row in day) for seconds in _SECONDS),
        len({row.merchant for row in quarter}),
        len({row.category for row in quarter}),
        bool(same),
        _kilometres(past[-1], event) if past else 0.0,
        now - past[-1].unix_time if past else _NEVER,
        now - same[-1].unix_time if same else _NEVER,
        mean,
        std,
        delta,
        delta / std if std > 0 else 0.0,
        gender == "M",
        gender == "F",
    ]
    return list(map(float, values))


def _mean_and_std(rows: Sequence[Row]) -> tuple[float, float]:
    if not rows:
        return 0.0, 0.0
    cents = [round(row.amt * _CENTS) for row in rows]
    count, total = len(cents), sum(cents)
    mean = total / (count * _CENTS)
    spread = count * sum(one * one for one in cents) - total * total
    return mean, math.sqrt(spread) / (count * _CENTS)


def _kilometres(before: Row, event: Event) -> float:
    from_lat, to_lat = math.radians(before.merch_lat), math.radians(event.merch_lat)
    up = math.sin((to_lat - from_lat) / 2)
    along = math.sin(math.radians(event.merch_long - before.merch_long) / 2)
    part = up * up + math.cos(from_lat) * math.cos(to_lat) * along * along
    return _KM * math.asin(math.sqrt(min(part, 1.0)))


def _age(born: str, today: date) -> int:
    try:
        birthday = date.fromisoformat(born)
    except ValueError:
        return -1
    before = (today.month, today.day) < (birthday.month, birthday.day)
    return max(today.year - birthday.year - before, 0)
