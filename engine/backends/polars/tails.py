"""A column of a log's latest rows, for as long as a window may still ask for them."""

from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)

_LEAST_ROOM: Final = 1 << 10


class Tail(Generic[Number]):
    """A column that grows at its end and is forgotten from its beginning.

    Rows are named by their number in the log. What was handed out stays what it is, whatever is
    appended or forgotten later: nothing that was ever in sight is written to again.

    Parameters
    ----------
    row
        The row that is appended first.
    """

    def __init__(self, row: int = 0) -> None:
        self._buffer: npt.NDArray[Number] | None = None
        self._first = row  # the row that is first in the buffer
        self._begin = row  # the first row that is not forgotten
        self._end = row

    @property
    def end(self) -> int:
        """The row that is appended next."""
        return self._end

    def append(self, rows: npt.NDArray[Number]) -> None:
        """Append rows."""
        buffer = self._buffer
        if buffer is None or self._end + len(rows) - self._first > len(buffer):
            buffer = self._moved(len(rows), rows.dtype)
        start = self._end - self._first
        buffer[start : start + len(rows)] = rows
        self._buffer = buffer
        self._end += len(rows)

    def forget(self, row: int) -> None:
        """Rows before ``row`` are asked for no more."""
        self._begin = max(self._begin, row)

    def rows(self, begin: int, end: int) -> npt.NDArray[Number]:
        """The rows from ``begin`` to before ``end``; there has been one."""
        if self._buffer is None:
            raise AssertionError(f"nothing was appended (was asked for {begin} to {end})")
        return self._buffer[begin - self._first : end - self._first]

    def _moved(self, rows: int, dtype: np.dtype[Number]) -> npt.NDArray[Number]:
        """A new buffer, with room for half as much again as there is then."""
        kept = None if self._buffer is None else self.rows(self._begin, self._end)
        live = 0 if kept is None else len(kept)
        buffer = np.empty(max(3 * (live + rows) // 2, _LEAST_ROOM), dtype=dtype)
        if kept is not None:
            buffer[:live] = kept
        self._first = self._begin
        return buffer
