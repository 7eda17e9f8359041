"""Frames of several engines side by side: equal cuts of the same events."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import TypeAlias

import polars as pl

from engine.errors import SentinelError
from engine.events.canonical import EVENT_ID

Frames: TypeAlias = Iterator[pl.DataFrame]


class RowsDifferError(SentinelError):
    """An engine gives other rows than the events it was given, or other columns."""


def in_step(streams: Mapping[str, Frames]) -> Iterator[tuple[pl.DataFrame, ...]]:
    """Frames of the same events from each engine, as many rows at a time as all of them have.

    Parameters
    ----------
    streams
        By the engines' names, frames of any size with ``event_id`` and equal columns.

    Raises
    ------
    RowsDifferError
        If one has more rows than another, another event in some place, or another column.
    """
    names = list(streams)
    with ExitStack() as open_streams:
        for stream in streams.values():
            if isinstance(stream, Generator):  # it may hold threads and files
                open_streams.enter_context(closing(stream))
        waiting: list[pl.DataFrame | None] = [None] * len(names)
        while True:
            waiting = [
                _next(stream) if frame is None else frame
                for frame, stream in zip(waiting, streams.values(), strict=True)
            ]
            frames = [frame for frame in waiting if frame is not None]
            if not frames:
                return
            if len(frames) < len(names):
                ended = next(
                    name for name, frame in zip(names, waiting, strict=True) if frame is None
                )
                raise RowsDifferError(
                    f"engine {ended}: fewer rows than another engine "
                    f"(was nothing where another has {len(frames[0]):,} more)",
                    hint="this is a defect of a backend: every event has a row, in order",
                )
            rows = min(map(len, frames))
            cuts = tuple(frame[:rows] for frame in frames)
            _check(names, cuts)
            yield cuts
            waiting = [frame[rows:] if len(frame) > rows else None for frame in frames]


def _next(stream: Frames) -> pl.DataFrame | None:
    return next((frame for frame in stream if len(frame)), None)


def _check(names: list[str], cuts: tuple[pl.DataFrame, ...]) -> None:
    for name, cut in zip(names[1:], cuts[1:], strict=True):
        if cut.schema != cuts[0].schema:
            differing = set(cut.schema.items()) ^ set(cuts[0].schema.items())
            raise RowsDifferError(
                f"engine {name}: other columns than {names[0]} (was {sorted(map(str, differing))})",
                hint="this is a defect of a backend: a feature's type tells its column's",
            )
        if not cut[EVENT_ID].equals(cuts[0][EVENT_ID]):
            row = (cut[EVENT_ID] != cuts[0][EVENT_ID]).arg_max() or 0
            raise RowsDifferError(
                f"engine {name}: another event than {names[0]} (was {cut[EVENT_ID][row]!r} "
                f"for {cuts[0][EVENT_ID][row]!r})",
                hint="this is a defect of a backend: rows stay in the order of events",
            )
