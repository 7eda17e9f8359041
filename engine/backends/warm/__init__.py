"""Warm start: the online backend's state as of a log's end, computed in batch."""

from engine.backends.warm.start import WarmStart

__all__ = ["WarmStart"]
