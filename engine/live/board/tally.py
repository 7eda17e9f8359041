"""Counts by key, kept sorted: a few are added to many in the time that it takes to find them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]

# What is new goes into a small table, which goes into the large one when it is no small one.
_SMALL_ROWS: Final = 65_536
_SMALL_SHARE: Final = 8  # of the large one, at most


class Tally:
    """Whole numbers by key, 0 for keys that were never added to.

    A key takes 8 bytes, and 4 for each of its numbers, which stay below 2³². Adding takes time with
    what is added and the logarithm of what there is; copying what is there is spread over what made
    it grow.

    Parameters
    ----------
    width
        How many numbers a key has.
    """

    def __init__(self, width: int) -> None:
        self._large = _Table(width)
        self._small = _Table(width)

    def __len__(self) -> int:
        return len(self._large) + len(self._small)

    def of(self, keys: Keys) -> Counts:
        """The numbers of some keys, a row for each."""
        found = self._large.of(keys)
        found += self._small.of(keys)
        return found

    def add(self, keys: Keys, counts: Counts) -> None:
        """Add to the numbers of some keys, which differ from each other."""
        for table in (self._large, self._small):
            is_new = ~table.add(keys, counts)
            keys, counts = keys[is_new], counts[is_new]
        order = np.argsort(keys)
        self._small.insert(keys[order], counts[order].astype(np.uint32))
        if len(self._small) > max(_SMALL_ROWS, len(self._large) // _SMALL_SHARE):
            self._large.insert(self._small.keys, self._small.counts)
            self._small = _Table(counts.shape[1])


class _Table:
    """A sorted one."""

    def __init__(self, width: int) -> None:
        self.keys: Keys = np.empty(0, dtype=np.uint64)
        self.counts: NDArray[np.uint32] = np.empty((0, width), dtype=np.uint32)

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, keys: Keys) -> Counts:
        places, is_there = self._find(keys)
        found = np.zeros((len(keys), self.counts.shape[1]), dtype=np.int64)
        found[is_there] = self.counts[places]
        return found

    def add(self, keys: Keys, counts: Counts) -> NDArray[np.bool_]:
        """Add to those that are there; which they are."""
        places, is_there = self._find(keys)
        self.counts[places] += counts[is_there].astype(np.uint32)
        return is_there

    def insert(self, keys: Keys, counts: NDArray[np.uint32]) -> None:
        """Insert sorted ones that are not there yet."""
        places = np.searchsorted(self.keys, keys)
        self.keys = np.insert(self.keys, places, keys)
        self.counts = np.insert(self.counts, places, counts, axis=0)

    def _find(self, keys: Keys) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The places of those that are there, and which they are."""
        places = np.searchsorted(self.keys, keys)
        is_there = places < len(self.keys)
        is_there[is_there] = self.keys[places[is_there]] == keys[is_there]
        return places[is_there], is_there
