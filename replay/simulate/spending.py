"""An ordinary purchase: given a card and a second, what is bought, where, and for how much."""

import math
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
from replay.simulate.merchants import NEIGHBOURS, POOL_BITS, Merchants
from replay.simulate.people import People
from replay.simulate.randomness import lottery, random_bits
from replay.simulate.rhythm import SECONDS_PER_HOUR, Calendar
from replay.simulate.settings import Settings

_CATEGORY_BITS: Final = 10
_AMOUNT_BITS: Final = 12
_ENDING_BITS: Final = 6
_MIN_CENTS: Final = 50
_MAX_CENTS: Final = 2_500_000
_HABIT_SHARE: Final = 0.7
_NEIGHBOUR_SHARE: Final = 0.15
# Once in about 30 periods of four days a card holder is away in another city.
_TRIP_PERIOD: Final = 4 * 86_400
_TRIP_SHARE: Final = 1 / 30
# How often the first, second, … favourite of a category is chosen, in eighths.
_FAVOURITES: Final = np.array([0, 0, 0, 0, 1, 1, 2, 3], dtype=np.uint32)

type Rows = npt.NDArray[np.int64]
