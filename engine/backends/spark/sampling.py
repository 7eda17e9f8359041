"""A sample of a log as its frames pass, of about the same size however long the log is."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import polars as pl

from engine.backends.spark.cut import Base, Hashes, Sample, key_hashes

MOST: Final = 131_072
_TIME: Final = "time"


class Sampling:
    """Takes every so many rows, and fewer the more there are.

    Parameters
    ----------
    time
        The column of event times.
    bases
        The keys that are to be known of a row.
    most
        How many rows are held at most.
    """

    def __init__(self, time: str, bases: Iterable[Base], *, most: int = MOST) -> None:
        self.rows = 0
        self._time = time
        self._bases = tuple(base for base in bases if base)
        self._most = most
        self._every = 1
        self._times: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
        self._hashes: dict[Base, list[Hashes]] = {base: [] for base in self._bases}
        self._held = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take in the log's next rows."""
        start = -self.rows % self._every
        self.rows += len(frame)
        taken = frame[start :: self._every]
        self._times.append(taken[self._time].to_numpy())
        for base, hashes in self._hashes.items():
            hashes.append(key_hashes(taken, base))
        self._held += len(taken)
        while self._held > self._most:
            self._thin()

    def sample(self) -> Sample:
        """What has been taken."""
        nothing = np.empty(0, dtype=np.int64)
        return Sample(
            np.concatenate([nothing, *self._times]),
            {
                base: np.concatenate([nothing.astype(np.uint64), *hashes])
                for base, hashes in self._hashes.items()
            },
        )

    def frame(self) -> pl.DataFrame:
        """What has been taken, as it travels; see :func:`joined`."""
        taken = self.sample()
        hashes = [pl.Series(str(place), each) for place, each in enumerate(taken.hashes.values())]
        return pl.DataFrame([pl.Series(_TIME, taken.times), *hashes])

    def _thin(self) -> None:
        self._every *= 2
        whole = self.sample()
        self._times = [whole.times[::2]]
        self._hashes = {base: [hashes[::2]] for base, hashes in whole.hashes.items()}
        self._held = len(self._times[0])


def joined(frames: Iterable[pl.DataFrame], bases: Iterable[Base]) -> Sample:
    """One sample of those that several have taken at the same rate, of the same keys."""
    named = [base for base in bases if base]
    names = [_TIME, *map(str, range(len(named)))]
    types = [pl.Int64(), *(pl.UInt64() for _ in named)]
    none = pl.DataFrame(schema=dict(zip(names, types, strict=True)))
    rows = pl.concat([none, *frames])
    hashes = {base: rows[str(place)].to_numpy() for place, base in enumerate(named)}
    return Sample(rows[_TIME].to_numpy(), hashes)
