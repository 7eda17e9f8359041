"""Random event ids as text, built byte by byte from lookup tables."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

_HEX: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_UUID_WORDS: Final = 9


def _words(pattern: str) -> npt.NDArray[np.uint32]:
    """Return four-character words, as uint32, of every value of a pattern's free digits.

    ``x`` is any hexadecimal digit, ``y`` one of 8, 9, a, b (the variant of a UUID); anything
    else stands for itself. The rightmost free digit takes the lowest bits.
    """
    width = {"x": 4, "y": 2}
    free = sum(width.get(letter, 0) for letter in pattern)
    value = np.arange(1 << free)
    table = np.empty((len(value), 4), dtype=np.uint8)
    for column in range(3, -1, -1):
        letter = pattern[column]
        if letter not in width:
            table[:, column] = ord(letter)
            continue
        digit = value & ((1 << width[letter]) - 1)
        value = value >> width[letter]
        table[:, column] = _HEX[digit if letter == "x" else digit | 8]
    return table.view(np.uint32).ravel()


_FOUR: Final = _words("xxxx")
# xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx, four characters at a time
_UUID_PATTERN: Final = ("xxxx", "xxxx", "-xxx", "x-4x", "xx-y", "xxx-", "xxxx", "xxxx", "xxxx")
_UUID_TABLES: Final = tuple(_words(pattern) for pattern in _UUID_PATTERN)


def hex_ids(rng: np.random.Generator, count: int) -> pl.Series:
    """Return `count` random ids of 32 hexadecimal digits."""
    return _text(_FOUR[_random_halves(rng, count, 8)])


def uuid_ids(rng: np.random.Generator, count: int) -> pl.Series:
    """Return `count` random version 4 UUIDs as text."""
    halves = _random_halves(rng, count, _UUID_WORDS)
    words = np.empty((count, _UUID_WORDS), dtype=np.uint32)
    for column, table in enumerate(_UUID_TABLES):
        half = halves[:, column]
        words[:, column] = table[half & np.uint16(len(table) - 1)]
    return _text(words)


def _random_halves(rng: np.random.Generator, count: int, width: int) -> npt.NDArray[np.uint16]:
    words = rng.integers(0, 2**64, size=(count * width + 3) // 4, dtype=np.uint64)
    return words.view(np.uint16)[: count * width].reshape(count, width)


def _text(words: npt.NDArray[np.uint32]) -> pl.Series:
    """Return one string per row of a contiguous matrix of four-character words."""
    count, width = words.shape
    ends = np.arange(0, (count + 1) * width * 4, width * 4, dtype=np.int64)
    column = pa.LargeStringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(words))
    return pl.Series(column)
