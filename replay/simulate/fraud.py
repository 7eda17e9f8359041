"""The plan of fraud: which cards, how, when and how much, before the first event is made.

The plan holds one row per *episode* (one card, one behaviour), about a tenth of the fraud rows,
so it stays small whatever the number of events; `replay.simulate.episodes` unfolds it while the
stream passes.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from replay.simulate.categories import CATEGORIES
from replay.simulate.merchants import POOL_BITS, Merchants
from replay.simulate.people import People
from replay.simulate.randomness import Purpose, generator, lottery
from replay.simulate.settings import SECONDS_PER_DAY, Settings


class Behaviour(IntEnum):
    """How a card is abused.

    STOLEN_CARD
        Many larger purchases within minutes to hours, mostly far from home, often at night.
    CARD_TESTING
        Many tiny amounts at one online merchant within seconds to minutes; now and then a
        large one afterwards.
    COMPROMISED_MERCHANT
        Cards that bought at one merchant within some days are abused days later.
    SKIMMING
        One moderate amount every few days, for weeks.
    """

    STOLEN_CARD = 0
    CARD_TESTING = 1
    COMPROMISED_MERCHANT = 2
    SKIMMING = 3


# Share of fraud rows and smallest and largest number of rows of an episode.
_SHARES: Final = (0.34, 0.24, 0.20, 0.22)
_SIZES: Final = ((3, 14), (5, 24), (1, 4), (4, 12))
_VICTIMS_PER_MERCHANT: Final = 12
_VICTIMS_BY_USE: Final = 0.5
_BREACH_DAYS: Final = 14
_EXPLOIT_DAYS: Final = 25
# In spans shorter than this, the weeks of the slow behaviours shrink in proportion.
_UNHURRIED_DAYS: Final = 60
SKIMMING_GAP_DAYS: Final = 5
# Behaviour, share of its episodes, and the local hours (from, how many) in which they begin; the
# others begin at any hour.
_HOURS: Final = (
    (Behaviour.STOLEN_CARD, 0.5, 22, 7),
    (Behaviour.COMPROMISED_MERCHANT, 0.5, 8, 15),
    (Behaviour.SKIMMING, 0.9, 8, 14),
)
# An episode of the fast behaviours is over within this time.
LONGEST_BURST: Final = 8 * 3600
_BREACHED: Final = ("fast_food", "fuel", "restaurants", "groceries", "apparel", "online_retail")


@dataclass(frozen=True, slots=True)
class Plan:
    """Episodes of fraud, ordered by `begin`; one entry per episode in every array.

    Attributes
    ----------
    begin
        No event of the episode is earlier, in seconds since the start of the span.
    first
        Second of the first fraudulent event.
    behaviour
        A `Behaviour`.
    card
        The abused card.
    size
        Number of fraudulent events.
    companions
        Ordinary purchases that the holder makes on the (UTC) day of `first`: life goes on.
    visit
        Second of the holder's ordinary purchase at the compromised merchant, or -1.
    place
        The compromised or tested merchant's place, or -1.
    """

    begin: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    behaviour: npt.NDArray[np.int8]
    card: npt.NDArray[np.int32]
    size: npt.NDArray[np.int32]
    companions: npt.NDArray[np.int32]
    visit: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.begin)

    def take(self, which: slice | npt.NDArray[np.int64]) -> "Plan":
        """Return the plan of some episodes."""
        return Plan(
            begin=self.begin[which],
            first=self.first[which],
            behaviour=self.behaviour[which],
            card=self.card[which],
            size=self.size[which],
            companions=self.companions[which],
            visit=self.visit[which],
            place=self.place[which],
        )

    @property
    def rows(self) -> int:
        """Number of events the plan makes, fraudulent and ordinary."""
        return int(self.size.sum() + self.companions.sum() + (self.visit >= 0).sum())

    def fraud_rows(self) -> dict[str, int]:
        """Return the number of fraudulent events by behaviour."""
        counts = np.bincount(self.behaviour, weights=self.size, minlength=len(Behaviour))
        return {b.name.lower(): int(counts[b]) for b in Behaviour}


def plan_fraud(settings: Settings, people: People, merchants: Merchants) -> Plan:
    """Plan exactly ``settings.fraud_rows`` fraudulent events."""
    rng = generator(settings.seed, Purpose.FRAUD_PLAN)
    behaviour, size = _episodes(settings.fraud_rows, rng)
    count = len(size)
    span = settings.span_seconds
    card = _victims(people, count, rng)
    place = np.full(count, -1, dtype=np.int32)
    visit = np.full(count, -1, dtype=np.int32)

    # Enough room to the end of the span for the whole episode.
    skimming = behaviour == Behaviour.SKIMMING
    length = np.where(skimming, skimming_length(size, span), LONGEST_BURST)
    first = (rng.random(count) * (span - length)).astype(np.int32)

    testing = np.flatnonzero(behaviour == Behaviour.CARD_TESTING)
    online = np.array([i for i, c in enumerate(CATEGORIES) if c.online])
    place[testing] = _any_place(merchants, online, people.city[card[testing]], rng)

    breach = np.flatnonzero(behaviour == Behaviour.COMPROMISED_MERCHANT)
    hurry = min(1.0, settings.days / _UNHURRIED_DAYS)
    card[breach], place[breach], visit[breach], first[breach] = _breaches(
        len(breach), people, merchants, span, hurry, rng
    )

    for kind, share, hour, hours in _HOURS:
        some = np.flatnonzero((behaviour == kind) & (rng.random(count) < share))
        first[some] = _at_hours(first[some], people.zone[card[some]], span, rng, hour, hours)
    first = np.maximum(first, visit + 1)

    companions = lottery((0.25, 0.5, 0.25), 64)[rng.integers(0, 64, count)].astype(np.int32)
    plan = _ordered(first, behaviour, card, size, companions, visit, place)
    if plan.rows <= settings.rows:
        return plan
    # A handful of rows leaves no room for the ordinary life around fraud.
    none = np.zeros_like(companions)
    return _ordered(first, behaviour, card, size, none, np.full_like(visit, -1), place)


def _ordered(
    first: npt.NDArray[np.int32],
    behaviour: npt.NDArray[np.int8],
    card: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    companions: npt.NDArray[np.int32],
    visit: npt.NDArray[np.int32],
    place: npt.NDArray[np.int32],
) -> Plan:
    begin = np.where(companions > 0, first // SECONDS_PER_DAY * SECONDS_PER_DAY, first)
    begin = np.where(visit >= 0, np.minimum(begin, visit), begin)
    plan = Plan(
        begin=begin.astype(np.int32),
        first=first,
        behaviour=behaviour,
        card=card,
        size=size,
        companions=companions,
        visit=visit,
        place=place,
    )
    return plan.take(np.argsort(begin, kind="stable"))


def _episodes(
    rows: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Split `rows` fraudulent events into episodes; return each one's behaviour and size."""
    share = np.cumsum(_SHARES) * (rows / sum(_SHARES))
    targets = np.diff(np.round(share).astype(np.int64), prepend=0)
    behaviours, sizes = [], []
    for behaviour, (low, high), target in zip(Behaviour, _SIZES, targets, strict=True):
        # As many as could be needed if all were small; the last one kept is cut to fit.
        size = rng.integers(low, high + 1, target // low + 1).astype(np.int32)
        before = np.cumsum(size) - size
        size = size[before < target]
        if len(size):
            size[-1] = target - before[len(size) - 1]
        behaviours.append(np.full(len(size), behaviour, dtype=np.int8))
        sizes.append(size)
    return np.concatenate(behaviours), np.concatenate(sizes)


def _victims(people: People, count: int, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Choose cards, half of them by how often they are used, half of them evenly."""
    evenly = rng.integers(0, len(people.city), count).astype(np.int32)
    weight = people.group_weight / people.group_weight.sum()
    group = rng.choice(len(weight), size=count, p=weight)
    ticket = (rng.random(count) * (1 << people.group_bits[group])).astype(np.int64)
    used = people.tickets[people.group_first[group] + ticket]
    by_use = rng.random(count) < _VICTIMS_BY_USE
    return np.where(by_use, used, evenly).astype(np.int32)


def skimming_length(size: npt.NDArray[np.int32], span: int) -> npt.NDArray[np.int64]:
    """Return the seconds over which skimming episodes of these sizes stretch."""
    return np.minimum(size.astype(np.int64) * SKIMMING_GAP_DAYS * SECONDS_PER_DAY, span // 2)


def _at_hours(
    first: npt.NDArray[np.int32],
    zone: npt.NDArray[np.int32],
    span: int,
    rng: np.random.Generator,
    hour: int,
    hours: int,
) -> npt.NDArray[np.int32]:
    """Move a second to between `hour` and `hour` + `hours` of the same local day."""
    midnight = (first + zone) // SECONDS_PER_DAY * SECONDS_PER_DAY - zone
    moved = midnight + ((hour + hours * rng.random(len(first))) * 3600).astype(np.int32)
    inside = (moved >= 0) & (moved < span - LONGEST_BURST)
    return np.where(inside, moved, first).astype(np.int32)


def _any_place(
    merchants: Merchants,
    categories: npt.NDArray[np.int64],
    city: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> npt.NDArray[np.int32]:
    category = categories[rng.integers(0, len(categories), len(city))]
    ticket = rng.integers(0, 1 << POOL_BITS, len(city))
    return merchants.places(city, category, ticket).astype(np.int32)


def _breaches(
    count: int,
    people: People,
    merchants: Merchants,
    span: int,
    hurry: float,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.int32], ...]:
    """Return card, compromised place, second of the visit and of the first fraud.

    Victims of one breach live in the merchant's city.
    """
    leaks = count // _VICTIMS_PER_MERCHANT + 1
    leak = rng.integers(0, leaks, count)
    # Cards choose the cities, so that breaches happen where people are.
    city = people.city[rng.integers(0, len(people.city), leaks)]
    names = [c.name for c in CATEGORIES]
    categories = np.array([names.index(name) for name in _BREACHED])
    place = _any_place(merchants, categories, city, rng)
    low, high = people.city_first[city[leak]], people.city_first[city[leak] + 1]
    card = people.by_city[low + (rng.random(count) * (high - low)).astype(np.int64)]
    visits, exploits = (days * SECONDS_PER_DAY * hurry for days in (_BREACH_DAYS, _EXPLOIT_DAYS))
    start = rng.random(leaks) * max(0.0, span - visits - exploits - LONGEST_BURST)
    visit = start[leak] + rng.random(count) * visits
    first = start[leak] + visits + rng.random(count) * exploits
    return card.astype(np.int32), place[leak], visit.astype(np.int32), first.astype(np.int32)
