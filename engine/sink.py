"""Frames to one Parquet or CSV file, which appears only when it is complete."""

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source

from engine.errors import OutputError
from engine.interrupts import at_once, hear, put_off, wait_until

# Of lz4, snappy and zstd, measured on features of ten million events, lz4 takes the least
# processor time; zstd takes 0.7 of the space and 1.3 to 2 times the time.
COMPRESSION: Final = "lz4"

Sink = Callable[[pl.LazyFrame, Path], object]


def sink_parquet(lazy: pl.LazyFrame, path: Path, *, metadata: dict[str, str] | None = None) -> None:
    """Write Parquet as all files of this project are written, with notes in its footer.

    Frames become row groups as they come: cutting them anew would copy every value. polars never
    dictionary-encodes floats; it cannot split their bytes, which pyarrow can, but writes the same
    table in less time than that.
    """
    lazy.sink_parquet(
        path,
        compression=COMPRESSION,
        metadata=metadata,
        engine="streaming",
    )


def write_frames(
    frames: Iterable[pl.DataFrame],
    out: Path,
    sink: Sink = sink_parquet,
    done: Callable[[pl.DataFrame], None] | None = None,
    called: Path | None = None,
) -> int:
    """Write frames of equal columns to a file; on any failure none is left or changed.

    Nor on an interrupt, unless it comes when the file has just been put in its place, whole.

    Parameters
    ----------
    frames
        At least one frame. The next one is made while the last one is written.
    out
        The file to make or replace.
    sink
        Writes a lazy frame to a path; Parquet unless said otherwise.
    done
        Called with each frame once it is handed over.
    called
        What messages call the file, if that is not ``out``.

    Returns
    -------
    int
        How many rows were written.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    # In the same folder, so that the last step is a rename within one file system.
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    called = out if called is None else called
    writer = _Writer(partial, sink, called)
    rows = 0
    made = iter(frames)
    # A signal must not come before what ends the thread and removes the file.
    with put_off():
        try:
            try:
                while True:
                    with at_once():
                        frame = next(made, None)
                    if frame is None:
                        break
                    writer.put(frame)
                    rows += len(frame)
                    with at_once():
                        if done is not None:
                            done(frame)
            finally:
                writer.close()
            hear()  # at the last moment at which nothing is changed
            try:
                partial.replace(out)
            except OSError as error:
                raise _write_error(called, error, partial) from error
        finally:
            # What makes the frames may hold threads and files until it is told to end.
            if isinstance(frames, Generator):
                frames.close()
            partial.unlink(missing_ok=True)
    return rows


class _Writer:
    """A thread that feeds a queue of frames to polars' streaming writer.

    polars encodes on threads of its own, outside Python; this one only waits for it, so that the
    main thread can make the next frame and hear an interrupt. To be used within ``put_off``.
    """

    def __init__(self, path: Path, sink: Sink, out: Path) -> None:
        self._path = path
        self._sink = sink
        self._out = out  # what messages call the file
        self._queue: queue.Queue[pl.DataFrame | None] = queue.Queue(1)
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def put(self, frame: pl.DataFrame) -> None:
        """Hand over a frame, waiting while one is queued already; signals are heard meanwhile."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(frame.schema,), daemon=True)
            self._thread.start()
        with at_once():
            self._offer(self._thread, frame)
        self._raise_failure()

    def close(self) -> None:
        """End the file and wait for it."""
        if self._thread is None:
            return
        try:
            self._end(self._thread)
        except BaseException:
            # Interrupted, outside our commands: the file has to be let go of all the same before it
            # is removed.
            self._end(self._thread)
            raise
        self._raise_failure()

    def _end(self, thread: threading.Thread) -> None:
        self._offer(thread, None)
        thread.join()

    def _offer(self, thread: threading.Thread, frame: pl.DataFrame | None) -> None:
        def has_come(seconds: float) -> bool:
            # A writer that has failed takes nothing more: do not wait for it.
            if thread.is_alive():
                try:
                    self._queue.put(frame, timeout=seconds)
                except queue.Full:
                    return False
            return True

        wait_until(has_come)

    def _raise_failure(self) -> None:
        if isinstance(self._failure, KeyboardInterrupt):
            # While it writes, polars catches the interrupt that was meant for the main thread.
            raise KeyboardInterrupt from self._failure
        if self._failure is not None:
            raise _write_error(self._out, self._failure, self._path) from self._failure

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
            self._sink(register_io_source(source, schema=schema), self._path)
        # polars panics are no Exception.
        except BaseException as error:  # noqa: BLE001 - raised again, in the thread that waits
            self._failure = error


def _write_error(path: Path, error: BaseException, partial: Path) -> OutputError:
    lines = str(error).replace(str(partial), str(path)).strip().splitlines()
    return OutputError(
        f"cannot write {path} (was: {lines[0] if lines else type(error).__name__})",
        hint=f"free some space on {path.parent}, or check that you may write there; "
        "nothing was left behind",
    )
