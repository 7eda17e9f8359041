"""Chance by (seed, name, number): nothing depends on what was drawn before, or by whom."""

import zlib
from hashlib import blake2b
from struct import Struct
from typing import Final

import numpy as np
import numpy.typing as npt

_TWO: Final = Struct("<QQ")
_ONE: Final = 1 / 2**64


def shares(seed: int, name: str, count: int) -> npt.NDArray[np.float64]:
    """For the numbers from 0 to ``count`` a share each, from 0 to below 1.

    A number's share does not depend on ``count``.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()),))
    return np.random.Generator(np.random.SFC64(sequence)).random(count)


class Draws:
    """The same for single numbers, and pairs of them, that come in any order."""

    def __init__(self, seed: int, name: str) -> None:
        self._base = blake2b(f"{seed}/{name}".encode(), digest_size=8)

    def bits(self, number: int, attempt: int = 0) -> int:
        """64 random bits."""
        drawn = self._base.copy()
        drawn.update(_TWO.pack(number, attempt))
        return int.from_bytes(drawn.digest(), "little")

    def share(self, number: int, attempt: int = 0) -> float:
        """A share from 0 to below 1."""
        return self.bits(number, attempt) * _ONE
