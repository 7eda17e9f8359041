"""Where a replay's events come from: in arrival order, each with its place and when it arrived."""

from collections.abc import Iterator
from typing import Final, Literal, Protocol

import polars as pl

from engine.errors import InputError
from engine.events.log import Counts

Order = Literal["refuse", "arrival", "event-time"]
ORDERS: Final[dict[Order, str]] = {
    "refuse": "a log out of time order is refused, unless it says when its events arrived",
    "arrival": "the order of the file is that of arrival: what is out of time order came late",
    "event-time": "put in time order first, as if nothing had come late",
}


class Source(Protocol):
    """Events as they came."""

    @property
    def counts(self) -> Counts:
        """What became of the rows that there were."""
        ...

    @property
    def recorded(self) -> bool:
        """Whether it is recorded when events arrived; if not, they came when they happened."""
        ...

    @property
    def missing(self) -> int:
        """How many events came before some of these, or between them, and are not there."""
        ...

    @property
    def complete(self) -> bool:
        """Whether these are all that there will be; not of a ledger whose replay has not ended."""
        ...

    def batches(self) -> Iterator[pl.DataFrame]:
        """Canonical frames in arrival order, with ``sequence`` and ``arrival_time``. Repeatable."""
        ...


def refuse_feed_lag(lag: int) -> None:
    """Refuse to make up when events arrived where that is recorded.

    Raises
    ------
    InputError
        If there is a lag.
    """
    if lag:
        raise InputError(
            f"--feed-lag: it is recorded when the events arrived (was a lag of {lag:,} ticks)",
            hint="leave --feed-lag out",
        )
