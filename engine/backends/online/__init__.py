"""The online backend: one event after the other, from state per key."""

from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.entry import compute, stream
from engine.backends.online.snapshot import restore, snapshot

__all__ = ["OnlineFeatures", "compute", "restore", "snapshot", "stream"]
