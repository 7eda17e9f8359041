"""Whether a challenger takes the champion's place: the rule, and why in words.

Two things are asked, of the difference in one figure on the same events: that it is at least the
margin, so that it is worth the change; and that its interval lies above 0, so that it is not the
luck of which cards were drawn. Neither alone would do: on few events a lucky challenger passes any
margin, on many the smallest difference is sure.

And there have to be cards with fraud enough, or days with fraud for a figure of days, that an
interval is one. Drawn of k of them it is too short, by the factor sqrt((k - 1) / k) and by the
normal quantile where Student's with k - 1 degrees of freedom belongs (Hesterberg, What Teachers
Should Know About the Bootstrap, 2015): it has 0.11 of its length with 2, 0.63 with 5, 0.82 with 10.
"""

from dataclasses import dataclass
from typing import Any, Final

from engine.model.intervals import unit_of
from engine.model.paired import DIFFERENCE
from engine.words import counted

CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
FEWEST_WITH_FRAUD: Final = 10  # cards, or days
# Figures by which may be decided: shares of 1, more of which is better.
METRICS: Final = (
    "average_precision",
    "roc_auc",
    "at_threshold.precision",
    "at_threshold.recall",
    "at_threshold.f1",
    "recall_at_fpr.0.001",
    "recall_at_fpr.0.01",
    "cards.precision",
    "money.caught_share",
    "bursts.caught_share",
    "bursts.caught_at_once_share",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided.

    Parameters
    ----------
    promote
        Whether the challenger takes the champion's place.
    reasons
        Why, a sentence each.
    """

    promote: bool
    reasons: tuple[str, ...]

    @property
    def word(self) -> str:
        """``promote`` or ``keep``, namely the champion."""
        return "promote" if self.promote else "keep"


def decide(paired: dict[str, Any], metric: str, margin: float) -> Decision:
    """Decide by the paired difference of challenger and champion.

    Parameters
    ----------
    paired
        What :func:`engine.model.paired.paired` gave of the two, in this order, with intervals.
    metric
        The figure.
    margin
        By how much it has to be higher.
    """
    found = paired["figures"].get(metric)
    unit = unit_of(metric)
    there = paired["with_fraud"][unit]
    if found is None or found[DIFFERENCE]["value"] is None:
        return _kept(f"{metric} could not be measured of both.")
    if there < FEWEST_WITH_FRAUD:
        few = (
            f"{counted(there, 'card')} of these days" if unit == "card" else f"{there} of the days"
        )
        return _kept(
            f"Only {few} had fraud: a difference in {metric} counts as sure with "
            f"{FEWEST_WITH_FRAUD} or more."
        )
    difference = found[DIFFERENCE]
    value, low, high = difference["value"], difference["low"], difference["high"]
    if low is None:
        return _kept(
            f"How far {metric} may be off is not known: draws are all alike, or too many hold none "
            "of it."
        )
    enough, sure = value >= margin, low > 0
    of_each = [f"{found[name]['value']:.4f} of the {name}" for name in (CHALLENGER, CHAMPION)]
    at_margin = "at least" if enough else "less than"
    above = "lies above 0" if sure else "does not lie above 0"
    return Decision(
        promote=enough and sure,
        reasons=(
            f"{metric} is {', '.join(of_each)}.",
            f"The difference of {value:+.4f} is {at_margin} the margin of {margin:g}.",
            f"Its interval, {low:+.4f} to {high:+.4f}, {above}.",
        ),
    )


def _kept(reason: str) -> Decision:
    return Decision(promote=False, reasons=(reason,))


def without(judged: dict[str, Any]) -> str:
    """What the days that are judged by hold besides, in words; empty if nothing.

    Parameters
    ----------
    judged
        ``judged_by`` of ``decision.json``.
    """
    if not judged["unlabelled"]:
        return ""
    has = "has" if judged["unlabelled"] == 1 else "have"
    return f", without {counted(judged['unlabelled'], 'event')} that {has} no label"


def verdict(content: dict[str, Any]) -> str:
    """What was decided, in words.

    Parameters
    ----------
    content
        What ``decision.json`` holds. Its ``in_use`` is the run that ``current`` led to when it was
        decided, None if it led nowhere; ``champion_in_use`` is whether that was the champion.
    """
    champion, in_use = content[CHAMPION]["id"], content["in_use"]
    if content["decision"] == "keep":
        if content["champion_in_use"]:
            return f"the champion, {champion}, is kept"
        stays = "no run is in use" if in_use is None else f"{in_use} stays in use"
        return f"the challenger is not promoted, {stays}"
    if content["dry_run"]:
        return "the challenger would be promoted; a dry run, current was not switched"
    place = f"it takes the place of {champion}" if in_use else "no run was in use before"
    return f"the challenger is promoted, {place}"
