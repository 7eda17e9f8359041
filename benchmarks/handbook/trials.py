"""The trials: the book's baseline, the choice of parameters, and the four weekly folds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from benchmarks.handbook.models import BOOKS, Boosting, Scorer
from benchmarks.handbook.protocol import (
    BASELINE,
    TEST,
    VALIDATION,
    Figures,
    Floats,
    Told,
    deviation_of,
    figures_of,
    fold_of,
    mean_of,
)
from benchmarks.progress import say

BOOK: Final = "the book's 15"
OWN: Final = "our own"
LIGHTGBM: Final = "LightGBM"

# What is tried on the validation folds.
GRID: Final = tuple(
    Boosting(leaves, share, trees)
    for leaves in (15, 31)
    for share in (0.1, 0.25)
    for trees in (50, 100)
)


@dataclass(frozen=True, slots=True)
class Trials:
    """What is tried, and on what.

    Parameters
    ----------
    told
        What the protocol knows of each event.
    sets
        The features of each event, by the name of their set.
    """

    told: Told
    sets: Mapping[str, Floats]

    def baseline(self) -> dict[str, Any]:
        """The book's models on its own inputs and first week of test, and that week's size."""
        fold = fold_of(self.told, BASELINE)
        train, test = self.told.at(fold.train), self.told.at(fold.test)
        return {
            "train": {"rows": len(train.labels), "frauds": int(train.labels.sum())},
            "test": {"rows": len(test.labels), "frauds": int(test.labels.sum())},
            "rows": {
                name: self._tried(name, BOOK, model, [BASELINE])[0]._asdict()
                for name, model in BOOKS.items()
            },
        }

    def chosen(self, of: str) -> tuple[Boosting, list[dict[str, Any]]]:
        """The best of the grid on the validation folds, and what each was worth there."""
        found = [mean_of(self._tried(f"{LIGHTGBM} {one}", of, one, VALIDATION)) for one in GRID]
        tried = [
            asdict(one) | {"mean": figures._asdict()}
            for one, figures in zip(GRID, found, strict=True)
        ]
        return GRID[best_place(found)], tried

    def prequential(self, of: str, name: str, model: Scorer) -> dict[str, Any]:
        """A model on a set of features: each of the four folds, their mean and deviation."""
        found = self._tried(name, of, model, TEST)
        return {
            "features": of,
            "model": name,
            "folds": {str(start): one._asdict() for start, one in zip(TEST, found, strict=True)},
            "mean": mean_of(found)._asdict(),
            "deviation": deviation_of(found)._asdict(),
        }

    def _tried(self, name: str, of: str, model: Scorer, starts: Sequence[date]) -> list[Figures]:
        found = []
        for start in starts:
            fold = fold_of(self.told, start)
            train, test = self.told.at(fold.train), self.told.at(fold.test)
            values = self.sets[of]
            scores = model(values[fold.train], train.labels, values[fold.test])
            found.append(figures_of(test, scores))
            say(f"{start}: {of}, {name}: {', '.join(f'{one:.3f}' for one in found[-1])}")
        return found


def best_place(found: Sequence[Figures]) -> int:
    """The place of the figures with the best mean rank; of equal ones the first.

    So the three columns of the table count alike, however little one of them may vary.
    """
    columns = list(zip(*found, strict=True))
    ranks = [
        sum(other > mine for column, mine in zip(columns, figures, strict=True) for other in column)
        for figures in found
    ]
    return ranks.index(min(ranks))
