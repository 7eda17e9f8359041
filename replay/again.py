"""Going on with a ledger: what it holds is computed anew, and must come out the same."""

import numpy as np
import polars as pl

from engine.decide.decisions import Decisions
from engine.decide.records import SEQUENCE, Recorder
from engine.errors import InputError
from engine.events.canonical import EVENT_ID
from engine.model.feature_values import FeatureValues
from replay.digest import digest_of
from replay.ledger import Ledger

# What only the model tells; that it is as it was recorded, the parts of a ledger say themselves.
_OF_THE_MODEL = "reasons"


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

    def same(self, recorder: Recorder, events: pl.DataFrame, values: FeatureValues) -> pl.DataFrame:
        """The recorded decisions on the next events, if these come to the same again.

        Parameters
        ----------
        recorder
            Of the run that decides on them.
        events, values
            The events, and their features as they come out now.

        Raises
        ------
        InputError
            If anything that is recorded of them, the score and its reasons left aside, differs in
            a single bit from what comes out now, or a score is flagged otherwise.
        """
        while len(self._held) < len(events):
            part = next(self._parts, None)
            if part is None:
                raise self._differs("end", events)
            self._held = pl.concat([self._held, part]) if len(self._held) else part
        rows, self._held = self._held[: len(events)], self._held[len(events) :]
        now = recorder.rows(events, _decided_again(recorder, rows, values))
        for name in now.columns:
            if name != _OF_THE_MODEL and digest_of(now, name) != digest_of(rows, name):
                raise self._differs(name, events)
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
            raise self._differs("end", self._held)

    def _differs(self, name: str, events: pl.DataFrame) -> InputError:
        about = f" from {events[EVENT_ID][0]!r} on" if len(events) else ""
        return InputError(
            f"{self._ledger.folder}: what was decided there is not what comes out now "
            f"(was another {name}{about})",
            hint="the log or the ledger has changed: replay it anew with --overwrite",
        )


def _decided_again(recorder: Recorder, rows: pl.DataFrame, values: FeatureValues) -> Decisions:
    scores = rows["score"].to_numpy()
    return Decisions(
        places=np.arange(len(rows)),
        values=values,
        scores=scores,
        flagged=recorder.run.flags(scores),
        reasons=[[]] * len(rows),
    )
