"""The online backend: one event after the other, from state per key."""

from engine.backends.online.entry import compute, stream

__all__ = ["compute", "stream"]
