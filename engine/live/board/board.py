"""The board: what the dashboard calls."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Final

from engine.clock import elapsed
from engine.definition import fingerprint
from engine.errors import InputError
from engine.live.board.case import MOST_PAST, alert_of, case_of
from engine.live.board.faults import read_faults
from engine.live.board.kept import Kept, removed
from engine.live.board.moved import read_drift
from engine.live.board.rows import Alert, Case, Drift, Fault, Picture, Query
from engine.live.ledger.reader import Reader, reading
from engine.model.run import Run

# For how long nothing more was removed, before all is read anew: a retention removes a few rows at
# a time, for minutes.
_STILL_SECONDS: Final = 1.0
# What is told of drift takes some tenths of a second to find out.
_DRIFT_SECONDS: Final = 60.0
# What is read is read once, so that it need not be kept; the writer's cache is larger.
_SMALL_CACHE: Final = "PRAGMA cache_size = -4096"


class Board:
    """Keeps up with a ledger, beside the process that decides into it or within it.

    It only reads, with connections of its own, and holds nobody up. One thread calls ``catch_up``,
    again at once while that says that there is more; any thread may call the others, which wait no
    longer than it takes to add up a part that was read.

    Rows that a retention removes are still counted while it goes on. When nothing has been removed
    for a second, all that is kept is read anew beside what is there, and then takes its place:
    whatever it shows is again what the ledger holds. Meanwhile memory is needed twice.

    Parameters
    ----------
    ledger
        The file.
    run
        Tells the run that decides now; another one of the same feature set may come to.
    deadline
        Seconds from receipt until when a flag has to be answered.

    Attributes
    ----------
    began
        When the ledger was, in microseconds since 1970 UTC: another one began at another time.

    Raises
    ------
    InputError
        If it is no ledger, or that of another feature set.
    OutputError
        If it cannot be opened.
    """

    def __init__(self, ledger: Path, run: Callable[[], Run], deadline: float) -> None:
        self._ledger = ledger
        self._run = run
        self._deadline = deadline
        self._open = ExitStack()
        self._lock = Lock()  # of what is kept
        self._catching_up = Lock()
        self._opening = Lock()
        with ExitStack() as stack:
            self._reader = stack.enter_context(reading(ledger))
            self._beside = stack.enter_context(reading(ledger))
            for reader in (self._reader, self._beside):
                reader.rows(_SMALL_CACHE)
            self.began = _began(self._reader, run())
            self._kept = self._begun()
            self._open = stack.pop_all()
        self._anew: Kept | None = None
        self._removed = self._kept.removed
        self._removed_at = elapsed()
        self._version = -1
        self._drift: tuple[Run, float, Drift | None] | None = None  # of a run, until when
        self._has_more = True

    def catch_up(self) -> bool:
        """Read some of what is new; nothing but a number if nothing was written since.

        Returns
        -------
        bool
            Whether there is more.

        Raises
        ------
        InputError
            If the ledger is damaged.
        OutputError
            If it cannot be read.
        """
        with self._catching_up:
            (version,) = self._reader.row("PRAGMA data_version")
            is_settled = self._anew is None and self._removed == self._kept.removed
            if version == self._version and is_settled and not self._has_more:
                return False
            self._has_more = self._kept.read(self._reader, self._lock)
            self._version = version
            return self._read_anew() or self._has_more

    def picture(self, now_us: int) -> Picture:
        """All that the first screen shows, as of an instant.

        Parameters
        ----------
        now_us
            Microseconds since 1970 UTC: the present, or an instant at most an hour before the
            latest arrival. Instants must not go back, see ``Exposure``.
        """
        with self._lock:
            return self._kept.picture(now_us, caught_up=not self._has_more)

    def alerts(self, query: Query) -> list[Alert]:
        """Those of the newest ten thousand alerts that are wanted, the newest first."""
        with self._lock:
            return self._kept.feed.find(query)

    def changed(self) -> list[Alert]:
        """Those of them that have changed, at most 500 at a time: each once, the newest first."""
        with self._lock:
            return self._kept.feed.changed()

    def opened(self, sequence: int) -> Case | None:
        """One alert with all that there is to see of it, however old; None if there is none.

        Of the card's transactions those are found that are among the latest two million, or the
        hundred thousand places before these or before the alert.

        Raises
        ------
        InputError
            If the ledger is damaged.
        OutputError
            If it cannot be read.
        """
        with self._opening:
            columns = self._kept.columns
            found = alert_of(self._beside, columns, self._kept.feed, sequence)
            if found is None:
                return None
            with self._lock:
                kept = self._kept
                card = 0 if found[1] is None else kept.cards.number(found[1])
                past = kept.remembered.latest(card, sequence, MOST_PAST) if card else []
                first = kept.remembered.first
            return case_of(self._beside, self._run(), columns, found, past, first)

    def drift(self) -> Drift | None:
        """How far the latest transactions have moved from training, as of a minute ago at most.

        None while there are too few, and of a run that does not tell how features were spread.

        Raises
        ------
        InputError
            If the ledger is damaged, or the run does not say what it was trained on.
        OutputError
            If it cannot be read.
        """
        with self._opening:
            run = self._run()
            if self._drift is None or self._drift[0] is not run or elapsed() > self._drift[1]:
                found = read_drift(self._beside, run, self._kept.columns)
                self._drift = run, elapsed() + _DRIFT_SECONDS, found
            return self._drift[2]

    def faults(self, now_us: int) -> list[Fault]:
        """What went wrong within the last hour, of the latest 100,000 that came.

        Raises
        ------
        OutputError
            If the ledger cannot be read.
        """
        with self._opening:
            return read_faults(self._beside, now_us)

    def close(self) -> None:
        """Let go of the ledger, when nobody reads it any more."""
        with self._catching_up, self._opening:
            self._open.close()

    def _begun(self) -> Kept:
        return Kept(self._reader, self._run().features.schema, self._deadline)

    def _read_anew(self) -> bool:
        """Read anew what is kept, if some of it was removed; whether there is more of that."""
        now_removed = removed(self._reader)
        if now_removed != self._removed:
            self._removed, self._removed_at = now_removed, elapsed()
        if self._anew is None:
            is_same = now_removed == self._kept.removed
            if is_same or elapsed() - self._removed_at < _STILL_SECONDS:
                return False
            self._anew = self._begun()
        # What nobody else sees yet needs no lock of theirs.
        if self._anew.read(self._reader, Lock()):
            return True
        with self._lock:
            self._anew.feed.altered |= self._kept.feed.altered
            self._kept, self._anew = self._anew, None
        return False


def _began(reader: Reader, run: Run) -> int:
    """When the ledger was begun, if it is one of the run's feature set."""
    about = reader.about()
    if about["fingerprint"] != fingerprint(run.features):
        raise InputError(
            f"{reader.path}: the ledger of another feature set (was {about['feature_set']} "
            f"{about['fingerprint'][:12]}…, the run's is {run.features.name} "
            f"{fingerprint(run.features)[:12]}…)",
            hint="name the ledger that this run decides into",
        )
    return int(about["created"])
