"""How far recent events have moved from what a run was trained on."""

from typing import Any

import numpy as np

from engine.errors import InputError
from engine.model.bins import TrainingBins
from engine.model.calendar import holds_each_weekday_alike, whole_weeks_until
from engine.model.clusters import Sample, sample_of
from engine.model.drift import Recent, drift
from engine.model.feature_values import FeatureValues
from engine.model.ranked import Integers
from engine.model.run import MANIFEST, Run
from engine.model.unseen import part_times

_PARTS = ("train", "validation")


def moved_from(
    run: Run, values: FeatureValues, times: Integers, cards: Integers, start: int
) -> dict[str, Any] | None:
    """Drift from a run's training to some events.

    Parameters
    ----------
    run
        The run.
    values
        Of each event its features.
    times
        int64, seconds since 1970 UTC.
    cards
        int64 from 0, whose they are.
    start
        From when on the events are all that there were, seconds since 1970 UTC: whole weeks are
        counted from there.

    Returns
    -------
    dict or None
        What :func:`engine.model.drift.drift` gave; None of a run from before bins were kept, and
        where there are no events.

    Raises
    ------
    InputError
        If the run does not say what it was trained on.
    """
    if run.bins is None or not len(values):
        return None
    weeks_until = whole_weeks_until(start, int(times.max()) + 1)
    # Hours and weekdays are compared of whole weeks; of a training that holds none, not at all.
    alike = holds_each_weekday_alike(*part_times(run)["train"])
    seen = run.encoding.encoded(values)
    recent = Recent(
        features=run.features.features,
        values=seen,
        scores=run.model.scores(seen),
        cards=cards,
        in_whole_weeks=(times < weeks_until) & alike,
    )
    return drift(run.bins, recent, _samples(run, run.bins, cards))


def _samples(run: Run, bins: TrainingBins, cards: Integers) -> dict[str, Sample]:
    """The parts that the bins are of."""
    try:
        told = [run.manifest["parts"][name] for name in _PARTS]
        events = [int(part["events"]) for part in told]
        per_card = bins.per_card
        if per_card is None:
            # Not kept: on average over cards, and these as unequally busy as they are now.
            unequal = sample_of(cards).per_card * len(np.unique(cards)) / len(cards)
            train, validation = (part["events"] / part["cards"] * unequal for part in told)
            per_card = (train, validation)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"{run.path / MANIFEST}: the parts cannot be read (was {error!r})",
            hint="train anew with python -m engine.train",
        ) from error
    return {
        name: Sample(count, each)
        for name, count, each in zip(_PARTS, events, per_card, strict=True)
    }
