"""The categories of purchase: how common, how dear, at what hours, and for whose taste.

All numbers are chosen by hand to look plausible; none is fitted to a data set.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

HOURS_PER_WEEK: Final = 168


class Category(NamedTuple):
    """One category of purchase.

    `weight` is its share of purchases, `median` and `sigma` describe its log-normal amounts,
    `peaks` are (local hour, width in hours) of its daily rhythm, `floor` is the part of it that
    knows no hour, `weekend` multiplies it on Saturday and Sunday, `endings` are the cents prices
    like to end in (with `ending_share`), and `drift` multiplies its weight at full drift.
    """

    name: str
    online: bool
    weight: float
    median: float
    sigma: float
    peaks: tuple[tuple[float, float], ...]
    floor: float
    weekend: float
    endings: tuple[int, ...]
    drift: float


_SHOP: Final = False
_ONLINE: Final = True
_RETAIL: Final = (99, 99, 99, 95, 49, 0)
_DIGITAL: Final = (99,)
_ROUND: Final = (0, 0, 50)

CATEGORIES: Final = (
    Category("groceries", _SHOP, 15, 38, 0.80, ((11, 3), (17.5, 2.5)), 0.05, 1.3, _RETAIL[3:], 0.8),
    Category("restaurants", _SHOP, 9, 34, 0.60, ((12.5, 1.3), (19.5, 2)), 0.03, 1.4, _ROUND, 0.5),
    Category(
        "fast_food",
        _SHOP,
        11,
        11.5,
        0.45,
        ((8, 1.2), (12.5, 1.5), (18, 2.5)),
        0.07,
        1.1,
        _RETAIL,
        0.9,
    ),
    Category("fuel", _SHOP, 9, 41, 0.40, ((7.5, 1.5), (17, 2)), 0.10, 0.9, _ROUND, 0.4),
    Category(
        "transit", _SHOP, 7, 2.75, 0.50, ((8, 1.2), (17.5, 1.3)), 0.03, 0.4, (75, 50, 0, 25), 0.5
    ),
    Category("pharmacy", _SHOP, 4, 21, 0.80, ((11, 4), (17, 3)), 0.05, 0.8, _RETAIL, 1.0),
    Category("health", _SHOP, 3, 85, 0.90, ((10, 2.5), (15, 2)), 0.03, 0.2, _ROUND, 1.0),
    Category("apparel", _SHOP, 5, 58, 0.80, ((14, 4),), 0.02, 1.6, _RETAIL, 0.5),
    Category("electronics", _SHOP, 2.5, 140, 1.00, ((15, 4),), 0.03, 1.4, _RETAIL, 0.7),
    Category("home_garden", _SHOP, 5, 62, 1.00, ((11, 4),), 0.03, 1.7, _RETAIL, 0.8),
    Category("travel", _SHOP, 2, 210, 0.90, ((10, 6), (20, 4)), 0.15, 1.0, (0, 99, 40), 1.5),
    Category("entertainment", _SHOP, 5, 28, 0.70, ((20, 2.5), (15, 3)), 0.08, 1.8, _ROUND, 0.7),
    Category("online_retail", _ONLINE, 11, 44, 0.95, ((13, 4), (21, 2.5)), 0.12, 1.1, _RETAIL, 2.0),
    Category("digital_goods", _ONLINE, 5, 4, 0.80, ((21, 3), (0, 2)), 0.15, 1.3, _DIGITAL, 2.5),
    Category(
        "food_delivery", _ONLINE, 3.5, 27, 0.45, ((12.5, 1.3), (19.5, 1.8)), 0.05, 1.3, (), 3.0
    ),
    Category("subscriptions", _ONLINE, 3, 11, 0.50, ((3, 3),), 0.40, 1.0, _DIGITAL, 2.0),
)
ENDING_SHARE: Final = 0.4

# What sets a card holder's taste apart: factors on the weights of some categories.
TASTES: Final[tuple[dict[str, float], ...]] = (
    {},
    {"groceries": 1.8, "pharmacy": 1.5, "apparel": 1.3, "home_garden": 1.4},
    {"fast_food": 2.2, "digital_goods": 2.5, "food_delivery": 2.5, "transit": 1.5, "fuel": 0.5},
    {"transit": 3.5, "fast_food": 1.5, "restaurants": 1.3, "fuel": 0.2},
    {"fuel": 2.5, "fast_food": 1.4, "transit": 0.1, "home_garden": 1.4},
    {"travel": 5.0, "restaurants": 2.2, "entertainment": 1.3, "groceries": 0.6},
    {"online_retail": 3.0, "subscriptions": 2.0, "electronics": 2.0, "apparel": 0.6},
    {"health": 4.0, "pharmacy": 3.0, "groceries": 1.4, "digital_goods": 0.2, "entertainment": 0.6},
)
TASTE_WEIGHTS: Final = (4.0, 3.0, 2.5, 2.0, 3.0, 1.0, 2.0, 1.5)

# Hours by which a card holder's day runs early or late, and how common such people are.
CHRONOTYPE_SHIFTS: Final = (-2, 0, 5)
CHRONOTYPE_WEIGHTS: Final = (2.0, 6.0, 1.0)


def category_index(name: str) -> int:
    """Return the position of a category in `CATEGORIES`."""
    return [category.name for category in CATEGORIES].index(name)


def weekly_rhythm() -> npt.NDArray[np.float64]:
    """Return each category's rate at each local hour of the week, shape (categories, 168).

    Hour 0 is Monday 00:00. A category's mean over the week is its weight.
    """
    hours = np.arange(HOURS_PER_WEEK)
    weekend = hours >= 5 * 24
    rows = []
    for category in CATEGORIES:
        rate = np.full(HOURS_PER_WEEK, category.floor)
        for peak, width in category.peaks:
            # People get up later at the weekend.
            distance = np.abs(hours % 24 + 0.5 - peak - weekend)
            distance = np.minimum(distance, 24 - distance)
            rate += np.exp(-0.5 * (distance / width) ** 2)
        rate *= np.where(weekend, category.weekend, 1.0)
        rows.append(rate * (category.weight / float(rate.mean())))
    return np.stack(rows)


def taste_table() -> npt.NDArray[np.float64]:
    """Return the factor of each taste on each category, shape (tastes, categories)."""
    return np.array([[taste.get(c.name, 1.0) for c in CATEGORIES] for taste in TASTES])
