"""When people buy: the rate of events over the span, and who is awake to cause them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from replay.simulate.categories import CHRONOTYPE_SHIFTS, HOURS_PER_WEEK, weekly_rhythm
from replay.simulate.people import People
from replay.simulate.randomness import Purpose, generator, lottery
from replay.simulate.settings import Settings

GROUP_BITS: Final = 12
SECONDS_PER_HOUR: Final = 3600
# 1970-01-01 was a Thursday; weeks here begin on Monday.
_EPOCH_HOUR_OF_WEEK: Final = 72
# Spending by month, January first: a lean start of the year, gifts at its end.
_SEASON: Final = (0.92, 0.93, 0.98, 1.0, 1.02, 1.02, 1.03, 1.0, 0.98, 1.0, 1.06, 1.2)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The rate of ordinary events over the span.

    Attributes
    ----------
    start_hour
        Hour of the (UTC) week at which the span starts.
    edges
        Start of each hour of the span in seconds since its start, and its end.
    cumulative
        Share of all ordinary events before each edge, from 0 to 1.
    groups
        Lottery of people's groups by UTC hour of the week: shape (168, 2**GROUP_BITS).
    """

    start_hour: int
    edges: npt.NDArray[np.float64]
    cumulative: npt.NDArray[np.float64]
    groups: npt.NDArray[np.uint8]

    def time_at(self, share: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
        """Return the second by which `share` of the ordinary events has happened."""
        return np.interp(share, self.cumulative, self.edges).astype(np.int32)

    def share_at(self, seconds: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """Return the share of ordinary events that happens before `seconds`."""
        return np.interp(seconds, self.edges, self.cumulative)


def make_calendar(settings: Settings, people: People) -> Calendar:
    """Make the calendar of a span for a population spread over time zones."""
    hours = settings.days * 24
    start_hour = (settings.start_seconds // SECONDS_PER_HOUR + _EPOCH_HOUR_OF_WEEK) % HOURS_PER_WEEK
    overall = weekly_rhythm().sum(axis=0)
    rates = np.stack(
        [
            weight * np.roll(overall, CHRONOTYPE_SHIFTS[chronotype] - zone)
            for weight, chronotype, zone in zip(
                people.group_weight, people.group_chronotype, people.group_zone, strict=True
            )
        ],
        axis=1,
    )
    groups = np.stack([lottery(rate, 1 << GROUP_BITS) for rate in rates]).astype(np.uint8)

    day = np.datetime64(settings.start, "D") + np.arange(settings.days)
    month = day.astype("datetime64[M]").astype(np.int64) % 12
    # No two days are quite alike.
    weather = generator(settings.seed, Purpose.CALENDAR).lognormal(0.0, 0.06, settings.days)
    by_day = np.array(_SEASON)[month] * weather
    by_hour = rates.sum(axis=1)[(start_hour + np.arange(hours)) % HOURS_PER_WEEK]
    cumulative = np.concatenate([[0.0], np.cumsum(by_hour * np.repeat(by_day, 24))])
    return Calendar(
        start_hour=start_hour,
        edges=np.arange(hours + 1, dtype=np.float64) * SECONDS_PER_HOUR,
        cumulative=cumulative / cumulative[-1],
        groups=groups,
    )
