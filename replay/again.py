"""Going on with a ledger: what it holds is computed anew, and must come out the same."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.decide.records import SEQUENCE
from engine.errors import InputError
from engine.events.canonical import EVENT_ID
from replay.ledger import Ledger


class Again:
    """The decisions that a ledger holds, beside the events that come again.

    Parameters
    ----------
    ledger
        The ledger; what is appended from now on is not looked at.

    Attributes
    ----------
    rows
        How many decisions were found to be the same so far.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._parts = ledger.recorded()
        self._last = ledger.last_recorded(SEQUENCE)
        self._held = pl.DataFrame()
        self.rows = 0

    def known(self, events: pl.DataFrame) -> int:
        """How many events of a batch, from its first on, were there when the ledger was left."""
        return 0 if self._last is None else int((events[SEQUENCE] <= self._last).sum())

    def same(self, events: pl.DataFrame, values: NDArray[np.float64]) -> pl.DataFrame:
        """The recorded decisions on the next events, if these have the same features again.

        Raises
        ------
        InputError
            If they are other events, or a feature differs in a single bit.
        """
        while len(self._held) < len(events):
            part = next(self._parts, None)
            if part is None:
                raise self._differs(events)
            self._held = pl.concat([self._held, part]) if len(self._held) else part
        rows, self._held = self._held[: len(events)], self._held[len(events) :]
        features = rows["features"].struct.unnest().to_numpy()
        is_same = rows.select(SEQUENCE, EVENT_ID).equals(events.select(SEQUENCE, EVENT_ID))
        if not is_same or features.tobytes("C") != values.tobytes("C"):
            raise self._differs(events)
        self.rows += len(rows)
        return rows

    def refuse_rest(self) -> None:
        """Refuse decisions on events that have not come again.

        Raises
        ------
        InputError
            If there are some.
        """
        if len(self._held) or next(self._parts, None) is not None:
            raise self._differs(self._held)

    def _differs(self, events: pl.DataFrame) -> InputError:
        about = f"from {events[EVENT_ID][0]!r} on" if len(events) else "at its end"
        return InputError(
            f"{self._ledger.folder}: what was decided there is not what comes out now "
            f"(was other events or features {about})",
            hint="the log has changed: replay it anew with --overwrite",
        )
