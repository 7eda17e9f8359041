"""The events that a model was most wrong about, and why."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.definition.personal import masked
from engine.model.reasons import Reason, reasons
from engine.report.judged import Judged

_SHOWN: Final = 10
_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Wrong:
    """An event that was judged wrongly.

    Parameters
    ----------
    event_id
        The event.
    card
        Its card, masked.
    time
        Seconds since 1970 UTC.
    amount
        In major units; None if nobody knows it.
    score
        What the model said.
    reasons
        Why it said so.
    """

    event_id: str
    card: str
    time: int
    amount: float | None
    score: float
    reasons: list[Reason]


def worst_misses(judged: Judged) -> list[Wrong]:
    """Fraud that was not flagged: the lowest scores, of equal ones the greatest amount first.

    One of each card, or a single burst would be all of them; with the reasons that lowered the
    score.
    """
    rows = np.flatnonzero(judged.fraud & ~judged.flagged)
    return _explained(judged, _order(judged, rows, judged.test.scores), against=True)


def worst_alarms(judged: Judged) -> list[Wrong]:
    """Legitimate events that were flagged: the highest scores, of equal ones the greatest amount.

    One of each card; with the reasons that raised the score.
    """
    rows = np.flatnonzero(~judged.fraud & judged.flagged)
    return _explained(judged, _order(judged, rows, -judged.test.scores), against=False)


def _order(
    judged: Judged, rows: NDArray[np.int64], rising: NDArray[np.float64]
) -> NDArray[np.int64]:
    test = judged.test
    amounts = np.zeros(len(rows)) if test.amounts is None else test.amounts[rows]
    # Of equal amounts too the earlier first, then in the order of the file.
    order = rows[np.lexsort((test.times[rows], -amounts, rising[rows]))]
    _, first = np.unique(test.card_codes[order], return_index=True)
    return order[np.sort(first)][:_SHOWN]


def _explained(judged: Judged, rows: NDArray[np.int64], *, against: bool) -> list[Wrong]:
    test = judged.test
    said = reasons(judged.run, judged.values[rows], _REASONS, against=against)
    return [
        Wrong(
            event_id=judged.event_ids[row],
            card=masked(str(judged.cards[row])),
            time=int(test.times[row]),
            amount=None if test.amounts is None else float(test.amounts[row]),
            score=float(test.scores[row]),
            reasons=why,
        )
        for row, why in zip(rows.tolist(), said, strict=True)
    ]
