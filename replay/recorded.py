"""A ledger as a source of events: those that were decided on, played back as they came."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from engine.backends.online.compile import compile_online
from engine.decide.folder import SUMMARY
from engine.decide.records import ARRIVAL_TIME, SEQUENCE, event_columns
from engine.definition import FeatureSet
from engine.definition.needs import needs_labels
from engine.errors import InputError
from engine.events.canonical import EVENT_ID, event_schema
from engine.events.log import Counts
from replay.digest import Digest
from replay.ledger_files import LedgerFiles
from replay.parts import read_part, reading, refuse_another, take_in
from replay.source import Order, refuse_feed_lag

_EVENT: Final = "event"
_ANEW: Final = "replay the log anew"
_COLUMNS: Final = (SEQUENCE, ARRIVAL_TIME, EVENT_ID, _EVENT)


class LedgerSource:
    """The events of a ledger; see :class:`replay.source.Source`.

    Parameters
    ----------
    files
        The ledger.
    features
        What is computed of its events.
    order, lag
        As for a log; a ledger is in the order of arrival and says when that was.

    Raises
    ------
    InputError
        If that is asked for otherwise, if the ledger does not hold what the features are computed
        from, or if it is not as it was written, or not in order.
    """

    recorded = True

    def __init__(self, files: LedgerFiles, features: FeatureSet, *, order: Order, lag: int) -> None:
        refuse_feed_lag(lag)
        if order == "event-time":
            raise InputError(
                f"--order: a ledger is played back in the order of arrival (was {order!r})",
                hint="leave --order out, or name the log that was replayed",
            )
        if needs_labels(features):
            raise InputError(
                f"{files.folder}: a ledger holds no labels, which {features.name} reads (was "
                "nothing)",
                hint="name the log that was replayed",
            )
        self._files = files
        self._dtypes = event_schema(features.schema, event_columns(features))
        del self._dtypes[EVENT_ID]
        self._needed = set(compile_online(features).columns) - {EVENT_ID}
        self.counts = Counts(read={str(files.folder): files.rows}, kept=files.rows)
        self.missing = self._checked() + 1 - files.rows
        self.complete = files.complete

    def batches(self) -> Iterator[pl.DataFrame]:
        """Canonical frames in arrival order, with ``sequence`` and ``arrival_time``. Repeatable."""
        for part in self._files.parts:
            with reading(part):
                rows = pl.read_parquet(part, columns=list(_COLUMNS), glob=False)
            events = rows[_EVENT].struct.unnest()
            self._check_columns(events)
            there = [name for name in self._dtypes if name in events.columns]
            yield rows.drop(_EVENT).hstack(events.select(there))

    def _check_columns(self, events: pl.DataFrame) -> None:
        for name, dtype in self._dtypes.items():
            stored = events.schema.get(name)
            if (stored is None and name in self._needed) or stored not in {None, dtype}:
                raise InputError(
                    f"{self._files.folder}: its events lack what the features are computed from "
                    f"(was {name!r}, {'not there' if stored is None else f'as {stored}'})",
                    hint="name the log that was replayed",
                )

    def _checked(self) -> int:
        """Hold every part to what was written, and to the order; the place of the last event."""
        files, digest = self._files, Digest()
        last, latest = -1, None
        for part in files.parts:
            frame, noted = read_part(part)
            if not files.exported:
                take_in(digest, part, frame, noted, _ANEW)
            places, arrivals = frame[SEQUENCE], frame[ARRIVAL_TIME]
            if not len(frame):
                continue
            after = places[0] > last and (latest is None or arrivals[0] >= latest)
            if not (after and (places.diff().drop_nulls() > 0).all() and arrivals.is_sorted()):
                raise InputError(
                    f"{part}: its events are not in the order in which they came (was from "
                    f"{SEQUENCE} {places[0]:,} on)",
                    hint=f"a ledger is not to be edited: {_ANEW}",
                )
            last, latest = int(places[-1]), int(arrivals[-1])
        summary = files.summary
        if summary is not None and not files.exported:
            refuse_another(files.folder / SUMMARY, summary.get("digest"), digest, _ANEW)
        return last
