"""Unfolding the plan of fraud into events while the stream passes.

An episode is unfolded when the stream reaches the second it may begin at; events that lie beyond
the current chunk wait for theirs. What waits is bounded by the episodes under way.
"""

import math
from typing import Final, NamedTuple, assert_never

import numpy as np
import numpy.typing as npt

from replay.simulate.categories import CATEGORIES, category_index
from replay.simulate.cities import CITIES
from replay.simulate.fraud import Behaviour, Plan, skimming_length
from replay.simulate.merchants import POOL_BITS, Merchants
from replay.simulate.people import People
from replay.simulate.randomness import Purpose, generator, lottery
from replay.simulate.rhythm import Calendar
from replay.simulate.settings import SECONDS_PER_DAY, Settings
from replay.simulate.spending import Spending

ORDINARY: Final = -1


class Events(NamedTuple):
    """Events as columns: second of the span, card, place, amount, `Behaviour` or `ORDINARY`."""

    seconds: npt.NDArray[np.int32]
    card: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    cents: npt.NDArray[np.int32]
    behaviour: npt.NDArray[np.int8]

    def where(self, keep: npt.NDArray[np.bool_]) -> "Events":
        """Return the events that `keep` marks."""
        return self.take(np.flatnonzero(keep))

    def take(self, index: npt.NDArray[np.int64]) -> "Events":
        """Return the events at these positions, in this order."""
        return Events(
            self.seconds[index],
            self.card[index],
            self.place[index],
            self.cents[index],
            self.behaviour[index],
        )


def concatenate(parts: list[Events]) -> Events:
    """Return the events of all `parts`, one part after the other."""
    return Events(
        np.concatenate([part.seconds for part in parts]),
        np.concatenate([part.card for part in parts]),
        np.concatenate([part.place for part in parts]),
        np.concatenate([part.cents for part in parts]),
        np.concatenate([part.behaviour for part in parts]),
    )


def _mix(**weights: float) -> npt.NDArray[np.int64]:
    """Return 256 tickets of categories by name."""
    table = np.zeros(len(CATEGORIES))
    for name, weight in weights.items():
        table[category_index(name)] = weight
    return lottery(table, 256)


# Every category a thief likes is one that holders use too: none gives a fraud away.
_STOLEN_MIX: Final = _mix(
    electronics=3, apparel=2, online_retail=3, travel=1.5, fuel=1.5, groceries=2, home_garden=1.2,
    entertainment=1, fast_food=0.7, digital_goods=0.7, pharmacy=0.7, restaurants=0.7,
    transit=0.4, health=0.3, food_delivery=0.3, subscriptions=0.2,
)  # fmt: skip
_TESTED_MIX: Final = _mix(electronics=1, online_retail=3, digital_goods=1, travel=0.5)
_SECOND_MIX: Final = _mix(online_retail=2, digital_goods=1, subscriptions=1)
_BREACHED_MIX: Final = _mix(
    online_retail=3, electronics=1.2, groceries=1.5, apparel=1.5, fuel=1, food_delivery=1,
    subscriptions=0.7, home_garden=1, travel=0.4,
)  # fmt: skip
_SKIMMED_MIX: Final = _mix(
    fuel=2, groceries=2, online_retail=2, restaurants=1, pharmacy=1, apparel=1, digital_goods=0.5,
    subscriptions=0.5, fast_food=0.7, transit=0.5, health=0.3, entertainment=0.5,
)  # fmt: skip


class _Style(NamedTuple):
    """How a thief buys: shares of far and near cities, categories, and amounts.

    Amounts are the usual ones times a log-normal factor (`dearer`, `spread`), kept between `low`
    and `high` cents.
    """

    far: float
    near: float
    mix: npt.NDArray[np.int64]
    dearer: float
    spread: float
    low: int
    high: int


_STYLES: Final = {
    Behaviour.STOLEN_CARD: _Style(0.55, 0.15, _STOLEN_MIX, 0.7, 0.5, 200, 2_000_000),
    Behaviour.COMPROMISED_MERCHANT: _Style(0.5, 0.1, _BREACHED_MIX, 0.4, 0.5, 200, 1_000_000),
    # Small enough to be overlooked, large enough to be worth it.
    Behaviour.SKIMMING: _Style(0.0, 0.3, _SKIMMED_MIX, 0.2, 0.2, 900, 24_000),
}
_GREEDY_SHARE: Final = 0.4
_SECOND_MERCHANT_SHARE: Final = 0.3
_SAME_SECOND_SHARE: Final = 0.35


class Episodes:
    """The planned events of a simulation, handed out in time order, chunk by chunk."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        people: People,
        merchants: Merchants,
        calendar: Calendar,
        spending: Spending,
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._people = people
        self._merchants = merchants
        self._calendar = calendar
        self._spending = spending
        self._next = 0
        self._waiting = self._unfold(slice(0, 0), np.random.default_rng(0))

    def until(self, end: int, chunk: int) -> Events:
        """Return the planned events before second `end` that were not returned before."""
        rng = generator(self._settings.seed, Purpose.EPISODES, chunk)
        stop = int(np.searchsorted(self._plan.begin, end))
        fresh = self._unfold(slice(self._next, stop), rng)
        self._next = stop
        events = concatenate([self._waiting, fresh])
        ready = events.seconds < end
        self._waiting = events.where(~ready)
        return events.where(ready)

    def _unfold(self, which: slice, rng: np.random.Generator) -> Events:
        plan = self._plan.take(which)
        fraud = [self._fraud(plan, behaviour, rng) for behaviour in Behaviour]
        return concatenate([self._companions(plan, rng), self._visits(plan, rng), *fraud])

    def _companions(self, plan: Plan, rng: np.random.Generator) -> Events:
        """Ordinary purchases of the holder on the day the fraud begins."""
        day = np.repeat(plan.first // SECONDS_PER_DAY * SECONDS_PER_DAY, plan.companions)
        card = np.repeat(plan.card, plan.companions).astype(np.int64)
        low = self._calendar.share_at(day)
        high = self._calendar.share_at(day + np.int32(SECONDS_PER_DAY))
        seconds = self._calendar.time_at(low + rng.random(len(day)) * (high - low))
        # Rounding may carry a share to the next midnight.
        seconds = np.clip(seconds, day, day + np.int32(SECONDS_PER_DAY - 1))
        place = self._spending.places(seconds, card, rng)
        cents = self._spending.cents(place, card, 1.0, rng)
        return Events(seconds, card, place, cents, np.full(len(card), ORDINARY, dtype=np.int8))

    def _visits(self, plan: Plan, rng: np.random.Generator) -> Events:
        """Ordinary purchases at the merchant that will turn out to be compromised."""
        made = np.flatnonzero(plan.visit >= 0)
        card, place = plan.card[made].astype(np.int64), plan.place[made].astype(np.int64)
        cents = self._spending.cents(place, card, 1.0, rng)
        ordinary = np.full(len(made), ORDINARY, dtype=np.int8)
        return Events(plan.visit[made], card, place, cents, ordinary)

    def _fraud(self, plan: Plan, behaviour: Behaviour, rng: np.random.Generator) -> Events:
        rows = _Rows.of(plan.take(np.flatnonzero(plan.behaviour == behaviour)))
        last = self._settings.span_seconds - 1
        after = _times(behaviour, rows, self._settings.span_seconds, rng)
        seconds = np.minimum(rows.plan.first[rows.owner] + after, last).astype(np.int32)
        card = rows.plan.card[rows.owner].astype(np.int64)
        if behaviour is Behaviour.CARD_TESTING:
            place, cents = self._tests(rows, card, rng)
        else:
            place, cents = self._purchases(behaviour, rows, card, rng)
        label = np.full(len(card), behaviour, dtype=np.int8)
        return Events(seconds, card, place, cents.astype(np.int32), label)

    def _purchases(
        self,
        behaviour: Behaviour,
        rows: "_Rows",
        card: npt.NDArray[np.int64],
        rng: np.random.Generator,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Choose places and amounts of a thief who buys things."""
        style = _STYLES[behaviour]
        count = len(card)
        city = self._people.city[card]
        # One draw per episode: where the thief is.
        where = rng.random(len(rows.plan))[rows.owner]
        far = rng.integers(0, len(CITIES), len(rows.plan))[rows.owner]
        side = rng.integers(0, self._merchants.near.shape[1], len(rows.plan))[rows.owner]
        near = self._merchants.near[city, side]
        city = np.where(where < style.far + style.near, near, city)
        city = np.where(where < style.far, far, city)
        place = self._shop(city, style.mix, rng)
        factor = np.exp(style.dearer + style.spread * rng.standard_normal(count))
        cents = self._spending.cents(place, card, factor, rng)
        # The slope keeps clipped amounts from piling up on one value.
        return place, np.clip(cents, style.low + cents // 4, style.high + cents // 100)

    def _tests(
        self, rows: "_Rows", card: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Choose tiny amounts at the tested merchant, in some episodes a large one at the end."""
        tested = rows.plan.place[rows.owner].astype(np.int64)
        tiny = (100 + 400 * rng.random(len(card)) ** 2).astype(np.int32)
        elsewhere = self._shop(self._people.city[card], _TESTED_MIX, rng)
        dear = self._spending.cents(elsewhere, card, 3.0, rng)
        greedy = rng.random(len(rows.plan))[rows.owner] < _GREEDY_SHARE
        large = rows.is_last & (rows.rank > 1) & greedy
        # In some episodes a second merchant is tried after the first.
        second = self._shop(self._people.city[rows.plan.card], _SECOND_MIX, rng)[rows.owner]
        both = rng.random(len(rows.plan))[rows.owner] < _SECOND_MERCHANT_SHARE
        tested = np.where(both & (rows.rank >= rows.plan.size[rows.owner] // 2), second, tested)
        return np.where(large, elsewhere, tested), np.where(large, dear, tiny)

    def _shop(
        self,
        city: npt.NDArray[np.int64],
        mix: npt.NDArray[np.int64],
        rng: np.random.Generator,
    ) -> npt.NDArray[np.int64]:
        category = mix[rng.integers(0, len(mix), len(city))]
        return self._merchants.places(city, category, rng.integers(0, 1 << POOL_BITS, len(city)))


class _Rows(NamedTuple):
    """The fraudulent events of some episodes: episode and position in it of every event."""

    plan: Plan
    owner: npt.NDArray[np.int64]
    rank: npt.NDArray[np.int64]

    @classmethod
    def of(cls, plan: Plan) -> "_Rows":
        owner = np.repeat(np.arange(len(plan)), plan.size)
        first = np.cumsum(plan.size) - plan.size
        return cls(plan, owner, np.arange(len(owner)) - first[owner])

    @property
    def is_last(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.rank == self.plan.size[self.owner] - 1)


def _times(
    behaviour: Behaviour, rows: _Rows, span: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return seconds since the first event of each event's episode."""
    count = len(rows.owner)
    match behaviour:
        case Behaviour.SKIMMING:
            return _slow_times(rows, span, rng)
        case Behaviour.CARD_TESTING:
            same_second = rng.random(count) < _SAME_SECOND_SHARE
            gap = np.where(same_second, 0, rng.integers(1, 30, count))
            pause = rows.is_last & (rng.random(count) < _GREEDY_SHARE)
            gap = np.where(pause, rng.integers(30, 1800, count), gap)
        case Behaviour.COMPROMISED_MERCHANT:
            gap = _log_uniform(30, 9000, rng.random(count)).astype(np.int64)
        case Behaviour.STOLEN_CARD:
            pace = _log_uniform(0.08, 1.0, rng.random(len(rows.plan)))[rows.owner]
            gap = (pace * _log_uniform(15, 2000, rng.random(count))).astype(np.int64)
        case _:
            assert_never(behaviour)
    total = np.cumsum(np.where(rows.rank == 0, 0, gap))
    return np.asarray(total - total[rows.rank == 0][rows.owner])


def _slow_times(rows: _Rows, span: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return seconds since the first event where one event follows another by days."""
    gap = (skimming_length(rows.plan.size, span) / rows.plan.size)[rows.owner]
    later = rows.rank > 0
    after = gap * (rows.rank + np.where(later, rng.uniform(-0.4, 0.4, len(later)), 0.0))
    # Whole days and an hour or two, where there are days: the hours at which the first was made.
    whole_days = np.round(after / SECONDS_PER_DAY) * SECONDS_PER_DAY
    near_whole_days = whole_days + np.where(later, rng.normal(0, 7200, len(later)), 0.0)
    after = np.where(gap > SECONDS_PER_DAY, near_whole_days, after)
    return np.maximum(after, 0).astype(np.int64)


def _log_uniform(
    low: float, high: float, share: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.asarray(low * np.exp(share * math.log(high / low)))
