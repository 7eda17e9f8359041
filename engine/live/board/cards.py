"""Cards by number, and which of the latest decisions were on them.

The ledger has no index of cards, and would have to be read through for the last few of one.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.live.board.tally import Keys, Tally

MOST_REMEMBERED: Final = 2_000_000
_NO_CARD: Final = 2**64 - 1  # beyond any number of 19 digits
_PARTS: Final = 64


class Cards:
    """The cards that there are, counted from 1 in the order in which they came.

    Grows with how many there are, by 12 bytes for each.
    """

    def __init__(self) -> None:
        self._numbers = Tally(width=1)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, card: int) -> int:
        """The number of a card; 0 if it never came."""
        return int(self._numbers.of(np.array([card], dtype=np.uint64))[0, 0])

    def numbers(self, cards: pl.Series) -> NDArray[np.int64]:
        """The numbers of cards, which those have from now on that have none yet."""
        keys: Keys = cards.fill_null(_NO_CARD).to_numpy()
        distinct, places = np.unique(keys, return_inverse=True)
        known = self._numbers.of(distinct)[:, 0]
        is_new = known == 0
        count = int(is_new.sum())
        if count:
            known[is_new] = np.arange(1, count + 1) + len(self._numbers)
            self._numbers.add(distinct[is_new], known[is_new].reshape(-1, 1))
        return known[places]


class Remembered:
    """Which of the latest decisions were on which card: of two millions of them, in 24 MB.

    Parameters
    ----------
    most
        Of how many decisions.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.uint32]]] = []

    @property
    def first(self) -> int | None:
        """The sequence of the first that is remembered; None if none is."""
        return int(self._parts[0][0][0]) if self._parts else None

    def add(self, sequences: NDArray[np.int64], cards: NDArray[np.int64]) -> None:
        """Remember the next decisions, by the numbers of their cards."""
        if not len(sequences):
            return
        self._parts.append((sequences, cards.astype(np.uint32)))
        if len(self._parts) > _PARTS:
            self._join()

    def latest(self, card: int, through: int, most: int) -> list[int]:
        """The sequences of a card's last decisions up to one, the oldest first."""
        found: list[int] = []
        for sequences, cards in reversed(self._parts):
            if sequences[0] > through:
                continue
            there = sequences[cards == card]
            found = [*there[there <= through].tolist(), *found]
            if len(found) >= most:
                break
        return found[-most:]

    def _join(self) -> None:
        """Put all into one, and forget what is too many."""
        sequences, cards = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        self._parts = [(sequences[-self._most :].copy(), cards[-self._most :].copy())]
