"""The stream: ordinary purchases and planned episodes, in time order, chunk by chunk.

The span is cut where equal shares of the ordinary events have happened, so a chunk holds about
`CHUNK_ROWS` events however busy its hours are, and only one chunk is held at a time. A chunk's
ordinary events depend on (seed, chunk) alone.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from replay.simulate.categories import HOURS_PER_WEEK
from replay.simulate.episodes import ORDINARY, Episodes, Events, concatenate
from replay.simulate.frame import Columns
from replay.simulate.fraud import plan_fraud
from replay.simulate.merchants import make_merchants
from replay.simulate.people import make_people
from replay.simulate.randomness import Purpose, generator, random_bits
from replay.simulate.rhythm import GROUP_BITS, SECONDS_PER_HOUR, make_calendar
from replay.simulate.settings import Settings
from replay.simulate.spending import Spending

# Part of what a seed means: another value gives other rows.
CHUNK_ROWS: Final = 250_000

_FOLLOWER_SHARE: Final = 0.12
_SAME_PLACE_SHARE: Final = 0.55
# One event in eight may be the start of a burst of further ones on its card.
_LEADERS: Final = 8


class Simulation:
    """One simulation, ready to be read chunk by chunk; see `simulate`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._people = make_people(settings)
        merchants = make_merchants(settings)
        self._calendar = make_calendar(settings, self._people)
        self._spending = Spending(settings, self._people, merchants, self._calendar)
        self.plan = plan_fraud(settings, self._people, merchants)
        self._episodes = (self.plan, self._people, merchants, self._calendar, self._spending)
        self._merchants = merchants
        self._ticket_shift = (32 - self._people.group_bits).astype(np.uint32)
        self._lags = _lag_lottery()

    def chunks(self, *, encoded: bool = False) -> Iterator[pl.DataFrame]:
        """Yield the whole stream in time order; every call starts again.

        With `encoded`, text columns of few distinct values are enumerations instead of strings.
        """
        settings = self.settings
        columns = Columns(settings, self._people, self._merchants, encoded=encoded)
        episodes = Episodes(settings, *self._episodes)
        ordinary = settings.rows - self.plan.rows
        chunks = -(-settings.rows // CHUNK_ROWS)
        cuts = self._calendar.time_at(np.arange(chunks + 1) / chunks)
        cuts[-1] = settings.span_seconds
        for chunk in range(chunks):
            low, high = int(cuts[chunk]), int(cuts[chunk + 1])
            count = ordinary * (chunk + 1) // chunks - ordinary * chunk // chunks
            rng = generator(settings.seed, Purpose.PURCHASES, chunk)
            parts = [
                self._ordinary(chunk / chunks, 1 / chunks, count, (low, high), rng),
                episodes.until(high, chunk),
            ]
            events = _in_time_order(concatenate(parts), low)
            yield columns.frame(events, generator(settings.seed, Purpose.IDENTIFIERS, chunk))

    def _ordinary(
        self,
        share: float,
        width: float,
        count: int,
        span: tuple[int, int],
        rng: np.random.Generator,
    ) -> Events:
        """Draw `count` ordinary events from ``[share, share + width)`` of all of them."""
        followers = int(count * _FOLLOWER_SHARE)
        parents = count - followers
        # Sorted uniform numbers without a sort: partial sums of exponential gaps.
        passed = np.cumsum(rng.standard_exponential(parents + 1))
        passed *= width / passed[-1]
        low, high = span[0], min(span[1], self.settings.span_seconds - 1)
        seconds = np.clip(self._calendar.time_at(passed[:-1] + share), low, high)
        card = self._cards(seconds, rng)

        leader = _leaders(rng.random(followers), parents)
        lag = self._lags[random_bits(rng, followers) & np.uint32(len(self._lags) - 1)]
        after = _within(seconds[leader], lag, low, high, rng)
        seconds = np.concatenate([seconds, after])
        card = np.concatenate([card, card[leader]])
        place = self._spending.places(seconds, card, rng)
        again = np.flatnonzero(rng.random(followers, dtype=np.float32) < _SAME_PLACE_SHARE)
        place[parents + again] = place[leader[again]]
        cents = self._spending.cents(place, card, 1.0, rng)
        behaviour = np.full(count, ORDINARY, dtype=np.int8)
        return Events(seconds, card, place, cents, behaviour)

    def _cards(
        self, seconds: npt.NDArray[np.int32], rng: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        people = self._people
        hour = seconds // np.int32(SECONDS_PER_HOUR) + np.int32(self._calendar.start_hour)
        hour -= hour // np.int32(HOURS_PER_WEEK) * np.int32(HOURS_PER_WEEK)
        bits = random_bits(rng, 2 * len(seconds))
        ticket = bits[: len(seconds)] >> np.uint32(32 - GROUP_BITS)
        group = self._calendar.groups[hour, ticket]
        ticket = bits[len(seconds) :] >> self._ticket_shift[group]
        card = people.tickets[people.group_first[group] + ticket]
        return np.asarray(card, dtype=np.int64)


def simulate(settings: Settings) -> Iterator[pl.DataFrame]:
    """Simulate a stream of card transactions with labelled fraud.

    Parameters
    ----------
    settings
        What to simulate. Equal settings give equal rows, on any number of threads.

    Returns
    -------
    iterator of polars.DataFrame
        Consecutive chunks of about `CHUNK_ROWS` rows with the columns of
        `engine.events.training_file.TRAINING_COLUMNS`, ordered by ``unix_time``. Rows of the
        same second are in arrival order. Together exactly ``settings.rows`` rows.

    Notes
    -----
    ``trans_date`` and ``trans_time`` are local to the card holder's home: UTC plus the longitude
    of its city divided by 15, in whole hours, without daylight saving. ``amt`` is whole cents
    divided by 100. ``is_fraud`` is 1 for the events of `replay.simulate.fraud.Behaviour`.
    """
    return Simulation(settings).chunks()


def _leaders(share: npt.NDArray[np.float64], parents: int) -> npt.NDArray[np.int64]:
    """Choose the event that each follower follows: most lead none or one, a few lead dozens."""
    leaders = max(1, parents // _LEADERS)
    rank = (share**1.5 * leaders).astype(np.int64)
    # A prime factor scatters the busiest leaders over the chunk.
    return rank * 2_654_435_761 % leaders * _LEADERS


def _lag_lottery() -> npt.NDArray[np.int32]:
    """Return tickets of seconds between purchases of a burst: none, or some up to 20 minutes."""
    lags = np.exp(np.linspace(0, np.log(1200), 3 << 10)).astype(np.int32)
    return np.concatenate([np.zeros(1 << 10, dtype=np.int32), lags])


def _within(
    seconds: npt.NDArray[np.int32],
    lag: npt.NDArray[np.int32],
    low: int,
    high: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int32]:
    """Add a lag without leaving the chunk: else before, else anywhere in it."""
    # Cutting off at the chunk's end would pile events up there.
    after = seconds + lag
    after = np.where(after > high, seconds - lag, after)
    anywhere = rng.integers(low, high + 1, len(after), dtype=np.int32)
    return np.where(after < low, anywhere, after)


def _in_time_order(events: Events, low: int) -> Events:
    """Sort events by second; within a second, in an order that tells nothing of their source."""
    bits = max(1, len(events.seconds).bit_length())
    position = np.arange(len(events.seconds), dtype=np.int64)
    mask = (1 << bits) - 1
    # An odd factor permutes the numbers below a power of two, and its inverse undoes it.
    factor = 0x9E3779B1 & mask | 1
    key = (events.seconds.astype(np.int64) - low) << bits | (position * factor & mask)
    key.sort()
    order = (key & mask) * pow(factor, -1, 1 << bits) & mask
    return events.take(order)
