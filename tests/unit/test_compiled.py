"""Types of the arrays that loops are given."""

from collections.abc import Callable

import numpy as np
import pytest
from numba import typeof
from numpy.typing import NDArray

from engine.compiled import MADE_BEFORE_THREADS


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "uint64", "float64", "bool"])
@pytest.mark.parametrize(
    "of",
    [
        lambda dtype: np.zeros(6, dtype),
        lambda dtype: np.zeros(6, dtype)[::2],
        lambda dtype: np.zeros((4, 6), dtype),
        lambda dtype: np.zeros((4, 6), dtype, order="F"),
        lambda dtype: np.zeros((4, 6), dtype)[::2, ::2],
    ],
    ids=["a row", "each second", "rows", "columns", "some of both"],
)
def test_no_thread_is_the_first_with_a_type(of: Callable[[str], NDArray], dtype: str) -> None:
    for is_written in (True, False):
        values = of(dtype)
        values.flags.writeable = is_written
        assert any(typeof(values) is one for one in MADE_BEFORE_THREADS)
