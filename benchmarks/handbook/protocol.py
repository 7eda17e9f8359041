"""The book's protocol: which rows train, which are tested, and what their scores are worth.

A week trains, a week passes until its labels are known, a week is tested, without the customers
known by then as compromised (section "Baseline fraud detection system" of the book). Days are
counted from 1970-01-01.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.handbook.columns import DAY
from engine.errors import InputError

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

WEEK: Final = 7  # days of training, until labels are known, and of the test
CARDS: Final = 100  # that people can look at in a day
_EPOCH: Final = date(1970, 1, 1)

BASELINE: Final = date(2018, 7, 25)
# When training starts. The last week that validation folds test is the first that test folds train
# on, so that what is chosen there has seen no day of any test.
TEST: Final = (date(2018, 8, 15), date(2018, 8, 8), date(2018, 8, 1), date(2018, 7, 25))
VALIDATION: Final = (date(2018, 7, 11), date(2018, 7, 4), date(2018, 6, 27), date(2018, 6, 20))


@dataclass(frozen=True, slots=True)
class Told:
    """What the protocol knows of each event, in the order of the log: three arrays of one length.

    Parameters
    ----------
    days
        The day on which it happened.
    customers, labels
        Whose it was, and whether it was fraud (1) or not (0).
    """

    days: Ints
    customers: Ints
    labels: Ints

    @classmethod
    def of(cls, events: pl.DataFrame) -> "Told":
        """Of a canonical frame of the book's log."""
        return cls(
            (events["TX_DATETIME"] // DAY).to_numpy(),
            events["CUSTOMER_ID"].cast(pl.Int64).to_numpy(),
            events["TX_FRAUD"].to_numpy(),
        )

    def at(self, places: Ints) -> "Told":
        """Of some of the events."""
        return Told(self.days[places], self.customers[places], self.labels[places])


class Fold(NamedTuple):
    """The places of the events that train, and of those that are tested, in the log's order."""

    train: Ints
    test: Ints


class Figures(NamedTuple):
    """What scores are worth."""

    roc_auc: float
    average_precision: float
    card_precision: float


def fold_of(told: Told, start: date) -> Fold:
    """The fold whose training starts on a day.

    A customer is known as compromised by a fraud of the week of training, and on each day of the
    test by one of the day before as labels have it: that of a week and a day earlier.
    """
    first = (start - _EPOCH).days
    trains = (told.days >= first) & (told.days < first + WEEK)
    frauds = told.labels == 1
    compromised = np.unique(told.customers[trains & frauds])
    tests = np.zeros(len(told.days), dtype=bool)
    for day in range(first + 2 * WEEK, first + 3 * WEEK):
        just_known = told.customers[(told.days == day - WEEK - 1) & frauds]
        compromised = np.union1d(compromised, just_known)
        tests |= (told.days == day) & ~np.isin(told.customers, compromised)
    return Fold(np.flatnonzero(trains), np.flatnonzero(tests))


def require_folds(told: Told, called: str) -> None:
    """Refuse a log that has no fraud, or nothing else, in what a fold trains on or tests.

    Raises
    ------
    InputError
        If so; it says where the log begins and ends.
    """
    for start in sorted({BASELINE, *TEST, *VALIDATION}):
        fold = fold_of(told, start)
        if any(len(np.unique(told.labels[places])) < 2 for places in fold):  # noqa: PLR2004 - fraud and not
            first, last = (
                _EPOCH + timedelta(days=int(day)) for day in (told.days.min(), told.days.max())
            )
            raise InputError(
                f"{called}: no events of both kinds in the fold that trains from {start} "
                f"(was {first} to {last})",
                hint="take all of the book's simulated data, 2018-04-01 to 2018-09-30",
            )


def figures_of(told: Told, scores: Floats) -> Figures:
    """What the scores of these events are worth."""
    return Figures(
        float(roc_auc_score(told.labels, scores)),
        float(average_precision_score(told.labels, scores)),
        card_precision(told, scores),
    )


def card_precision(told: Told, scores: Floats, cards: int = CARDS) -> float:
    """The share of compromised ones among a day's most suspicious customers, mean over the days.

    A customer is as suspicious as its most suspicious event of the day. One who is found is blocked
    and not looked at again; who is looked at in vain may be again.
    """
    found = np.array([], dtype=np.int64)
    shares = []
    for day in np.unique(told.days):
        asked = (told.days == day) & ~np.isin(told.customers, found)
        customers, whose = np.unique(told.customers[asked], return_inverse=True)
        suspicion = np.full(len(customers), -np.inf)
        np.maximum.at(suspicion, whose, scores[asked])
        is_fraud = np.zeros(len(customers), dtype=np.int64)
        np.maximum.at(is_fraud, whose, told.labels[asked])
        looked_at = _from_the_highest(suspicion)[:cards]
        caught = customers[looked_at[is_fraud[looked_at] == 1]]
        found = np.union1d(found, caught)
        shares.append(len(caught) / cards)
    return float(np.mean(shares))


def mean_of(figures: Sequence[Figures]) -> Figures:
    """Their means."""
    return Figures(*np.mean(figures, axis=0).tolist())


def deviation_of(figures: Sequence[Figures]) -> Figures:
    """Their standard deviations, as of a sample, which is how the book has them."""
    return Figures(*np.std(figures, axis=0, ddof=1).tolist())


def _from_the_highest(scores: Floats) -> Ints:
    """The places of scores in descending order.

    Ties are left as by the sort of pandas that the book's code calls: a quicksort of what is turned
    round, and turned back. Trees of depth two have four scores, so that it shows there.
    """
    turned = np.arange(len(scores))[::-1]
    return turned[np.argsort(scores[turned], kind="quicksort")][::-1]
