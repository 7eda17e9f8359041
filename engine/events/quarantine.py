"""The quarantine: rows of a log that were refused, with their places and reasons."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from engine.events.disk import writing
from engine.events.raw import BAD_SCHEMA
from engine.events.reasons import WAS

QUARANTINE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "file": pl.String(),
    "line": pl.Int64(),
    "reason": pl.String(),
}
_ARROW: Final = pa.schema(
    [("file", pa.large_string()), ("line", pa.int64()), ("reason", pa.large_string())]
)
_HELD_ROWS: Final = 100_000  # about 10 MB


def kinds_of(bad: pl.DataFrame) -> dict[str, int]:
    """How many refused rows there are of each kind, the kinds in the order of their first rows."""
    return dict(bad.group_by("kind", maintain_order=True).len().iter_rows())


class Quarantine:
    """A table of refused rows, written to ``path`` when its ``with`` block ends well.

    Parameters
    ----------
    path
        The Parquet file to write: ``file`` (the path as it was given), ``line`` (1-based: the line
        of a CSV file, whose header is line 1, or the row of a Parquet file) and ``reason``. It is
        written even if no row was refused, and takes its name only once it is complete. After an
        error it is not written, and what stood there before stays.

    Notes
    -----
    At most 100,000 rows are held in memory, however many are refused.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.by_kind: Counter[str] = Counter()
        self.first: dict[str, str] = {}  # by kind, where it was first seen and with what value
        self._part = path.with_name(f".{path.name}.part")
        self._held: list[pl.DataFrame] = []
        self._held_rows = 0
        self._writer: pq.ParquetWriter | None = None

    @property
    def total(self) -> int:
        """How many rows were refused."""
        return self.by_kind.total()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                with writing(self.path):
                    self._write()
                    if self._writer is not None:
                        self._writer.close()
                    os.replace(self._part, self.path)  # noqa: PTH105 - said with both names in view
        finally:
            if self._writer is not None:
                # Of a full disk has been told; that the rest cannot be written either is no news.
                with suppress(OSError, pa.ArrowException):
                    self._writer.close()
            self._part.unlink(missing_ok=True)

    def add(self, file: str, bad: pl.DataFrame) -> None:
        """Take in refused rows of a file, with the columns of ``raw.BAD_SCHEMA``."""
        if not len(bad):
            return
        self.by_kind.update(kinds_of(bad))
        for line, kind, was in (
            bad.filter(pl.col("kind").is_first_distinct()).select("line", "kind", "was").iter_rows()
        ):
            value = "" if was is None else WAS.format(was)
            self.first.setdefault(kind, f"{file}:{line}{value}")
        was = (
            pl.when(pl.col("was").is_null())
            .then(pl.lit(""))
            .otherwise(pl.format(WAS, pl.col("was")))
        )
        self._held.append(
            bad.select(
                pl.lit(file).alias("file"),
                "line",
                pl.concat_str(pl.col("kind"), was).alias("reason"),
            )
        )
        self._held_rows += len(bad)
        if self._held_rows >= _HELD_ROWS:
            with writing(self.path):
                self._write()

    def _write(self) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._part, _ARROW, compression="zstd")
        rows = pl.concat([pl.DataFrame(schema=QUARANTINE_SCHEMA), *self._held])
        self._writer.write_table(rows.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(_ARROW))
        self._held.clear()
        self._held_rows = 0


def merge_bad(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Refused rows of one batch from several checks, in the order of the file."""
    return pl.concat([pl.DataFrame(schema=BAD_SCHEMA), *parts]).sort("line")
