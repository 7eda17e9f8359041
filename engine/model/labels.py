"""Labels as people write them: 1 is fraud, 0 is not, and nothing else passes for either.

An event may have none: nobody knows yet what it is, which is not to be legitimate.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.errors import InputError

UNLABELLED: Final = -1  # in the place of 1 and 0
_WORDS: Final = {
    **dict.fromkeys(("1", "true", "t", "yes", "y"), 1),
    **dict.fromkeys(("0", "false", "f", "no", "n"), 0),
}
_HINT: Final = "labels are 1/0, true/false, t/f or yes/no, and null where nobody knows yet"


def read_labels(column: pl.Series, where: str) -> NDArray[np.int8]:
    """Labels as 1 and 0, and ``UNLABELLED`` for a null.

    Parameters
    ----------
    column
        Booleans, the numbers 1 and 0, or words: 1/0, true/false, t/f, yes/no, y/n, in any case.
    where
        What messages call the file.

    Returns
    -------
    numpy.ndarray
        int8, a label for each row.

    Raises
    ------
    InputError
        If a row's label is NaN or anything else.
    """
    if column.dtype == pl.String or isinstance(column.dtype, (pl.Categorical, pl.Enum)):
        words = column.cast(pl.String).str.strip_chars().str.to_lowercase()
        labels = words.replace_strict(_WORDS, default=None, return_dtype=pl.Int8)
    elif column.dtype == pl.Boolean:
        labels = column.cast(pl.Int8)
    elif column.dtype.is_numeric():
        label = pl.col(column.name)
        readable = (label == 0) | (label == 1)
        labels = column.to_frame().select(pl.when(readable).then(label).cast(pl.Int8)).to_series()
    else:
        raise InputError(
            f"{where}: the column {column.name} cannot hold labels (was {column.dtype})", hint=_HINT
        )
    bad = labels.is_null() & column.is_not_null()
    if bad.any():
        first = bad.arg_true()[0]
        raise InputError(
            f"{where}: {bad.sum():,} of {len(column):,} rows have no label that can be read, the "
            f"first of them row {first + 1:,} (was {column[first]!r})",
            hint=_HINT,
        )
    return labels.fill_null(UNLABELLED).to_numpy()


def lacking_class(labels: NDArray[np.int8]) -> str | None:
    """What labels of one kind only say: ``no fraud``, ``nothing but fraud``; None of both kinds."""
    fraud = int(labels.sum())
    if fraud == 0:
        return "no fraud"
    return "nothing but fraud" if fraud == len(labels) else None


def require_both_classes(labels: NDArray[np.int8], where: str) -> None:
    """Refuse labels that are all fraud or all not; ``where`` is what the message calls them."""
    what = lacking_class(labels)
    if what is not None:
        raise InputError(
            f"{where}: there is {what} (was {int(labels.sum()):,} of {len(labels):,} events)",
            hint="a model learns and is judged on both; take a longer log, or other dates",
        )
