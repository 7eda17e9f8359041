"""The files a stream is written to: which format a name means, and how it is written."""

import base64
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import polars as pl

from engine.errors import OutputError
from engine.sink import sink_parquet, write_frames

CSV: Final = ".csv"
PARQUET: Final = ".parquet"
SUFFIXES: Final = (CSV, PARQUET)

# Decimal columns are written with all their decimals: 12.50, not 12.5.
_CSV_TYPES: Final = {
    "lat": pl.Decimal(12, 4),
    "long": pl.Decimal(12, 4),
    "merch_lat": pl.Decimal(12, 6),
    "merch_long": pl.Decimal(12, 6),
    "amt": pl.Decimal(12, 2),
}


def check_output(out: Path, *, overwrite: bool) -> None:
    """Refuse a path that cannot be written, before any work is done.

    Raises
    ------
    OutputError
        If the suffix says neither CSV nor Parquet, the folder is missing, or the file exists and
        may not be replaced.
    """
    if out.suffix not in SUFFIXES:
        raise OutputError(
            f"--out: cannot tell the file format (was {out})",
            hint="name the file *.csv (pipe-delimited text) or *.parquet",
        )
    if not out.parent.is_dir():
        raise OutputError(
            f"--out: no such folder (was {out.parent})",
            hint="make the folder first",
        )
    if out.is_dir():
        raise OutputError(
            f"--out: a folder is in the place of the file (was {out})", hint="name a file in it"
        )
    if out.exists() and not overwrite:
        raise OutputError(
            f"--out: the file is there already (was {out})",
            hint="add --overwrite to replace it, or choose another name",
        )


def write_chunks(
    chunks: Iterable[pl.DataFrame],
    out: Path,
    done: Callable[[pl.DataFrame], None] | None = None,
) -> int:
    """Write a stream's chunks as the suffix of ``out`` says; see ``engine.sink.write_frames``."""
    return write_frames(chunks, out, _sink_csv if out.suffix == CSV else _sink_parquet, done)


def _sink_csv(lazy: pl.LazyFrame, path: Path) -> None:
    lazy.with_columns(pl.col(name).cast(dtype) for name, dtype in _CSV_TYPES.items()).sink_csv(
        path,
        separator="|",
        quote_style="never",
        # The default of 1024 rows costs half the speed.
        batch_size=8192,
        engine="streaming",
    )


def _sink_parquet(lazy: pl.LazyFrame, path: Path) -> None:
    sink_parquet(lazy, path, metadata={"ARROW:schema": _text_schema(lazy.collect_schema())})


def _text_schema(schema: pl.Schema) -> str:
    """The Arrow schema, as Parquet files carry it, in which enumerations are text.

    An enumeration is stored like any text with a dictionary; only this note in the file's
    footer would tell a reader to make an enumeration of it again.
    """
    text = {name: pl.String() if isinstance(t, pl.Enum) else t for name, t in schema.items()}
    arrow = pl.DataFrame(schema=text).to_arrow().schema
    return base64.b64encode(arrow.serialize().to_pybytes()).decode()
