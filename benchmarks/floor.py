"""``python -m benchmarks.floor``: read the build's input and write as much as it writes, no more.

The fastest that any build of that output could be: the same input columns are read, and as many
rows of the same output columns are written by the same writer with the same settings, in threads
of their own while reading goes on. Nothing is checked, converted or computed.

What is written is one real chunk of the build's output, again and again, so that encoding costs
what it costs for real values. What is read is dropped.

polars' own scan is the reader although the build reads through pyarrow: with writing it needs
three quarters of the time and of the memory (half a million rows, nine turns, two threads).
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from engine.clock import elapsed
from engine.command import Parser, run_command
from engine.process import settle_in
from engine.sink import write_frames

CHUNK_ROWS: Final = 131_072  # about what a build hands to the writer at a time


def copy(source: Path, columns: Sequence[str], chunk: pl.DataFrame, out: Path) -> int:
    """Read ``columns`` of ``source`` and write as many rows made of ``chunk``; return how many."""
    scan = pl.scan_parquet(source).select(columns)
    read = (len(batch) for batch in scan.collect_batches(engine="streaming"))
    return write_frames(_as_many(read, chunk), out)


def _as_many(read: Iterator[int], chunk: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The chunk as often as its rows were read, and at the end what is left of it."""
    due = 0
    for rows in read:
        due += rows
        while due >= len(chunk):
            yield chunk
            due -= len(chunk)
    if due:
        yield chunk[:due]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.floor", "Read and write, and compute nothing.", "")
    parser.add_argument("--input", required=True, type=Path, metavar="FILE", help="what to read")
    parser.add_argument("--columns", required=True, nargs="+", metavar="NAME", help="which of it")
    parser.add_argument("--rows-of", required=True, type=Path, metavar="FILE", help="what to write")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to")
    options = parser.parse_args(argv)
    settle_in()  # as the build does
    return lambda: _work(options.input, options.columns, options.rows_of, options.out)


def _work(source: Path, columns: Sequence[str], rows_of: Path, out: Path) -> None:
    chunk = pl.read_parquet(rows_of).tail(CHUNK_ROWS).rechunk()
    began = elapsed()
    rows = copy(source, columns, chunk, out)
    spent = {"rows": {"written": rows}, "seconds": {"total": elapsed() - began}}
    sys.stdout.write(json.dumps(spent) + "\n")


if __name__ == "__main__":
    sys.exit(main())
