"""The one way from events to decisions: observed one by one, scored in one call of the model."""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.online.engine import OnlineFeatures
from engine.decide.decisions import Decisions
from engine.errors import InputError
from engine.model.feature_values import FeatureValues, values_of_rows
from engine.model.reasons import reasons
from engine.model.run import Run

Row = tuple[Any, ...]
Known = tuple[int | None, int | None]  # a label, and since when it is known


class Decider:
    """Decides on events with a run, in the order in which they come.

    Parameters
    ----------
    run
        The model, its threshold and its feature set.
    online
        The running state of that feature set.
    most_reasons
        How many reasons a flagged event gets; they take milliseconds each, unless it is none.

    Raises
    ------
    InputError
        If the state is one of another feature set.
    """

    def __init__(self, run: Run, online: OnlineFeatures, *, most_reasons: int) -> None:
        if online.features != run.features:
            raise InputError(
                f"the state is one of another feature set (was {online.features.name!r})",
                hint=f"give one of {run.features.name!r}, which the run was trained on",
            )
        self._run = run
        self._online = online
        self._most_reasons = most_reasons
        self._width = len(run.features.features)
        self._texts = run.encoding.columns

    def observe(
        self,
        rows: Sequence[Row],
        labels: Iterable[Known] | None = None,
        failed: Callable[[int, Exception], object] | None = None,
    ) -> tuple[NDArray[np.int64], FeatureValues]:
        """Let events become history, and tell their features.

        Parameters
        ----------
        rows
            Events as the values of ``OnlineFeatures.columns``, as canonical frames hold them.
        labels
            Of each its label and the instant from which on it is known, where the feature set
            reads labels: no window sees it before.
        failed
            Is told which of the events features cannot be computed of, and why: it is passed over.
            None to have that raised.

        Returns
        -------
        places, values
            int64, which of the events had not come before; the features of each of these.
        """
        places: list[int] = []
        computed: list[tuple[Any, ...]] = []
        observe, observe_label = self._online.observe_row, self._online.observe_label
        of_each: Iterable[Known | None] = repeat(None, len(rows)) if labels is None else labels
        for place, (row, known) in enumerate(zip(rows, of_each, strict=True)):
            try:
                features = observe(row)
            except Exception as error:
                if failed is None:
                    raise
                failed(place, error)
                continue
            if features is not None:
                places.append(place)
                computed.append(features)
            if known is not None:
                observe_label(row[0], *known)
        return np.array(places, dtype=np.int64), self.values_of(computed)

    def values_of(self, computed: Sequence[Row | None]) -> FeatureValues:
        """Features as the online state computes them; None of an event without any: all null."""
        nothing = (None,) * self._width
        rows = [nothing if row is None else row for row in computed]
        return values_of_rows(rows, self._width, self._texts)

    def judge(self, values: FeatureValues) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """What the model says of events.

        Parameters
        ----------
        values
            As ``observe`` tells them.

        Returns
        -------
        scores, flagged
            Of each event.
        """
        scores = self._run.scores(values) if len(values) else np.empty(0)
        return scores, self._run.flags(scores)

    def decide(self, rows: Sequence[Row], labels: Iterable[Known] | None = None) -> Decisions:
        """Decide on a micro-batch of events; into how many batches they are cut changes nothing.

        Parameters
        ----------
        rows, labels
            As for ``observe``.

        Returns
        -------
        Decisions
            One for each event but those that came before.
        """
        places, values = self.observe(rows, labels)
        scores, flagged = self.judge(values)
        most = self._most_reasons
        why = iter(reasons(self._run, values[flagged], most) if most else repeat([]))
        return Decisions(
            places=places,
            values=values,
            scores=scores,
            flagged=flagged,
            reasons=[next(why) if flag else [] for flag in flagged.tolist()],
        )
