"""Writing the chunks of a stream to one file, which appears only when it is complete."""

import base64
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source

from replay.simulate.settings import SimulateError
from replay.simulate.stream import CHUNK_ROWS

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
_POLL_SECONDS: Final = 0.2


class WriteError(SimulateError):
    """A file that could not be written."""


def check_output(out: Path, *, overwrite: bool) -> None:
    """Refuse a path that cannot be written, before any work is done.

    Raises
    ------
    SimulateError
        If the suffix says neither CSV nor Parquet, the folder is missing, or the file exists and
        may not be replaced.
    """
    if out.suffix not in SUFFIXES:
        raise SimulateError(
            "cannot tell the file format",
            "--out",
            out,
            "name the file *.csv (pipe-delimited text) or *.parquet",
        )
    if not out.parent.is_dir():
        raise SimulateError(
            "cannot write into this folder", "--out", out.parent, "make the folder first"
        )
    if out.is_dir():
        raise SimulateError("cannot write a file here", "--out", out, "this is a folder")
    if out.exists() and not overwrite:
        raise SimulateError(
            "will not replace a file", "--out", out, "add --overwrite, or choose another name"
        )


def write_chunks(
    chunks: Iterable[pl.DataFrame], out: Path, done: Callable[[pl.DataFrame], None]
) -> None:
    """Write `chunks` to `out`; on any failure or interrupt no file is left or changed.

    Parameters
    ----------
    chunks
        Frames of equal columns. The next one is made while the last one is written.
    out
        File to write or replace; its suffix decides the format.
    done
        Called with each chunk once it is handed to the writer.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    # In the same folder, so that the last step is a rename within one file system.
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    writer = _Writer(partial, csv=out.suffix == CSV)
    try:
        try:
            for chunk in chunks:
                writer.put(chunk)
                done(chunk)
        finally:
            writer.close()
        try:
            partial.replace(out)
        except OSError as error:
            raise _write_error(out, error) from error
    finally:
        partial.unlink(missing_ok=True)


class _Writer:
    """A thread that feeds a queue of frames to polars' streaming writer.

    polars encodes on threads of its own, outside Python; this one only waits for it, so that the
    main thread can make the next chunk and hear an interrupt.
    """

    def __init__(self, path: Path, *, csv: bool) -> None:
        self._path = path
        self._csv = csv
        self._queue: queue.Queue[pl.DataFrame | None] = queue.Queue(1)
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def put(self, frame: pl.DataFrame) -> None:
        """Hand over a frame, waiting while one is queued already."""
        if self._csv:
            frame = frame.with_columns(pl.col(c).cast(t) for c, t in _CSV_TYPES.items())
        if self._thread is None:
            schema = frame.schema
            self._thread = threading.Thread(target=self._run, args=(schema,), daemon=True)
            self._thread.start()
        self._offer(frame)

    def close(self) -> None:
        """End the file and wait for it."""
        if self._thread is None:
            return
        self._offer(None)
        self._thread.join()
        self._raise_failure()

    def _offer(self, frame: pl.DataFrame | None) -> None:
        # A writer that has failed takes nothing more: do not wait for it.
        while self._failure is None:
            try:
                self._queue.put(frame, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return
        if frame is not None:
            self._raise_failure()

    def _raise_failure(self) -> None:
        if isinstance(self._failure, KeyboardInterrupt):
            # While it writes, polars catches the interrupt that was meant for the main thread.
            raise KeyboardInterrupt from self._failure
        if self._failure is not None:
            raise _write_error(self._path, self._failure) from self._failure

    def _frames(self) -> Iterator[pl.DataFrame]:
        while (frame := self._queue.get()) is not None:
            yield frame

    def _run(self, schema: pl.Schema) -> None:
        def source(
            _columns: list[str] | None,
            _predicate: pl.Expr | None,
            _rows: int | None,
            _batch: int | None,
        ) -> Iterator[pl.DataFrame]:
            return self._frames()

        try:
            lazy = register_io_source(source, schema=schema)
            if self._csv:
                lazy.sink_csv(
                    self._path,
                    separator="|",
                    quote_style="never",
                    # The default of 1024 rows costs half the speed.
                    batch_size=8192,
                    engine="streaming",
                )
            else:
                # Half the processor time of zstd; most bytes are random ids, which no method
                # makes smaller.
                lazy.sink_parquet(
                    self._path,
                    compression="lz4",
                    row_group_size=CHUNK_ROWS,
                    metadata={"ARROW:schema": _text_schema(schema)},
                    engine="streaming",
                )
        # polars panics are no Exception.
        except BaseException as error:  # noqa: BLE001  raised again, in the thread that waits
            self._failure = error


def _text_schema(schema: pl.Schema) -> str:
    """Return the Arrow schema, as Parquet files carry it, in which enumerations are text.

    An enumeration is stored like any text with a dictionary; only this note in the file's
    footer would tell a reader to make an enumeration of it again.
    """
    text = {n: pl.String() if isinstance(t, pl.Enum) else t for n, t in schema.items()}
    arrow = pl.DataFrame(schema=text).to_arrow().schema
    return base64.b64encode(arrow.serialize().to_pybytes()).decode()


def _write_error(path: Path, error: BaseException) -> WriteError:
    return WriteError(
        "cannot write the file",
        str(path),
        str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__,
        "check that the folder is writable and the disk has room; nothing was left behind",
    )
