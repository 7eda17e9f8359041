"""The polars backend: vectorised over chunks of a log, in memory that does not grow with it."""

from engine.backends.polars.entry import compute, stream

__all__ = ["compute", "stream"]
