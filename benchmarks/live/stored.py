"""A state store that is a dictionary, and says how much was written into it."""

from engine.live_spark.journal import Entry, Head


class Stored:
    """What a state store keeps of one state.

    Attributes
    ----------
    appended
        Bytes of all entries that were ever appended.
    snapshots
        Bytes of all snapshots that were ever set.
    """

    def __init__(self) -> None:
        self.appended = self.snapshots = 0
        self._head: Head | None = None
        self._whole = b""
        self._entries: dict[int, Entry] = {}

    def head(self) -> Head | None:
        """See ``Store``."""
        return self._head

    def set_head(self, head: Head) -> None:
        """See ``Store``."""
        self._head = head

    def entry(self, version: int) -> Entry:
        """See ``Store``."""
        return self._entries[version]

    def append(self, version: int, entry: Entry) -> None:
        """See ``Store``."""
        self._entries[version] = entry
        self.appended += len(entry.content)

    def remove(self, version: int) -> None:
        """See ``Store``."""
        del self._entries[version]

    def whole(self) -> bytes:
        """See ``Store``."""
        return self._whole

    def set_whole(self, whole: bytes) -> None:
        """See ``Store``."""
        self._whole = whole
        self.snapshots += len(whole)
