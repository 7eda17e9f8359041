"""The merchants, their places of sale, and which of them a customer in a city meets.

A *place* is one location of one merchant: local merchants have one, chains one in each of many
cities, online merchants several warehouses anywhere. An event picks a place; merchant name,
category and coordinates follow from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from replay.simulate.categories import CATEGORIES, Category
from replay.simulate.cities import CITIES
from replay.simulate.names import LAST_NAMES, LOCAL_MERCHANTS, TRADES
from replay.simulate.randomness import Purpose, generator, lottery
from replay.simulate.settings import Settings

# Tickets of a (city, category) pool; a power of two, so that a ticket is a few random bits.
POOL_BITS: Final = 6
NEIGHBOURS: Final = 4

_CHAINS: Final = 8
_CHAINS_PER_CITY: Final = 4
_ONLINE_MERCHANTS: Final = 50
_WAREHOUSES: Final = 12
_CLUSTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Merchants:
    """All places of sale.

    Attributes
    ----------
    frame
        Per place, the columns of a training file that it determines: ``category``,
        ``merchant``, ``merch_lat``, ``merch_long``.
    category
        Per place, index into `CATEGORIES`.
    level
        Per place, factor on every amount: a merchant is dear or cheap.
    pool
        Lottery of places by ``(city * categories + category) << POOL_BITS | ticket``, popular
        places holding more tickets.
    near
        For each city, the `NEIGHBOURS` nearest others.
    """

    frame: pl.DataFrame
    category: npt.NDArray[np.int64]
    level: npt.NDArray[np.float32]
    pool: npt.NDArray[np.int32]
    near: npt.NDArray[np.int64]

    def places(
        self,
        city: npt.NDArray[np.int64],
        category: npt.NDArray[np.int64],
        ticket: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int64]:
        """Return the place that each ticket of the pool of (city, category) stands for."""
        index = ((city * len(CATEGORIES) + category) << POOL_BITS) | ticket
        return np.asarray(self.pool[index], dtype=np.int64)


def make_merchants(settings: Settings) -> Merchants:
    """Make the merchants of a seed."""
    return _Builder(generator(settings.seed, Purpose.MERCHANTS)).build()


class _Builder:
    """Collects places city by city, and the pools that refer to them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.draws = _draws(rng)
        self.taken: set[str] = set()
        self.names: list[str] = []
        self.categories: list[int] = []
        self.lat: list[float] = []
        self.long: list[float] = []
        self.level: list[float] = []
        self.pool = np.empty((len(CITIES), len(CATEGORIES), 1 << POOL_BITS), dtype=np.int32)

    def build(self) -> Merchants:
        clusters = self.rng.normal(0, 0.06, (len(CITIES), _CLUSTERS, 2))
        for index, category in enumerate(CATEGORIES):
            if category.online:
                self._online(index, category)
            else:
                self._physical(index, category, clusters)
        frame = pl.DataFrame(
            {
                "category": pl.Series([c.name for c in CATEGORIES]).gather(self.categories),
                "merchant": self.names,
                "merch_lat": np.round(self.lat, 6),
                "merch_long": np.round(self.long, 6),
            }
        )
        return Merchants(
            frame=frame,
            category=np.array(self.categories, dtype=np.int64),
            level=np.array(self.level, dtype=np.float32),
            pool=self.pool.ravel(),
            near=_nearest(),
        )

    def _physical(self, index: int, category: Category, clusters: npt.NDArray[np.float64]) -> None:
        chains = [(self._name(category, chain=True), self._price()) for _ in range(_CHAINS)]
        for number, city in enumerate(CITIES):
            # Large cities have more shops of their own.
            local = 2 + int(np.log10(city.population / 1000)) + int(self.rng.integers(0, 2))
            sellers = [(self._name(category), self._price()) for _ in range(local)]
            present = self.rng.permutation(_CHAINS)[:_CHAINS_PER_CITY]
            sellers += [chains[chain] for chain in present]
            first = len(self.names)
            cluster = clusters[number, self.rng.integers(0, _CLUSTERS, len(sellers))]
            spots = cluster + self.rng.normal(0, 0.012, (len(sellers), 2))
            for (name, price), (lat, long) in zip(sellers, spots.tolist(), strict=True):
                self._place(index, name, price, city.lat + lat, city.long + long)
            rank = self.rng.permutation(len(sellers))
            self.pool[number, index] = first + rank[_popularity(len(sellers))]

    def _online(self, index: int, category: Category) -> None:
        first = len(self.names)
        for _ in range(_ONLINE_MERCHANTS):
            name, price = self._name(category, chain=True), self._price()
            for number in self.rng.integers(0, len(CITIES), _WAREHOUSES):
                lat, long = self.rng.normal(0, 0.5, 2)
                self._place(
                    index, name, price, CITIES[number].lat + lat, CITIES[number].long + long
                )
        popular = lottery((np.arange(_ONLINE_MERCHANTS) + 1.0) ** -1.0, 1024)
        shape = self.pool[:, index].shape
        merchant = popular[self.rng.integers(0, len(popular), shape)]
        self.pool[:, index] = (
            first + merchant * _WAREHOUSES + self.rng.integers(0, _WAREHOUSES, shape)
        )

    def _place(self, category: int, name: str, price: float, lat: float, long: float) -> None:
        self.names.append(name)
        self.categories.append(category)
        self.lat.append(lat)
        self.long.append(long)
        self.level.append(price)

    def _price(self) -> float:
        return float(self.rng.lognormal(0.0, 0.2))

    def _name(self, category: Category, *, chain: bool = False) -> str:
        """Return a name no other merchant has; every merchant's begins with ``fraud_``."""
        while True:
            i, j, k, *rest = next(self.draws)
            a, b, c = (LAST_NAMES[draw % len(LAST_NAMES)] for draw in (i, j, k))
            trades = TRADES[category.name]
            trade = trades[rest[0] % len(trades)]
            pattern = LOCAL_MERCHANTS[rest[1] % len(LOCAL_MERCHANTS)]
            if chain:
                pattern = "{a} {trade}" if category.online else "{a} & {b} {trade}"
            name = "fraud_" + pattern.format(a=a, b=b, c=c, trade=trade)
            if name not in self.taken:
                self.taken.add(name)
                return name


def _draws(rng: np.random.Generator) -> Iterator[list[int]]:
    # A thousand at a time: a call for five numbers costs as much as one for thousands.
    while True:
        yield from rng.integers(0, 1 << 16, (1024, 5)).tolist()


@cache
def _popularity(count: int) -> npt.NDArray[np.int64]:
    return lottery((np.arange(count) + 1.0) ** -0.9, 1 << POOL_BITS)


def _nearest() -> npt.NDArray[np.int64]:
    lat = np.array([c.lat for c in CITIES])
    # A degree of longitude is about three quarters of one of latitude here.
    long = np.array([c.long for c in CITIES]) * 0.75
    distance = np.hypot(lat[:, None] - lat, long[:, None] - long)
    return np.argsort(distance, axis=1, kind="stable")[:, 1 : NEIGHBOURS + 1]
