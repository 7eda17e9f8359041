"""How values were spread in training, as bins and shares, so that nobody needs its file.

Of its events it is kept too how many a card has, and how alike these are: as many events of fewer
cards tell less, see :mod:`engine.model.clusters`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from engine.definition import FeatureSet
from engine.definition.nodes import Call, Expression, Feature
from engine.definition.nodes import Literal as LiteralNode
from engine.errors import InputError
from engine.model.clusters import alike, sample_of
from engine.model.ranked import Floats, Integers

MOST_BINS: Final = 10  # deciles
# An empty bin counts as one of that share: one event in ten thousand.
LEAST_SHARE: Final = 1e-4
# Of all events, for a bin of its own.
LEAST_OF_A_TEXT: Final = 0.01
_UNKNOWN_AGE: Final = -1.0  # the function's own word for a date that cannot be read


@dataclass(frozen=True, slots=True)
class Bins:
    """How values were spread in training.

    The bins are, in this order: nulls; each of the ``alone``; up to and with the first edge, from
    there up to and with the next, and so on, above the last edge. Of texts the values are the codes
    of the run's encoding.

    Parameters
    ----------
    alone
        Rising values with a bin of their own.
    edges
        Rising values between which the others are binned; none: all others are one bin.
    shares
        Of the training values in each bin; they add up to 1.
    alike
        How alike those of a card were, as of :func:`engine.model.clusters.alike`; None if that is
        not known, as of a run from before it was kept.
    """

    alone: tuple[float, ...]
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    alike: tuple[float, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """What ``bins.json`` holds of it."""
        told = {"alone": list(self.alone), "edges": list(self.edges), "shares": list(self.shares)}
        return told if self.alike is None else {**told, "alike": list(self.alike)}

    def places(self, values: Floats) -> Integers:
        """In which bin each value is, counted from 0 in their order."""
        return _places(values, np.array(self.alone), np.array(self.edges))

    def with_cards(self, values: Floats, cards: Integers) -> "Bins":
        """The same, with how alike the values that they are of are on a card."""
        found = alike(self.places(values), cards, np.array(self.shares), LEAST_SHARE)
        return replace(self, alike=None if found is None else tuple(found.tolist()))


@dataclass(frozen=True, slots=True)
class TrainingBins:
    """What ``bins.json`` holds.

    Parameters
    ----------
    features
        By name, over the training part.
    score
        Over the validation part: of what it has learnt, a model is too sure.
    per_card
        How many events the card of an event has, on average over events: of the training part,
        and of the validation part. None of a run from before it was kept.
    """

    features: dict[str, Bins]
    score: Bins
    per_card: tuple[float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        features = {name: bins.to_json() for name, bins in self.features.items()}
        told = {} if self.per_card is None else {"events_per_card": list(self.per_card)}
        return {"features": features, "score": self.score.to_json(), **told}


def training_bins(
    features: FeatureSet,
    values: Floats,
    held_out_scores: Floats,
    cards: tuple[Integers, Integers],
    unseen: Mapping[int, int] | None = None,
) -> TrainingBins:
    """What to keep of a training.

    Parameters
    ----------
    features
        The feature set.
    values
        float64, a row for each event of the training part, a column for each feature; null is NaN.
    held_out_scores
        float64, of the validation part.
    cards
        Whose the events of the training and of the validation part are, counted from 0.
    unseen
        By the column of each feature that is a code of texts the code of an unseen one; None of
        none.
    """
    trained, held_out = cards
    of_texts = unseen or {}

    def bins_of(place: int, feature: Feature) -> Bins:
        column = values[:, place]
        if place in of_texts:
            return fit_text_bins(column, of_texts[place])
        return fit_bins(column, tuple(_filled_in(feature.expression)))

    return TrainingBins(
        {
            feature.name: bins_of(place, feature).with_cards(values[:, place], trained)
            for place, feature in enumerate(features.features)
        },
        fit_bins(held_out_scores).with_cards(held_out_scores, held_out),
        (sample_of(trained).per_card, sample_of(held_out).per_card),
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
    return _filled(values, alone, edges)


def fit_text_bins(codes: Floats, unseen: int) -> Bins:
    """Bins for some codes of texts: they have no quantiles.

    Each text of some frequency has a bin of its own, and so has what is unseen, of which there is
    none here; the others are one bin.
    """
    known = codes[~np.isnan(codes)].astype(np.intp)
    counts = np.bincount(known, minlength=unseen)
    own = np.flatnonzero(counts >= max(LEAST_OF_A_TEXT * len(codes), 1))
    alone = np.array([*own, unseen], dtype=np.float64)
    return _filled(codes, alone, np.empty(0))


def _filled(values: Floats, alone: Floats, edges: Floats) -> Bins:
    counts = np.bincount(_places(values, alone, edges), minlength=1 + len(alone) + len(edges) + 1)
    shares = counts / len(values)
    return Bins(tuple(alone.tolist()), tuple(edges.tolist()), tuple(shares.tolist()))


def _places(values: Floats, alone: Floats, edges: Floats) -> Integers:
    null = np.isnan(values)
    known = _finite(values[~null])
    at = np.searchsorted(alone, known)
    own = np.zeros(len(known), dtype=bool)
    inside = at < len(alone)
    own[inside] = alone[at[inside]] == known[inside]
    between = np.searchsorted(edges, known, side="left")
    places = np.zeros(len(values), dtype=np.int64)
    places[~null] = 1 + np.where(own, at, len(alone) + between)
    return places


def _finite(values: Floats) -> Floats:
    """JSON knows no infinity."""
    most = np.finfo(np.float64).max
    return np.clip(values, -most, most)


def bins_from_json(content: dict[str, Any], where: str) -> TrainingBins:
    """Read what ``to_json`` gave; ``where`` is what messages call the file."""
    try:
        features = {name: _bins(each) for name, each in content["features"].items()}
        return TrainingBins(features, _bins(content["score"]), _per_card(content))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{where}: the bins cannot be read (was {error!r})", hint="train anew"
        ) from error


def _bins(content: dict[str, Any]) -> Bins:
    alone, edges, shares = (
        tuple(map(float, content[name])) for name in ("alone", "edges", "shares")
    )
    told = tuple(map(float, content["alike"])) if "alike" in content else None
    bins = Bins(alone, edges, shares, told)
    if len(bins.shares) != 1 + len(bins.alone) + len(bins.edges) + 1:
        raise ValueError(f"{len(bins.shares)} shares")
    if not all(map(math.isfinite, (*alone, *edges, *shares, *(told or ())))):
        raise ValueError("not a number")
    if told is not None and len(told) != max(sum(share > 0 for share in shares) - 1, 0):
        raise ValueError(f"{len(told)} directions")
    return bins


def _per_card(content: dict[str, Any]) -> tuple[float, float] | None:
    if "events_per_card" not in content:
        return None
    training, validation = map(float, content["events_per_card"])
    if not (1 <= training < math.inf and 1 <= validation < math.inf):
        raise ValueError(f"{training} and {validation} events a card")
    return training, validation
