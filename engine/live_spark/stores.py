"""Spark's state variables as the store of a journal."""

from typing import TYPE_CHECKING, Final

from engine.live_spark.journal import Entry, Head

if TYPE_CHECKING:
    from pyspark.sql.streaming import StatefulProcessorHandle

_HEAD: Final = (
    "version long, token binary, since long, since_token binary, appended long, size long"
)
_ENTRY: Final = "token binary, content binary"


class SparkStore:
    """The state variables of an operator, for the key whose rows it is handed.

    Parameters
    ----------
    handle
        What Spark gives an operator.
    """

    def __init__(self, handle: "StatefulProcessorHandle") -> None:
        self._head = handle.getValueState("head", _HEAD)
        self._whole = handle.getValueState("whole", "content binary")
        self._entries = handle.getMapState("entries", "version long", _ENTRY)

    def head(self) -> Head | None:
        """See ``Store``."""
        found = self._head.get()
        if found is None:
            return None
        version, token, since, since_token, appended, size = found
        return Head(version, bytes(token), since, bytes(since_token), appended, size)

    def set_head(self, head: Head) -> None:
        """See ``Store``."""
        self._head.update(tuple(head))

    def entry(self, version: int) -> Entry:
        """See ``Store``."""
        found = self._entries.getValue((version,))
        if found is None:
            raise AssertionError(f"no entry of a version (was {version})")
        token, content = found
        return Entry(bytes(token), bytes(content))

    def append(self, version: int, entry: Entry) -> None:
        """See ``Store``."""
        self._entries.updateValue((version,), tuple(entry))

    def remove(self, version: int) -> None:
        """See ``Store``."""
        self._entries.removeKey((version,))

    def whole(self) -> bytes:
        """See ``Store``."""
        found = self._whole.get()
        if found is None:
            raise AssertionError("no snapshot, though one is told of")
        return bytes(found[0])

    def set_whole(self, whole: bytes) -> None:
        """See ``Store``."""
        self._whole.update((whole,))
