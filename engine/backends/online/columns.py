"""A lane's entries as columns: packed words where these hold every value, lists otherwise.

The entries of a key are its state's largest part by far. Column by column an entry takes four or
eight bytes for its time and for each argument, by what their bounds let them be; as an object of
its own with numbers of its own it takes a hundred and more.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from engine.definition.nodes import Column, Expression
from engine.definition.schema import Schema
from engine.definition.types import Kind

LIST: Final = ""  # the code of what no packed words hold
WORDS: Final = "q"  # whole numbers of 64 bits, as times are

Values = Any  # an array, or a list

# How the array module calls the words that hold any value a canonical frame has.
_CODES: Final = {
    Kind.INT: WORDS,
    Kind.MONEY: WORDS,
    Kind.TIME: WORDS,
    Kind.CARD: "Q",
    Kind.FLOAT: "d",
}
# And those of 32 bits, with what they hold.
_HALF_WORDS: Final = {"I": (0, 2**32 - 1), "i": (-(2**31), 2**31 - 1)}


def code_of(schema: Schema, argument: Expression) -> str:
    """The code of the words that hold an argument; ``LIST`` if it may be what words cannot hold.

    A column that every event has is what its type and its bounds say. All else may be null.
    """
    if not isinstance(argument, Column):
        return LIST
    spec = schema.by_name[argument.name]
    code = _CODES.get(spec.type.kind, LIST) if spec.is_sure else LIST
    if code != WORDS or spec.low is None or spec.high is None:
        return code
    least, most = (bound * spec.type.minor_units for bound in (spec.low, spec.high))
    # Bounds of money are floats: within them is what is one minor unit beyond, at most.
    halves = (
        half for half, (low, high) in _HALF_WORDS.items() if low <= least and most + 1 <= high
    )
    return next(halves, code)


def empty(code: str) -> str:
    """A column without values, as source."""
    return f"array({code!r})" if code else "[]"


def column(code: str, values: Iterable[Any]) -> Values:
    """A column of values."""
    return array(code, values) if code else list(values)


def packed(code: str, words: np.ndarray[Any, np.dtype[Any]]) -> Values:
    """A column of the words that hold it."""
    held = array(code)
    held.frombytes(words.view(np.uint8).data)
    return held


def words_of(column: pl.Series, dtype: pl.DataType, code: str) -> np.ndarray[Any, np.dtype[Any]]:
    """A table's column as the words that hold it.

    Raises
    ------
    ValueError
        If they do not.
    """
    if column.dtype != dtype or column.null_count():
        raise ValueError(f"{column.name}: not as it is written (was {column.dtype})")
    whole = column.to_numpy()
    words = whole.astype(code)
    if not np.array_equal(words, whole, equal_nan=code == "d"):
        raise ValueError(f"{column.name}: beyond its bounds (was {whole.min()} to {whole.max()})")
    return words


def fields(name: str, width: int) -> list[str]:
    """What the columns are called: the first has the name, the others its numbers too."""
    return [name, *(f"{name}_{index}" for index in range(1, width))]


def columns_of(state: Any, name: str, width: int) -> list[Values]:  # noqa: ANN401 - a generated class
    """The columns that a state holds under a name."""
    return [getattr(state, field) for field in fields(name, width)]


def set_columns(state: Any, name: str, columns: Sequence[Values]) -> None:  # noqa: ANN401 - a generated class
    """Let a state hold columns under a name."""
    for field, values in zip(fields(name, len(columns)), columns, strict=True):
        setattr(state, field, values)
