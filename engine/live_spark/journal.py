"""A state in a store: a snapshot, and beside it what has been done to it since.

A snapshot is as large as all that it holds, and a micro-batch changes little of that. So what the
micro-batch did is appended, and a snapshot is taken when as many bytes have been appended as it
has, or so many entries that to ask for each would keep a reader long. Small states are written no
more often than their events ask for; of large ones all that there is, each few hundred entries.

Reading is saved where it can be: who has the state in memory as of an earlier version reads what
was done since. Whether it is a version of this state tells its *token*, the hash of everything that
was done to it: what a failed attempt or an abandoned query has left in memory is no version of it.
"""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

_TOKEN_BYTES: Final = 16
_LEAST_BYTES: Final = 65_536  # appended, before a snapshot is worth it
MOST_ENTRIES: Final = 256  # since a snapshot: each is asked for by itself


class Head(NamedTuple):
    """What a store says of a state.

    Parameters
    ----------
    version
        How many entries were ever appended.
    token
        The hash of all of them.
    since, since_token
        Version and token of the snapshot; 0 and none, if there is none.
    appended
        Bytes of entries since.
    size
        Bytes of the snapshot.
    """

    version: int = 0
    token: bytes = b""
    since: int = 0
    since_token: bytes = b""
    appended: int = 0
    size: int = 0


class Entry(NamedTuple):
    """What was done to a state once, and the token of the version that came of it."""

    token: bytes
    content: bytes


class Store(Protocol):
    """What a state store keeps of one state."""

    def head(self) -> Head | None:
        """What it says of the state; None if there is none."""

    def set_head(self, head: Head) -> None:
        """Say something else of the state."""

    def entry(self, version: int) -> Entry:
        """The entry that made a version."""

    def append(self, version: int, entry: Entry) -> None:
        """Keep an entry."""

    def remove(self, version: int) -> None:
        """Do not keep an entry any more."""

    def whole(self) -> bytes:
        """The snapshot."""

    def set_whole(self, whole: bytes) -> None:
        """Keep a snapshot in place of the one before."""


class Kept(Protocol):
    """What is kept in a journal."""

    def repeat(self, entry: bytes) -> None:
        """Do again what was done."""

    def whole(self) -> bytes:
        """A snapshot."""

    def restore(self, whole: bytes) -> None:
        """Be what the snapshot is of."""


State = TypeVar("State", bound=Kept)


@dataclass(slots=True)
class Held(Generic[State]):
    """A state in memory.

    Parameters
    ----------
    state
        The state.
    version, token
        Which it is; 0 and none of one to which nothing was done.
    """

    state: State
    version: int = 0
    token: bytes = field(default=b"")


def begin(store: Store, whole: bytes) -> None:
    """Have a state begin with a snapshot."""
    token = _token(b"", whole)
    store.set_whole(whole)
    store.set_head(Head(0, token, 0, token, 0, len(whole)))


def up_to_date(store: Store, held: Held[State]) -> bool:
    """Bring a state in memory up to date; False if it is none of the store's, as it is left then.

    A new one, to which nothing was done, can be brought up to date always.
    """
    head = store.head() or Head()
    if not held.token and held.version == 0:
        if head.size:
            held.state.restore(store.whole())
        held.version, held.token = head.since, head.since_token
    elif not _is_version_of(held, head, store):
        return False
    while held.version < head.version:
        entry = store.entry(held.version + 1)
        held.state.repeat(entry.content)
        held.version, held.token = held.version + 1, entry.token
    return True


def done(store: Store, held: Held[State], entry: bytes) -> None:
    """Keep what was done to a state that was up to date."""
    head = store.head() or Head()
    version, token = head.version + 1, _token(head.token, entry)
    appended = head.appended + len(entry)
    since, since_token, size = head.since, head.since_token, head.size
    if appended >= max(_LEAST_BYTES, size) or version - since > MOST_ENTRIES:
        whole = held.state.whole()
        store.set_whole(whole)
        for before in range(since + 1, version):
            store.remove(before)
        since, since_token, appended, size = version, token, 0, len(whole)
    else:
        store.append(version, Entry(token, entry))
    store.set_head(Head(version, token, since, since_token, appended, size))
    held.version, held.token = version, token


def _is_version_of(held: Held[State], head: Head, store: Store) -> bool:
    if held.version == head.version:
        return held.token == head.token
    if held.version == head.since:
        return held.token == head.since_token
    if head.since < held.version < head.version:
        return held.token == store.entry(held.version).token
    return False


def _token(before: bytes, content: bytes) -> bytes:
    return blake2b(before + content, digest_size=_TOKEN_BYTES).digest()
