"""Which score is high enough to flag: rules, and how each chooses.

A threshold flags each event whose score is at least as high. It is chosen among the scores that
occur, on data that the model neither learnt from nor is judged by.
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.ranked import Curve, Floats, Ranked

RuleName = Literal["max-f1", "precision", "recall", "alerts-per-day", "cost"]

# Of a cost: what adding floats leaves below that must not choose between equal costs.
_DECIMALS: Final = 6
_HINT: Final = "give max-f1, precision=0.9, recall=0.8, alerts-per-day=100 or cost"
_RULE: Final = re.compile(
    r"(precision|recall|alerts-per-day)=([0-9]*\.?[0-9]+(?:e[-+]?[0-9]+)?)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Rule:
    """How a threshold is chosen.

    Parameters
    ----------
    name
        ``max-f1``: the highest F1. ``precision``: the highest recall with at least that precision.
        ``recall``: the fewest alerts with at least that recall. ``alerts-per-day``: as many alerts
        as that, or as near below as equal scores allow. ``cost``: the lowest cost, where a missed
        fraud costs its amount and a false alert ``alert_cost``.
    value
        The floor or the budget; None for rules without one.
    """

    name: RuleName
    value: float | None = None

    def __str__(self) -> str:
        """As :func:`read_rule` reads it back, to the last digit."""
        if self.value is None:
            return self.name
        short = f"{self.value:g}"
        return f"{self.name}={short if float(short) == self.value else repr(self.value)}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold and what it does to the events it was chosen on.

    Parameters
    ----------
    threshold
        The lowest score that is flagged.
    precision, recall, f1, alerts_per_day
        On the events it was chosen on.
    cost
        On these, missed fraud and false alerts together; None unless the rule is ``cost``.
    """

    threshold: float
    precision: float
    recall: float
    f1: float
    alerts_per_day: float
    cost: float | None = None


def read_rule(text: str) -> Rule:
    """A rule as it is written on the command line."""
    match text:
        case "max-f1":
            return Rule("max-f1")
        case "cost":
            return Rule("cost")
    written = _RULE.fullmatch(text)
    value = float(written[2]) if written else 0.0
    share = written is not None and written[1] in {"precision", "recall"}
    if written is None or not 0 < value < math.inf or (share and value > 1):
        raise InputError(f"--threshold: not a rule (was {text!r})", hint=_HINT)
    name: RuleName = (
        "precision"
        if written[1] == "precision"
        else "recall"
        if written[1] == "recall"
        else "alerts-per-day"
    )
    return Rule(name, value)


def choose(
    rule: Rule,
    scores: Floats,
    labels: NDArray[np.int8],
    *,
    days: float,
    amounts: Floats | None,
    alert_cost: float,
) -> Choice:
    """Choose a threshold.

    Parameters
    ----------
    rule
        How.
    scores, labels
        Of the events to choose on, fraud among them.
    days
        How many days' events these are: of a sample, its share of the days it is drawn from.
    amounts
        In major units; only ``cost`` needs them.
    alert_cost
        What a false alert costs, in the same unit; only ``cost`` needs it.

    Raises
    ------
    InputError
        If no threshold keeps to the rule, or amounts are needed and there are none.
    """
    ranked = Ranked(scores, labels)
    curve = ranked.curve()
    costs = None
    if rule.name == "cost":
        costs = _costs(ranked, curve, labels, amounts, alert_cost)
        at = int(np.argmin(costs))
        if curve.fraud and costs[at] >= _missed_all(labels, amounts):
            return _nothing_flagged(scores, _missed_all(labels, amounts))
    else:
        at = _place(rule, curve, days)
    flagged = int(curve.true[at] + curve.false[at])
    return Choice(
        threshold=float(ranked.steps[at]),
        precision=float(curve.precision[at]),
        recall=float(curve.recall[at]),
        f1=float(curve.f1[at]),
        alerts_per_day=flagged / days,
        cost=None if costs is None else float(costs[at]),
    )


def _place(rule: Rule, curve: Curve, days: float) -> int:
    """At which step of the curve the rule puts the threshold; of equals the highest score."""
    value = 0.0 if rule.value is None else rule.value
    match rule.name:
        case "precision":
            kept = np.flatnonzero(curve.precision >= value)
            if not len(kept):
                best = float(curve.precision.max())
                raise InputError(
                    f"--threshold: no score gives that precision on validation (was {value:g}, "
                    f"the best is {best:.4f})",
                    hint="ask for less, or choose by max-f1",
                )
            return int(kept[np.argmax(curve.recall[kept])])
        case "recall":
            return int(np.argmax(curve.recall >= value))
        case "alerts-per-day":
            # Divided, as 100 days at 0.29 a day are 29 alerts and 0.29 × 100 is a little less.
            kept = np.flatnonzero((curve.true + curve.false) / days <= value)
            if not len(kept):
                top = int(curve.true[0] + curve.false[0])
                raise InputError(
                    f"--threshold: the highest score alone gives more alerts (was {value:g} a day, "
                    f"it gives {top / days:.2f})",
                    hint="allow more alerts, or choose by max-f1",
                )
            return int(kept[-1])
        case _:
            return int(np.argmax(curve.f1))


def _costs(
    ranked: Ranked,
    curve: Curve,
    labels: NDArray[np.int8],
    amounts: Floats | None,
    alert_cost: float,
) -> Floats:
    if amounts is None:
        raise InputError(
            "--threshold cost: the features do not tell the amount of each event (was no amt nor "
            "its logarithm, or null)",
            hint="add a feature of amt to the set, leave out events without, or choose by max-f1",
        )
    lost = amounts * labels
    costs: Floats = float(lost.sum()) - ranked.sums(lost) + alert_cost * curve.false
    return costs.round(_DECIMALS) + 0.0  # never the 0 with a minus that rounding leaves


def _missed_all(labels: NDArray[np.int8], amounts: Floats | None) -> float:
    return 0.0 if amounts is None else round(float((amounts * labels).sum()), _DECIMALS)


def _nothing_flagged(scores: Floats, cost: float) -> Choice:
    """Where every alert costs more than it saves: above all scores seen."""
    above = math.nextafter(float(scores.max()), math.inf)
    return Choice(above, 0.0, 0.0, 0.0, 0.0, cost)
