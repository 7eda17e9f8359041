"""How far the events since a day have moved from what a champion was trained on."""

from typing import Any

import numpy as np

from engine.errors import InputError
from engine.model.bins import TrainingBins
from engine.model.calendar import holds_each_weekday_alike, whole_weeks_until
from engine.model.clusters import Sample, sample_of
from engine.model.drift import Recent, drift
from engine.model.features_file import FeatureTable
from engine.model.ranked import Integers
from engine.model.run import MANIFEST, Run
from engine.model.unseen import part_times

_PARTS = ("train", "validation")


def moved_since(champion: Run, table: FeatureTable, start: int) -> dict[str, Any] | None:
    """Drift from the champion's training to the events from an instant on.

    Parameters
    ----------
    champion
        The run.
    table
        Events with its features.
    start
        Seconds since 1970 UTC.

    Returns
    -------
    dict or None
        What :func:`engine.model.drift.drift` gave; None of a run from before bins were kept, and
        where there are no such events.
    """
    rows = np.flatnonzero(table.times >= start)
    if champion.bins is None or not len(rows):
        return None
    values, times, cards = table.values[rows], table.times[rows], table.card_codes[rows]
    weeks_until = whole_weeks_until(start, int(times.max()) + 1)
    # Hours and weekdays are compared of whole weeks; of a training that holds none, not at all.
    alike = holds_each_weekday_alike(*part_times(champion)["train"])
    recent = Recent(
        features=champion.features.features,
        values=values,
        scores=champion.model.scores(values),
        cards=cards,
        in_whole_weeks=(times < weeks_until) & alike,
    )
    return drift(champion.bins, recent, _samples(champion, champion.bins, cards))


def _samples(champion: Run, bins: TrainingBins, cards: Integers) -> dict[str, Sample]:
    """The parts that the bins are of."""
    try:
        told = [champion.manifest["parts"][name] for name in _PARTS]
        events = [int(part["events"]) for part in told]
        per_card = bins.per_card
        if per_card is None:
            # Not kept: on average over cards, and these as unequally busy as they are now.
            unequal = sample_of(cards).per_card * len(np.unique(cards)) / len(cards)
            train, validation = (part["events"] / part["cards"] * unequal for part in told)
            per_card = (train, validation)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"{champion.path / MANIFEST}: the parts cannot be read (was {error!r})",
            hint="train anew with python -m engine.train",
        ) from error
    return {
        name: Sample(count, each)
        for name, count, each in zip(_PARTS, events, per_card, strict=True)
    }
