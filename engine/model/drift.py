"""How far recent values have moved from those of training: the population stability index.

What training looked like is kept with the run as bins and shares, so that nobody needs its file.

The index is PSI = sum over bins of (q - p) ln(q / p), p being a bin's share in training and q its
share now: the Kullback-Leibler divergence taken both ways and added up (Kullback and Leibler, On
Information and Sufficiency, 1951). Its use and the two limits are those of credit scoring (Siddiqi,
Credit Risk Scorecards, 2006): below 0.1 nothing to speak of, from 0.25 on a shift.

Few events are never spread quite as many: where nothing has changed, the index of n events
against m in B bins is about (1/n + 1/m) times chi-squared with B - 1 degrees of freedom (Yurdakul,
Statistical Properties of Population Stability Index, 2018). Where one such index in a thousand
passes the lower limit, it is given without a verdict. A thousand, as there are some dozens of
features.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Literal

import numpy as np

from engine.definition import FeatureSet
from engine.definition.nodes import Call, Expression
from engine.definition.nodes import Literal as LiteralNode
from engine.errors import InputError
from engine.model.ranked import Floats, Integers

MOST_BINS: Final = 10  # deciles
# An empty bin counts as one of that share: one event in ten thousand.
LEAST_SHARE: Final = 1e-4
MODERATE: Final = 0.1
LARGE: Final = 0.25

CONFIDENCE: Final = 0.999
_NORMAL: Final = NormalDist().inv_cdf(CONFIDENCE)

Word = Literal["stable", "moderate", "shifted", "too few events"]
MOVED: Final[tuple[Word, ...]] = ("moderate", "shifted")

_UNKNOWN_AGE: Final = -1.0  # the function's own word for a date that cannot be read


@dataclass(frozen=True, slots=True)
class Bins:
    """How values were spread in training.

    The bins are, in this order: nulls; each of the ``alone``; up to and with the first edge, from
    there up to and with the next, and so on, above the last edge.

    Parameters
    ----------
    alone
        Rising values with a bin of their own.
    edges
        Rising values between which the others are binned; none: all others are one bin.
    shares
        Of the training values in each bin; they add up to 1.
    """

    alone: tuple[float, ...]
    edges: tuple[float, ...]
    shares: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """What ``bins.json`` holds of it."""
        return {"alone": list(self.alone), "edges": list(self.edges), "shares": list(self.shares)}


@dataclass(frozen=True, slots=True)
class TrainingBins:
    """What ``bins.json`` holds.

    Parameters
    ----------
    features
        By name, over the training part.
    score
        Over the validation part: of what it has learnt, a model is too sure.
    """

    features: dict[str, Bins]
    score: Bins

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        features = {name: bins.to_json() for name, bins in self.features.items()}
        return {"features": features, "score": self.score.to_json()}


def training_bins(features: FeatureSet, values: Floats, held_out_scores: Floats) -> TrainingBins:
    """What to keep of a training.

    Parameters
    ----------
    features
        The feature set.
    values
        float64, a row for each event of the training part, a column for each feature; null is NaN.
    held_out_scores
        float64, of the validation part.
    """
    return TrainingBins(
        {
            feature.name: fit_bins(values[:, place], tuple(_filled_in(feature.expression)))
            for place, feature in enumerate(features.features)
        },
        fit_bins(held_out_scores),
    )


def _filled_in(expression: Expression) -> Iterator[float]:
    """The values by which a definition says that there is none."""
    match expression:
        case Call("age", _):
            yield _UNKNOWN_AGE
        case Call("fill" | "if_else", args):
            for arg in args:
                if isinstance(arg, LiteralNode) and isinstance(arg.value, (int, float)):
                    yield float(arg.value)
                else:
                    yield from _filled_in(arg)
        case _:
            pass


def fit_bins(values: Floats, special: Sequence[float] = ()) -> Bins:
    """Bins for some values.

    Parameters
    ----------
    values
        float64, at least one; null is NaN.
    special
        Values that mean something else than their neighbours: each has a bin of its own, and so
        has whatever is as frequent as a bin is to be, and every value where there are few. The
        others are cut at quantiles, in so many bins as their share of all asks for.
    """
    known = _finite(values[~np.isnan(values)])
    distinct, counts = np.unique(known, return_counts=True)
    few = len(distinct) <= MOST_BINS
    kept = few | (counts * MOST_BINS >= len(values)) | np.isin(distinct, special)
    alone = np.unique(np.concatenate([distinct[kept], np.asarray(special, dtype=np.float64)]))
    rest, running = distinct[~kept], np.cumsum(counts[~kept])
    edges: Floats = np.empty(0)
    if len(rest):
        bins = max(1, math.ceil(MOST_BINS * int(running[-1]) / len(values)))
        ranks = np.arange(1, bins) * int(running[-1]) / bins
        # The last value of all is no edge: nothing known lies above it.
        edges = np.unique(rest[np.searchsorted(running, ranks)])
        edges = edges[edges < rest[-1]]
    shares = _counts(values, alone, edges) / len(values)
    return Bins(tuple(alone.tolist()), tuple(edges.tolist()), tuple(shares.tolist()))


def _counts(values: Floats, alone: Floats, edges: Floats) -> Integers:
    null = np.isnan(values)
    known = _finite(values[~null])
    at = np.searchsorted(alone, known)
    own = np.zeros(len(known), dtype=bool)
    inside = at < len(alone)
    own[inside] = alone[at[inside]] == known[inside]
    between = np.searchsorted(edges, known[~own], side="left")
    found = [
        np.array([null.sum()]),
        np.bincount(at[own], minlength=len(alone)),
        np.bincount(between, minlength=len(edges) + 1),
    ]
    return np.concatenate(found).astype(np.int64)


def _finite(values: Floats) -> Floats:
    """JSON knows no infinity."""
    most = np.finfo(np.float64).max
    return np.clip(values, -most, most)


def stability_index(bins: Bins, values: Floats) -> float:
    """The population stability index of recent values against those of training.

    Parameters
    ----------
    bins
        Of the training.
    values
        float64, at least one; null is NaN.
    """
    counts = _counts(values, np.array(bins.alone), np.array(bins.edges))
    before = np.maximum(np.array(bins.shares), LEAST_SHARE)
    now = np.maximum(counts / len(values), LEAST_SHARE)
    return float(np.sum((now - before) * np.log(now / before)))


def by_chance(bins: Bins, before: int, now: int) -> float:
    """The index that 99.9 % of samples stay below if nothing has changed.

    Parameters
    ----------
    bins
        Of the training.
    before, now
        How many values the bins were filled with, and how many are compared with them.

    Notes
    -----
    The quantile of chi-squared with k degrees of freedom is that of Wilson and Hilferty (The
    Distribution of Chi-square, 1931), k (1 - 2/(9k) + z sqrt(2/(9k)))**3: 3 % too high with
    one, less with more.
    """
    freedom = sum(share > 0 for share in bins.shares) - 1
    if not freedom:
        return 0.0
    spread = 2 / (9 * freedom)
    quantile = freedom * (1 - spread + _NORMAL * math.sqrt(spread)) ** 3
    return (1 / before + 1 / now) * float(quantile)


def in_a_word(index: float, chance: float) -> Word:
    """``stable``, ``moderate`` from 0.1 on, ``shifted`` from 0.25 on.

    ``too few events`` where ``chance``, what may come of :func:`by_chance`, is 0.1 or more.
    """
    if chance >= MODERATE:
        return "too few events"
    return "shifted" if index >= LARGE else "moderate" if index >= MODERATE else "stable"


def drift(
    bins: TrainingBins, values: Floats, scores: Floats, *, trained: int, held_out: int
) -> dict[str, Any]:
    """How far recent events are from those of training, as a report holds it.

    Parameters
    ----------
    bins
        What was kept of the training.
    values
        float64, a row for each recent event, a column for each feature of ``bins`` in its order.
    scores
        float64, what the model of that training says of these events.
    trained, held_out
        How many events the training part and the validation part had.

    Returns
    -------
    dict
        ``score`` and, highest index first, ``features``: each with ``psi``, the index that may come
        ``by_chance``, and a ``word``; and what the figures rest on.
    """
    found = [
        {"feature": name, **_said(each, values[:, place], trained)}
        for place, (name, each) in enumerate(bins.features.items())
    ]
    return {
        "events": len(scores),
        "least_share": LEAST_SHARE,
        "moderate_from": MODERATE,
        "shifted_from": LARGE,
        "chance_confidence": CONFIDENCE,
        "score": _said(bins.score, scores, held_out),
        "features": sorted(found, key=lambda each: -each["psi"]),
    }


def _said(bins: Bins, values: Floats, before: int) -> dict[str, Any]:
    index, chance = stability_index(bins, values), by_chance(bins, before, len(values))
    return {"psi": index, "by_chance": chance, "word": in_a_word(index, chance)}


def bins_from_json(content: dict[str, Any], where: str) -> TrainingBins:
    """Read what ``to_json`` gave; ``where`` is what messages call the file."""
    try:
        features = {name: _bins(each) for name, each in content["features"].items()}
        return TrainingBins(features, _bins(content["score"]))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{where}: the bins cannot be read (was {error!r})", hint="train anew"
        ) from error


def _bins(content: dict[str, Any]) -> Bins:
    bins = Bins(*(tuple(map(float, content[name])) for name in ("alone", "edges", "shares")))
    if len(bins.shares) != 1 + len(bins.alone) + len(bins.edges) + 1:
        raise ValueError(f"{len(bins.shares)} shares")
    return bins
