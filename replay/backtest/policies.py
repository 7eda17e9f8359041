"""What becomes of an event once its score is known: alerts a day, blocked cards, who looks at them.

The rule is stated once for an event at a time (:class:`Desk`, as it would run live) and once for
all events at once (:func:`act`); a property holds the two to each other. Events come in the order
of events, and a decision is made on what came before alone: that a day's alerts are used up by noon
is nothing the morning knows.

For an event, in this order:

1. If its card is blocked, the event is ``blocked``: it never reaches anybody. It is still an
   attempt at the card, so the features of later events see it, with either kind of blocking.
2. If its score is below the threshold, it has ``passed``.
3. If the alerts of its UTC day are used up, it is ``over budget``: nothing is flagged.
4. Else it is an alert, which counts towards that budget. If so many other cards as people can look
   at have been looked at that day, it is ``unreviewed``: an alert nobody acts upon. A card that
   somebody looks at already takes no further place.
5. Else it is ``alerted``: somebody acts upon it, and with blocking the card is blocked from the
   next event on, for good.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.model.ranked import Integers

Blocking = Literal["none", "pool", "saved"]
BLOCKINGS: Final[dict[Blocking, str]] = {
    "none": "no card is blocked",
    "pool": "later events of a flagged card leave the pool: they are neither found nor missed",
    "saved": "later events of a flagged card do not come to pass: their fraud is money saved",
}

Actions = NDArray[np.int8]


class Action(IntEnum):
    """What became of an event; see the module."""

    PASSED = 0
    ALERTED = 1
    UNREVIEWED = 2
    OVER_BUDGET = 3
    BLOCKED = 4

    @property
    def word(self) -> str:
        """As it stands in ``decisions.parquet``."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about flags.

    Parameters
    ----------
    budget
        How many alerts there may be a UTC day; None for any number.
    blocking
        Whether a card that was acted upon is blocked, and what its later events count as.
    reviews
        How many cards people can look at a UTC day; None for any number.
    """

    budget: int | None = None
    blocking: Blocking = "none"
    reviews: int | None = None

    @property
    def blocks(self) -> bool:
        """Whether cards are blocked."""
        return self.blocking != "none"

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {"budget": self.budget, "blocking": self.blocking, "reviews": self.reviews}


class Desk:
    """A policy at work, event by event.

    Parameters
    ----------
    policy
        The policy.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._day: int | None = None
        self._alerts = 0
        self._reviewed: set[int] = set()
        self._blocked: set[int] = set()

    def act(self, card: int, day: int, *, flagged: bool) -> Action:
        """What becomes of the next event.

        Parameters
        ----------
        card
            Its card.
        day
            Its UTC day, counted from anywhere; never one before that of an event that has come.
        flagged
            Whether its score reaches the threshold.
        """
        policy = self._policy
        if day != self._day:
            self._day, self._alerts, self._reviewed = day, 0, set()
        if card in self._blocked:
            return Action.BLOCKED
        if not flagged:
            return Action.PASSED
        if policy.budget is not None and self._alerts >= policy.budget:
            return Action.OVER_BUDGET
        self._alerts += 1
        is_full = policy.reviews is not None and len(self._reviewed) >= policy.reviews
        if is_full and card not in self._reviewed:
            return Action.UNREVIEWED
        self._reviewed.add(card)
        if policy.blocks:
            self._blocked.add(card)
        return Action.ALERTED


def act(policy: Policy, cards: NDArray[Any], days: Integers, flagged: NDArray[np.bool_]) -> Actions:
    """What becomes of all events at once: what a :class:`Desk` says of each, in their order.

    Parameters
    ----------
    policy
        The policy.
    cards, days, flagged
        Of the events, in the order of events; days never fall.

    Returns
    -------
    numpy.ndarray
        int8, an :class:`Action` for each event.
    """
    actions: Actions = np.where(flagged, Action.ALERTED, Action.PASSED).astype(np.int8)
    names, codes = np.unique(cards, return_inverse=True)
    # The event with which a card was blocked; beyond the last if it never was.
    blocked_by = np.full(len(names), len(cards), dtype=np.int64)
    places = np.flatnonzero(flagged)
    ends = np.flatnonzero(np.diff(days[places], append=-1)) + 1 if len(places) else places
    start = 0
    for end in ends.tolist():
        of_day = places[start:end]
        if policy.blocks:  # by what days before have decided: hence day by day
            of_day = of_day[blocked_by[codes[of_day]] == len(cards)]
        actions[of_day] = _of_day(policy, codes[of_day])
        if policy.blocks:
            acted = of_day[actions[of_day] == Action.ALERTED]
            blocked_by[codes[acted]] = acted
        start = end
    actions[np.arange(len(cards)) > blocked_by[codes]] = Action.BLOCKED
    return actions


def _of_day(policy: Policy, cards: Integers) -> Actions:
    """What becomes of a day's events that reach the threshold, on cards that are not blocked."""
    _, first, inverse = np.unique(cards, return_index=True, return_inverse=True)
    is_first = np.zeros(len(cards), dtype=bool)
    is_first[first] = True
    # Of each event, how many other cards had an alert that day before its own had its first one.
    cards_before = (np.cumsum(is_first) - 1)[first][inverse]
    has_room = np.full(len(cards), fill_value=True)
    if policy.reviews is not None:
        has_room = cards_before < policy.reviews
    # A blocked card's later events are no alerts, so they use nothing up.
    raised = is_first | ~has_room if policy.blocks else np.full(len(cards), fill_value=True)
    actions = np.where(has_room, Action.ALERTED, Action.UNREVIEWED).astype(np.int8)
    if policy.budget is not None:
        # Once it is used up it stays so: all that comes later that day is over it.
        actions[np.cumsum(raised) - raised >= policy.budget] = Action.OVER_BUDGET
    # These are overwritten, as their card is blocked, unless the budget had ended before it was.
    actions[~raised & (actions == Action.ALERTED)] = Action.BLOCKED
    return actions
