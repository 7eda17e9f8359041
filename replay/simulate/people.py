"""The card holders: who they are, where they live, how much and when they buy.

One card per person. All persons are made before the first event; memory grows with the number
of cards (about 400 bytes each) and not with the number of events.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from replay.simulate.categories import CHRONOTYPE_WEIGHTS, TASTE_WEIGHTS
from replay.simulate.cities import CITIES
from replay.simulate.names import (
    FIRST_NAMES_F,
    FIRST_NAMES_M,
    JOBS,
    LAST_NAMES,
    STREET_KINDS,
    STREET_NAMES,
)
from replay.simulate.randomness import Purpose, generator, lottery
from replay.simulate.settings import Settings

# Length of a card number, share of cards, first digit.
CARD_NUMBER_KINDS: Final = (
    (16, 0.40, 4),
    (16, 0.22, 5),
    (15, 0.08, 3),
    (14, 0.03, 3),
    (13, 0.06, 4),
    (12, 0.05, 6),
    (11, 0.06, 5),
    (19, 0.10, 6),
)
_SERIALS: Final = 10**9
_TICKETS_PER_CARD: Final = 16
_MIN_TICKETS_LOG2: Final = 10
_BUSY_SHARE: Final = 0.01
_BUSY_FACTOR: Final = 8.0


@dataclass(frozen=True, slots=True)
class People:
    """The population, one row per card.

    Attributes
    ----------
    frame
        The columns of a training file that a card determines.
    city
        Index into `CITIES`.
    zone
        Seconds to add to UTC for the card's local time: whole hours, from the longitude of the
        city (15 degrees an hour), all year round.
    taste
        Index into `TASTES`.
    level
        Factor on every amount.
    group_zone, group_chronotype, group_weight
        Cards are grouped by zone and chronotype; per group its zone in hours, its chronotype
        and the sum of its cards' rates.
    tickets, group_first, group_bits
        Lottery of cards: group g owns ``2**group_bits[g]`` tickets from ``group_first[g]``, and
        a card holds tickets in proportion to its rate.
    by_city, city_first
        Cards ordered by city; those of city c are ``by_city[city_first[c]:city_first[c + 1]]``.
    """

    frame: pl.DataFrame
    city: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    taste: npt.NDArray[np.int64]
    level: npt.NDArray[np.float32]
    group_zone: npt.NDArray[np.int64]
    group_chronotype: npt.NDArray[np.int64]
    group_weight: npt.NDArray[np.float64]
    tickets: npt.NDArray[np.int32]
    group_first: npt.NDArray[np.int64]
    group_bits: npt.NDArray[np.int64]
    by_city: npt.NDArray[np.int64]
    city_first: npt.NDArray[np.int64]


def make_people(settings: Settings) -> People:
    """Make the population of `settings`."""
    rng = generator(settings.seed, Purpose.PEOPLE)
    count = settings.cards
    population = np.array([c.population for c in CITIES], dtype=np.float64)
    # Small towns are over-represented, as in any sample meant to show them.
    share = population**0.6 / (population**0.6).sum()
    city = rng.choice(len(CITIES), size=count, p=share)
    frame = _frame(settings, city, rng)

    rate = rng.lognormal(0.0, 0.9, count)
    rate[rng.random(count) < _BUSY_SHARE] *= _BUSY_FACTOR
    taste = rng.choice(len(TASTE_WEIGHTS), size=count, p=_shares(TASTE_WEIGHTS))
    chronotype = rng.choice(len(CHRONOTYPE_WEIGHTS), size=count, p=_shares(CHRONOTYPE_WEIGHTS))
    level = rng.lognormal(0.0, 0.4, count).astype(np.float32)

    zone_hours = np.array([round(c.long / 15) for c in CITIES])[city]
    zones, zone_index = np.unique(zone_hours, return_inverse=True)
    chronotypes = len(CHRONOTYPE_WEIGHTS)
    group = zone_index * chronotypes + chronotype
    group_count = len(zones) * chronotypes
    tickets, first, bits = _card_lottery(group, group_count, rate)
    by_city = np.argsort(city, kind="stable")
    return People(
        frame=frame,
        city=city,
        zone=(zone_hours * 3600).astype(np.int32),
        taste=taste,
        level=level,
        group_zone=np.repeat(zones, chronotypes),
        group_chronotype=np.tile(np.arange(chronotypes), len(zones)),
        group_weight=np.bincount(group, weights=rate, minlength=group_count).astype(np.float64),
        tickets=tickets,
        group_first=first,
        group_bits=bits,
        by_city=by_city,
        city_first=np.searchsorted(city[by_city], np.arange(len(CITIES) + 1)),
    )


def _shares(weights: tuple[float, ...]) -> npt.NDArray[np.float64]:
    return np.array(weights) / sum(weights)


def _card_lottery(
    group: npt.NDArray[np.int64], group_count: int, rate: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    parts = []
    bits = np.zeros(group_count, dtype=np.int64)
    for g in range(group_count):
        members = np.flatnonzero(group == g)
        if not len(members):
            parts.append(np.empty(0, dtype=np.int32))
            continue
        bits[g] = max(_MIN_TICKETS_LOG2, (_TICKETS_PER_CARD * len(members)).bit_length())
        parts.append(members[lottery(rate[members], 1 << int(bits[g]))].astype(np.int32))
    first = np.cumsum([0, *(len(part) for part in parts[:-1])])
    return np.concatenate(parts), first, bits


def _frame(
    settings: Settings, city: npt.NDArray[np.int64], rng: np.random.Generator
) -> pl.DataFrame:
    count = settings.cards
    female = rng.random(count) < 0.52  # noqa: PLR2004  a little above half, as in any census
    first = np.where(
        female,
        rng.integers(0, len(FIRST_NAMES_F), count),
        rng.integers(0, len(FIRST_NAMES_M), count) + len(FIRST_NAMES_F),
    )
    # 900 to 999 were never issued as the first part of a social security number.
    ssn = pl.Series(900_000_000 + _serials(rng, count) % 10**8).cast(pl.String).str
    apartment = pl.Series(rng.integers(1, 400, count)).cast(pl.String)
    kind = _pick(STREET_KINDS, rng.integers(0, len(STREET_KINDS), count))
    plain = rng.random(count) < 0.7  # noqa: PLR2004  the share of houses
    street = (
        pl.Series(rng.integers(1, 9999, count)).cast(pl.String)
        + " "
        + _pick(STREET_NAMES, rng.integers(0, len(STREET_NAMES), count))
        + " "
        + pl.Series(kind).zip_with(pl.Series(plain), kind + " Apt. " + apartment)
    )
    zip_tail = pl.Series(rng.integers(1, 100, count)).cast(pl.String).str.zfill(2)
    age_days = (18 + 72 * rng.beta(1.6, 2.4, count)) * 365.25
    born = np.datetime64(settings.start - timedelta(days=1), "D") - age_days.astype(np.int64)
    lat = np.array([c.lat for c in CITIES])[city] + rng.normal(0, 0.06, count)
    long = np.array([c.long for c in CITIES])[city] + rng.normal(0, 0.06, count)
    return pl.DataFrame(
        {
            "ssn": ssn.slice(0, 3) + "-" + ssn.slice(3, 2) + "-" + ssn.slice(5, 4),
            "cc_num": _card_numbers(rng, count),
            "first": _pick(FIRST_NAMES_F + FIRST_NAMES_M, first),
            "last": _pick(LAST_NAMES, rng.integers(0, len(LAST_NAMES), count)),
            "gender": _pick(("M", "F"), female.astype(np.int64)),
            "street": street,
            "city": _pick([c.name for c in CITIES], city),
            "state": _pick([c.state for c in CITIES], city),
            "zip": _pick([c.zip_prefix for c in CITIES], city) + zip_tail,
            "lat": np.round(lat, 4),
            "long": np.round(long, 4),
            "city_pop": np.array([c.population for c in CITIES], dtype=np.int64)[city],
            "job": _pick(JOBS, rng.integers(0, len(JOBS), count)),
            "dob": pl.Series(born).cast(pl.Date).dt.to_string("%Y-%m-%d"),
            "acct_num": rng.integers(100, 1000, count) * _SERIALS + _serials(rng, count),
        }
    )


def _pick(words: list[str] | tuple[str, ...], index: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series(words, dtype=pl.String).gather(index)


def _serials(rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    """Return `count` different numbers below 10**9, also different modulo 10**8."""
    # i -> i * m + c is one to one modulo 10**k whenever m shares no factor with 10.
    factor = int(rng.integers(10**7, 10**8)) * 10 + 7
    offset = int(rng.integers(0, _SERIALS))
    return (np.arange(count, dtype=np.int64) * factor + offset) % _SERIALS


def _card_numbers(rng: np.random.Generator, count: int) -> npt.NDArray[np.uint64]:
    """Return `count` different card numbers of 11 to 19 digits, valid by Luhn's rule."""
    lengths, shares, digits = (np.array(column) for column in zip(*CARD_NUMBER_KINDS, strict=True))
    kind = rng.choice(len(CARD_NUMBER_KINDS), size=count, p=shares)
    # The last nine digits before the check digit differ between any two cards.
    middle = (rng.random(count) * 10.0 ** (lengths[kind] - 11)).astype(np.uint64)
    lead = digits[kind].astype(np.uint64) * 10 ** (lengths[kind] - 2).astype(np.uint64)
    body = lead + middle * np.uint64(_SERIALS) + _serials(rng, count).astype(np.uint64)
    total = np.zeros(count, dtype=np.uint64)
    rest = body.copy()
    for place in range(int(lengths.max()) - 1):
        digit = rest % np.uint64(10)
        rest //= np.uint64(10)
        if place % 2 == 0:
            digit = digit * np.uint64(2)
            digit = digit // np.uint64(10) + digit % np.uint64(10)
        total += digit
    check = (np.uint64(10) - total % np.uint64(10)) % np.uint64(10)
    return body * np.uint64(10) + check
