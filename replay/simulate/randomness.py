"""Random numbers by (seed, purpose, index), and lottery tables that make weighted choice a gather.

A chunk of the stream draws from its own generator, derived from the seed, a purpose and the
chunk's index, so its rows do not depend on what was drawn before it or on any thread.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Purpose(IntEnum):
    """What a generator is for; part of its seed, so that purposes never share numbers."""

    PEOPLE = 1
    MERCHANTS = 2
    CALENDAR = 3
    FRAUD_PLAN = 4
    EPISODES = 5
    PURCHASES = 6
    IDENTIFIERS = 7


def generator(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """Return the generator of one purpose (and chunk) under a seed."""
    # SFC64 is the fastest of numpy's generators; independence comes from SeedSequence.
    sequence = np.random.SeedSequence(seed, spawn_key=(int(purpose), index))
    return np.random.Generator(np.random.SFC64(sequence))


def random_bits(rng: np.random.Generator, count: int) -> npt.NDArray[np.uint32]:
    """Return `count` words of 32 random bits, to be cut into small tickets by shifts."""
    words = rng.integers(0, 2**64, size=(count + 1) // 2, dtype=np.uint64)
    return words.view(np.uint32)[:count]


def lottery(weights: npt.ArrayLike, size: int) -> npt.NDArray[np.int64]:
    """Return `size` tickets in which index i occurs in proportion to ``weights[i]``.

    A uniform ticket number then draws i by one gather, whatever the number of weights. The
    proportions are exact to one ticket; an index of weight 0 gets none.
    """
    cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
    points = (np.arange(size) + 0.5) * (cumulative[-1] / size)
    tickets: npt.NDArray[np.int64] = np.searchsorted(cumulative, points, side="right")
    return tickets
