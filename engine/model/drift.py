"""How far recent values have moved from those of training: the population stability index.

The index is PSI = sum over bins of (q - p) ln(q / p), p being a bin's share in training and q its
share now: the Kullback-Leibler divergence taken both ways and added up (Kullback and Leibler, On
Information and Sufficiency, 1951). Its use and the two limits are those of credit scoring (Siddiqi,
Credit Risk Scorecards, 2006): below 0.1 nothing to speak of, from 0.25 on a shift.

Few events are never spread quite as many: where nothing has changed, the index of n independent
events against m in B bins is about (1/n + 1/m) times chi-squared with B - 1 degrees of freedom
(Yurdakul, Statistical Properties of Population Stability Index, 2018). Events of a card are not
independent: they are worth fewer, see :mod:`engine.model.clusters`, in some ways more so than in
others, which is accounted for as Rao and Scott (On Chi-squared Tests for Multiway Contingency
Tables with Cell Proportions Estimated from Survey Data, 1984) do for chi-squared.

What 999 of a thousand such indices stay below is what may come by chance; a thousand, as there are
some dozens of features. Where that passes the lower limit, nothing is called stable. What passes it
is called moved only if chance cannot be what moved it, which is asked of the sum of
(q - p)**2 / ((q + p) / 2): for little changes it is the index, and where a bin is empty, of which
few events are sure to leave some, it does not grow without bounds as the index does.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.definition.nodes import Feature
from engine.model.bins import LEAST_SHARE, Bins, TrainingBins
from engine.model.calendar import reads_calendar
from engine.model.clusters import Sample, alike, sample_of
from engine.model.ranked import Floats, Integers

MODERATE: Final = 0.1
LARGE: Final = 0.25

CONFIDENCE: Final = 0.999
_NORMAL: Final = NormalDist().inv_cdf(CONFIDENCE)
_LEAST_FREEDOM: Final = 4.0  # below which Paulson's quantile has no end

Word = Literal["stable", "moderate", "shifted", "too few events or cards", "not whole weeks"]
MOVED: Final[tuple[Word, ...]] = ("moderate", "shifted")


@dataclass(frozen=True, slots=True)
class Moved:
    """How far values have moved.

    Parameters
    ----------
    psi
        The population stability index.
    bounded
        The sum that is held against chance; at most ``psi``.
    by_chance
        What 99.9 % of samples stay below if nothing has changed.
    worth
        As how many independent ones the recent events vary.
    """

    psi: float
    bounded: float
    by_chance: float
    worth: float

    @property
    def word(self) -> Word:
        """``stable``, ``moderate`` from 0.1 on, ``shifted`` from 0.25 on, if these are sure.

        ``too few events or cards`` where nothing moved that chance could not have moved, and chance
        could have moved it by 0.1.
        """
        if self.psi >= MODERATE and self.bounded > self.by_chance:
            return "shifted" if self.psi >= LARGE else "moderate"
        return "stable" if max(self.psi, self.by_chance) < MODERATE else "too few events or cards"


def moved(bins: Bins, values: Floats, cards: Integers, before: Sample) -> Moved:
    """How far recent values are from those of training.

    Parameters
    ----------
    bins
        Of the training.
    values
        float64, at least one; null is NaN.
    cards
        int64 from 0, whose they are.
    before
        What the bins were filled with.
    """
    expected, places = np.array(bins.shares), bins.places(values)
    shares = np.bincount(places, minlength=len(expected)) / len(values)
    middle = (expected + shares) / 2
    weights = np.divide(1.0, middle, out=np.zeros(len(middle)), where=middle > 0)
    now = sample_of(cards)
    # Events cannot be more alike than the same, which nobody has to learn of cards.
    same = np.ones(max(int((expected > 0).sum()) - 1, 0))
    most = _chance(same, before, now, math.inf)
    found = alike(places, cards, expected, LEAST_SHARE)
    # What a few recent cards do not show, those of training may: what only some cards have.
    learnt = [
        _chance(np.array(each), before, now, of.cards)
        for each, of in ((found, now), (bins.alike, before))
        if each is not None
    ]
    effects = now.design_effects(same if found is None else found)
    return Moved(
        psi=stability_index(expected, shares),
        bounded=float((shares - expected) ** 2 @ weights),
        by_chance=min(max(learnt, default=most), most),
        worth=now.events / float(effects.mean()) if len(effects) else float(now.events),
    )


def _chance(how_alike: Floats, before: Sample, now: Sample, cards: float) -> float:
    there, here = before.design_effects(how_alike), now.design_effects(how_alike)
    return by_chance(there / before.events + here / now.events, cards)


def stability_index(expected: Floats, shares: Floats) -> float:
    """The population stability index of the shares of bins now against those in training."""
    before, now = np.maximum(expected, LEAST_SHARE), np.maximum(shares, LEAST_SHARE)
    return float(np.sum((now - before) * np.log(now / before)))


def by_chance(variances: Floats, cards: float) -> float:
    """The index that 99.9 % of samples stay below if nothing has changed.

    Parameters
    ----------
    variances
        float64, of each direction that shares can move in: of n independent events against m,
        1/n + 1/m in each of one less than there are bins.
    cards
        Of how many cards these variances were learnt; infinite if they are known.

    Notes
    -----
    The index is a sum of squares of such variances: about a multiple of chi-squared with as many
    degrees of freedom as give both its mean and its variance (Satterthwaite, An Approximate
    Distribution of Estimates of Variance Components, 1946), and of F where the variances are not
    known but learnt (Thomas and Rao, Small-sample Comparisons of Level and Power for Simple
    Goodness-of-fit Statistics under Cluster Sampling, 1987). The quantile of F is Paulson's (An
    Approximate Normalization of the Analysis of Variance Distribution, 1942).
    """
    total = float(variances.sum())
    if not total:
        return 0.0
    freedom = total**2 / float((variances**2).sum())
    one = 2 / (9 * freedom)
    other = 2 / (9 * max(freedom * (cards - 1), _LEAST_FREEDOM))
    least, most = 1 - one, 1 - other
    squares = _NORMAL**2
    root = _NORMAL * math.sqrt(most**2 * one + least**2 * other - squares * one * other)
    return total * ((least * most + root) / (most**2 - squares * other)) ** 3


@dataclass(frozen=True, slots=True)
class Recent:
    """Recent events.

    Parameters
    ----------
    features
        What their features are called, and how they are defined, in order.
    values
        float64, a row for each event, a column for each feature; null is NaN.
    scores
        float64, what the model of the training says of them.
    cards
        int64 from 0, whose they are.
    in_whole_weeks
        bool, which of them are of whole weeks, by which features of the calendar are judged; none
        where the training does not hold each weekday alike.
    """

    features: tuple[Feature, ...]
    values: Floats
    scores: Floats
    cards: Integers
    in_whole_weeks: NDArray[np.bool_]


def drift(bins: TrainingBins, recent: Recent, parts: Mapping[str, Sample]) -> dict[str, Any]:
    """How far recent events are from those of training, as a report holds it.

    Parameters
    ----------
    bins
        What was kept of the training.
    recent
        The events; their features are those of ``bins``.
    parts
        What the training part (``train``) and the validation part (``validation``) had.

    Returns
    -------
    dict
        ``score`` and, highest index first, ``features``: each with ``psi``, the index that may come
        ``by_chance``, what the events are ``worth`` and a ``word``; and what the figures rest on.
    """
    every = np.ones(len(recent.scores), dtype=bool)
    found = []
    for place, feature in enumerate(recent.features):
        calendar = reads_calendar(feature.expression)
        held = recent.in_whole_weeks if calendar else every
        weeks = held.any()
        rows = held if weeks else every
        each = moved(
            bins.features[feature.name],
            recent.values[rows, place],
            recent.cards[rows],
            parts["train"],
        )
        found.append({"feature": feature.name, **_said(each, None if weeks else "not whole weeks")})
    score = moved(bins.score, recent.scores, recent.cards, parts["validation"])
    return {
        "events": len(recent.scores),
        "cards": len(np.unique(recent.cards)),
        "least_share": LEAST_SHARE,
        "moderate_from": MODERATE,
        "shifted_from": LARGE,
        "chance_confidence": CONFIDENCE,
        "score": _said(score),
        "features": sorted(found, key=lambda each: -each["psi"]),
    }


def _said(each: Moved, word: Word | None = None) -> dict[str, Any]:
    return {
        "psi": each.psi,
        "by_chance": each.by_chance,
        "worth": round(each.worth, 1),
        "word": word or each.word,
    }
