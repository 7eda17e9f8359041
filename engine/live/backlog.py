"""Flags that wait to be posted, the earliest deadline first. No clock, no network."""

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from engine.live.flag import Flag


class Backlog:
    """Flags in memory, which are as many as there may be, and how to get at the others.

    Every flag is in the ledger before it is here. What there is no room for stays there alone: the
    newest, as deadlines come in the order of sequences. It is loaded when there is room; until the
    last of it was, all that is added stays in the ledger too.

    Parameters
    ----------
    most
        How many may be here, 4 or more. Those that are under way, and come back to be posted
        again, are not among them.
    behind
        Whether the ledger has pending flags to begin with.
    """

    def __init__(self, most: int, *, behind: bool = False) -> None:
        self._most = most
        self._last = -1  # sequence of the newest that was ever here
        self._behind = behind
        self._fresh: deque[Flag] = deque()  # in order of deadlines; what is not goes to the heap
        self._again: list[tuple[float, int, Flag]] = []  # by deadline
        self._waiting: list[tuple[float, int, Flag]] = []  # by when they may be posted again
        # What is added while some are loaded; None if none are.
        self._aside: list[Flag] | None = None
        self._aside_whole = True
        self._adopted: list[Flag] = []  # meanwhile
        self._ahead: set[int] = set()  # sequences that were loaded before they were handed in

    def __len__(self) -> int:
        return len(self._fresh) + len(self._again) + len(self._waiting)

    @property
    def behind(self) -> bool:
        """Whether there are flags in the ledger that are yet to be loaded."""
        return self._behind

    def add(self, flags: Iterable[Flag]) -> None:
        """Take in flags that were recorded, in their order; those that were here are passed by."""
        for flag in flags:
            if flag.sequence <= self._last:
                continue
            if self._aside is not None:
                self._put_aside(self._aside, flag)
            elif self._behind or len(self) >= self._most:
                self._behind = True
            else:
                self._push(flag)

    def adopt(self, flags: Iterable[Flag]) -> None:
        """Take in flags of decisions that are older than others whose flags were added.

        All that was recorded before them has been added.
        """
        for flag in flags:
            if flag.sequence in self._ahead:
                self._ahead.discard(flag.sequence)
            elif self._aside is not None:
                self._adopted.append(flag)
            elif flag.sequence <= self._last or not self._behind:
                self._last = max(self._last, flag.sequence)
                heappush(self._again, (flag.deadline, flag.sequence, flag))
            # Else it is loaded in its turn.

    def again(self, flag: Flag, not_before: float) -> None:
        """Take back a flag that is to be posted again, but not before a time."""
        heappush(self._waiting, (not_before, flag.sequence, flag))

    def take(self, now: float) -> Flag | None:
        """The flag with the earliest deadline of those that may be posted now, or have expired."""
        fresh = self._fresh
        if self._waiting:
            self._wake(now)
        if self._again and not (fresh and fresh[0].deadline <= self._again[0][0]):
            return heappop(self._again)[2]
        return fresh.popleft() if fresh else None

    def expired(self, now: float) -> list[Flag]:
        """Take out those whose deadline has come."""
        if self._waiting:
            self._wake(now)
        found: list[Flag] = []
        while self._fresh and self._fresh[0].deadline <= now:
            found.append(self._fresh.popleft())
        while self._again and self._again[0][0] <= now:
            found.append(heappop(self._again)[2])
        return found

    def next_at(self) -> float | None:
        """When there is something to do next if nothing is taken or added: a wait ends, or a span.

        None if there is nothing to wait for.
        """
        times: list[float] = []
        if self._fresh:
            times.append(self._fresh[0].deadline)
        if self._again:
            times.append(self._again[0][0])
        if self._waiting:
            times.append(self._waiting[0][0])
        return min(times, default=None)

    def wanted(self) -> tuple[int, int] | None:
        """What to load: after which sequence and how many; None if nothing is to be loaded now.

        Whoever is told has to call ``loaded`` or ``not_loaded`` before anything is told again.
        """
        if not self._behind or self._aside is not None or len(self) > self._most // 4:
            return None
        self._aside, self._aside_whole = [], True
        return self._last, self._most // 2

    def loaded(self, flags: Sequence[Flag], limit: int) -> None:
        """Take in what was loaded, of which ``limit`` is the most there could have been."""
        for flag in flags:
            if flag.sequence > self._last:
                self._push(flag)
                if flag.adopted:
                    self._ahead.add(flag.sequence)
        aside, self._aside = self._aside or [], None
        # All that was recorded by then has been loaded, and all that came later was put aside.
        if len(flags) < limit and self._aside_whole:
            self._behind = False
            self.add(aside)
        self._adopt_those_aside()

    def not_loaded(self) -> None:
        """Nothing could be loaded, for the time being."""
        self._aside = None
        self._adopt_those_aside()

    def _adopt_those_aside(self) -> None:
        adopted, self._adopted = self._adopted, []
        self.adopt(adopted)

    def _put_aside(self, aside: list[Flag], flag: Flag) -> None:
        if len(aside) < self._most // 4:
            aside.append(flag)
        else:
            self._aside_whole = False

    def _push(self, flag: Flag) -> None:
        self._last = flag.sequence
        if self._fresh and flag.deadline < self._fresh[-1].deadline:
            heappush(self._again, (flag.deadline, flag.sequence, flag))
        else:
            self._fresh.append(flag)

    def _wake(self, now: float) -> None:
        """Those that have waited long enough may be posted, or have expired."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            _, sequence, flag = heappop(waiting)
            heappush(self._again, (flag.deadline, sequence, flag))
