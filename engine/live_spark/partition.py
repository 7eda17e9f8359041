"""Which events have to meet, and where they do."""

from collections.abc import Sequence
from typing import Any, Final
from zlib import crc32

import msgspec

from engine.backends.online.compile import compile_online
from engine.definition import FeatureSet

_encode: Final = msgspec.msgpack.Encoder().encode


def common_columns(features: FeatureSet) -> tuple[str, ...]:
    """The columns that all keys of a feature set have.

    Events that differ in one of them never see each other: such columns part the stream. There are
    none where some key has columns of its own, as merchants beside cards: then all events meet.
    """
    keys = [each.columns for each in compile_online(features).keys]
    if not keys:
        return ()
    return tuple(name for name in keys[0] if all(name in key for key in keys))


def bucket_of(values: Sequence[Any], buckets: int) -> int:
    """Where events with such values in the common columns meet; the same in every process.

    An event whose key lacks a value has no history for it, so any place will do.
    """
    return crc32(_encode(tuple(values))) % buckets if values else 0
