"""What a simulation is asked for, checked before anything is made."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from engine.errors import InputError

MAX_ROWS: Final = 10_000_000_000
MAX_CARDS: Final = 10_000_000
# Seconds since the start are held as int32, which spans 68 years.
MAX_DAYS: Final = 20_000
MAX_FRAUD_RATE: Final = 0.5
FIRST_START: Final = date(1970, 1, 2)
LAST_START: Final = date(2199, 12, 31)
SECONDS_PER_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that determines the rows of a simulation; equal settings give equal rows.

    Attributes
    ----------
    rows
        Events to make, exactly.
    cards
        Size of the population. Every card exists; with few rows, not every card buys.
    seed
        Any integer from 0; another seed gives other people, merchants and events.
    start
        First UTC day.
    days
        Length of the simulated span in UTC days; ``unix_time`` lies in
        ``[start, start + days)``.
    fraud_rate
        Share of rows that are fraud, rounded to whole rows; at most 0.5.
    drift
        0 leaves the mix of categories as it is; at 1 the last events follow another mix
        altogether, with a straight-line passage from the first day to the last.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    rows: int = 1_000_000
    cards: int = 10_000
    seed: int = 0
    start: date = date(2025, 1, 1)
    days: int = 366
    fraud_rate: float = 0.006
    drift: float = 0.0

    def __post_init__(self) -> None:
        _check_whole("rows", self.rows, 1, MAX_ROWS)
        _check_whole("cards", self.cards, 1, MAX_CARDS)
        _check_whole("seed", self.seed, 0, 2**64 - 1)
        _check_whole("days", self.days, 1, MAX_DAYS)
        _check_share("fraud-rate", self.fraud_rate, MAX_FRAUD_RATE)
        _check_share("drift", self.drift, 1.0)
        if not FIRST_START <= self.start <= LAST_START:
            raise InputError(
                f"--start: cannot simulate from this day (was {self.start})",
                hint=f"choose a UTC day from {FIRST_START} to {LAST_START}",
            )

    @property
    def fraud_rows(self) -> int:
        """Number of rows that are fraud."""
        return round(self.rows * self.fraud_rate)

    @property
    def start_seconds(self) -> int:
        """``unix_time`` of the first second of the span."""
        return (self.start - date(1970, 1, 1)) // timedelta(days=1) * SECONDS_PER_DAY

    @property
    def span_seconds(self) -> int:
        """Length of the span in seconds."""
        return self.days * SECONDS_PER_DAY


# A setting is named as on the command line, where people give it.
def _check_whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(
            f"--{name}: cannot simulate with this number (was {value!r})",
            hint=f"give a whole number from {low:,} to {high:,}",
        )


def _check_share(name: str, value: object, high: float) -> None:
    if not (isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= high):
        raise InputError(
            f"--{name}: cannot simulate with this share (was {value!r})",
            hint=f"give a number from 0 to {high:g}",
        )
