"""An ordinary purchase: given a card and a second, what is bought, where, and for how much."""

import math
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from replay.simulate.categories import (
    CATEGORIES,
    ENDING_SHARE,
    HOURS_PER_WEEK,
    taste_table,
    weekly_rhythm,
)
from replay.simulate.cities import CITIES
from replay.simulate.merchants import POOL_BITS, Merchants
from replay.simulate.people import People
from replay.simulate.randomness import lottery, random_bits
from replay.simulate.rhythm import SECONDS_PER_HOUR, Calendar
from replay.simulate.settings import Settings

_CATEGORY_BITS: Final = 10
_AMOUNT_BITS: Final = 12
_ENDING_BITS: Final = 6
_CENTS_PER_DOLLAR: Final = 100
_MIN_CENTS: Final = 50
_MAX_CENTS: Final = 2_500_000
# Out of 128 purchases at home: at a favourite merchant, and in a neighbouring city.
_CHOICES: Final = 128
_HABIT: Final = 88
_NEIGHBOUR: Final = 16
# About once in 30 periods of four days a card holder is away in another city.
_TRIP_PERIOD: Final = 4 * 86_400
_TRIP: Final = 2**32 // 30
# How often the first, second, … favourite of a category is chosen, in eighths.
_FAVOURITES: Final = np.array([0, 0, 0, 0, 1, 1, 2, 3], dtype=np.uint32)


class Spending:
    """Tables from which ordinary purchases are drawn; reading them changes nothing."""

    def __init__(
        self, settings: Settings, people: People, merchants: Merchants, calendar: Calendar
    ) -> None:
        self._seed = settings.seed
        self._drift = settings.drift
        self._span = settings.span_seconds
        self._people = people
        self._merchants = merchants
        # A week more keeps the sum with the zone positive.
        week = (calendar.start_hour + HOURS_PER_WEEK) * SECONDS_PER_HOUR
        self._week_second = people.zone + np.int32(week)
        self._taste_row = people.taste * HOURS_PER_WEEK
        self._mix = _category_lottery(drifted=False)
        self._drifted_mix = _category_lottery(drifted=True) if settings.drift else self._mix
        self._quantiles = _amount_quantiles()
        self._wobble = np.linspace(0.994, 1.006, 256, dtype=np.float32)
        self._endings = _ending_lottery()

    def places(
        self,
        seconds: npt.NDArray[np.int32],
        card: npt.NDArray[np.int64],
        rng: np.random.Generator,
    ) -> npt.NDArray[np.int64]:
        """Draw where each card buys at each second of the span."""
        bits = random_bits(rng, len(card))
        category = self._category(seconds, card, bits & np.uint32((1 << _CATEGORY_BITS) - 1), rng)
        return self._place(seconds, card, category, bits >> np.uint32(_CATEGORY_BITS))

    def cents(
        self,
        place: npt.NDArray[np.int64],
        card: npt.NDArray[np.int64],
        factor: npt.NDArray[np.float64] | float,
        rng: np.random.Generator,
    ) -> npt.NDArray[np.int32]:
        """Draw amounts usual for these places and cards, times `factor`."""
        bits = random_bits(rng, len(card))
        category = self._merchants.category[place]
        index = (category << _AMOUNT_BITS) | (bits >> np.uint32(32 - _AMOUNT_BITS))
        amount = self._quantiles[index] * self._people.level[card]
        amount *= self._merchants.level[place] * self._wobble[bits & np.uint32(255)]
        # Clipped before the cast: float to int32 is undefined beyond its range.
        amount = np.clip(amount * factor, _MIN_CENTS, _MAX_CENTS)
        cents: npt.NDArray[np.int32] = amount.astype(np.int32)
        ticket = (bits >> np.uint32(8)) & np.uint32((1 << _ENDING_BITS) - 1)
        ending = self._endings[(category << _ENDING_BITS) | ticket]
        ends = np.flatnonzero((ending >= 0) & (cents >= _CENTS_PER_DOLLAR))
        cents[ends] += ending[ends] - cents[ends] % _CENTS_PER_DOLLAR
        return cents

    def _category(
        self,
        seconds: npt.NDArray[np.int32],
        card: npt.NDArray[np.int64],
        ticket: npt.NDArray[np.uint32],
        rng: np.random.Generator,
    ) -> npt.NDArray[np.int64]:
        hour = (seconds + self._week_second[card]) // np.int32(SECONDS_PER_HOUR)
        hour -= hour // np.int32(HOURS_PER_WEEK) * np.int32(HOURS_PER_WEEK)
        index = ((self._taste_row[card] + hour) << _CATEGORY_BITS) | ticket
        category = self._mix[index]
        if self._drift:
            progress = seconds * np.float32(self._drift / self._span)
            drifted = np.flatnonzero(rng.random(len(card), dtype=np.float32) < progress)
            category[drifted] = self._drifted_mix[index[drifted]]
        return np.asarray(category, dtype=np.int64)

    def _place(
        self,
        seconds: npt.NDArray[np.int32],
        card: npt.NDArray[np.int64],
        category: npt.NDArray[np.int64],
        bits: npt.NDArray[np.uint32],
    ) -> npt.NDArray[np.int64]:
        city = self._people.city[card]
        choice = (bits & np.uint32(_CHOICES - 1)).astype(np.int32)
        ticket = (bits >> np.uint32(7)) & np.uint32((1 << POOL_BITS) - 1)
        favourite = _FAVOURITES[(bits >> np.uint32(13)) & np.uint32(7)]
        code = card.astype(np.uint32)
        # A favourite is a hash of card, category and rank: the same for ever, stored nowhere.
        habit = _scramble(
            code * np.uint32(64) + category.astype(np.uint32) * np.uint32(4) + favourite, self._seed
        )
        ticket = np.where(choice < _HABIT, habit >> np.uint32(32 - POOL_BITS), ticket)

        nearby = np.flatnonzero(choice >= _CHOICES - _NEIGHBOUR)
        side = (bits[nearby] >> np.uint32(16)) & np.uint32(3)
        city[nearby] = self._merchants.near[city[nearby], side]

        phase = code * np.uint32(40503) & np.uint32(0x3FFFF)
        period = (seconds.astype(np.uint32) + phase) // np.uint32(_TRIP_PERIOD)
        trip = _scramble(code * np.uint32(0x85EBCA77) + period, self._seed + 1)
        away = np.flatnonzero(trip < _TRIP)
        city[away] = _scramble(trip[away], self._seed + 2) % len(CITIES)
        ticket[away] = bits[away] >> np.uint32(7) & np.uint32((1 << POOL_BITS) - 1)
        return self._merchants.places(city, category, ticket.astype(np.int64))


def _scramble(value: npt.NDArray[np.uint32], salt: int) -> npt.NDArray[np.uint32]:
    """Hash 32 bits to 32 bits, one to one; arithmetic wraps round."""
    value = value + np.uint32(salt * 0x9E3779B1 % 2**32)
    value *= np.uint32(0x2C1B3C6D)
    value ^= value >> np.uint32(15)
    value *= np.uint32(0x297A2D39)
    value ^= value >> np.uint32(14)
    value *= np.uint32(0x9E3779B1)
    return value


@cache
def _category_lottery(*, drifted: bool) -> npt.NDArray[np.uint8]:
    """Return tickets of categories by (taste, local hour of the week), flattened."""
    factor = np.array([category.drift if drifted else 1.0 for category in CATEGORIES])
    rhythm = weekly_rhythm()
    tables = [
        lottery(rhythm[:, hour] * taste * factor, 1 << _CATEGORY_BITS)
        for taste in taste_table()
        for hour in range(HOURS_PER_WEEK)
    ]
    return np.concatenate(tables).astype(np.uint8)


@cache
def _amount_quantiles() -> npt.NDArray[np.float32]:
    """Return each category's log-normal amounts in cents at evenly spaced quantiles."""
    # A table instead of exp(normal): faster, and it rounds alike on every processor.
    size = 1 << _AMOUNT_BITS
    normal = NormalDist()
    scores = [normal.inv_cdf((i + 0.5) / size) for i in range(size)]
    amounts = [[100 * c.median * math.exp(c.sigma * z) for z in scores] for c in CATEGORIES]
    return np.array(amounts, dtype=np.float32).ravel()


def _ending_lottery() -> npt.NDArray[np.int8]:
    """Return each category's tickets of price endings; -1 leaves the amount as it is."""
    size = 1 << _ENDING_BITS
    table = np.full((len(CATEGORIES), size), -1, dtype=np.int8)
    for row, category in zip(table, CATEGORIES, strict=True):
        if category.endings:
            count = round(ENDING_SHARE * size)
            row[:count] = np.resize(category.endings, count)
    return table.ravel()
