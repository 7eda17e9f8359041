"""Features as they are served: each event scored when it arrives, on what has arrived by then."""

from collections.abc import Iterable, Iterator

import polars as pl

from engine.backends.online.engine import OnlineFeatures
from engine.definition import FeatureSet
from engine.events.canonical import EVENT_ID, feature_schema


class AsArrived:
    """The online engine, fed in the order of arrival.

    Attributes
    ----------
    late, too_late
        How many events came after a later one, and how many of these too late for the engine to
        still hold all of their history.
    """

    def __init__(self, features: FeatureSet) -> None:
        self._online = OnlineFeatures(features)
        self._dtypes = feature_schema(features)
        self._label = features.schema.label
        self._label_time = features.schema.label_time or ""
        self.late = 0
        self.too_late = 0

    def frames(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """``event_id`` and the features of canonical frames in the order of arrival."""
        for batch in batches:
            rows = list(self._observed(batch))
            computed = pl.DataFrame(rows, schema=self._dtypes, orient="row")
            self.late, self.too_late = self._online.late, self._online.too_late
            yield pl.DataFrame([batch[EVENT_ID], *computed])

    def _observed(self, batch: pl.DataFrame) -> Iterator[tuple[object, ...]]:
        """Each event's features; a label is told at once, with the time when it became known."""
        for event in batch.iter_rows(named=True):
            yield self._online.observe(event)
            if self._label in batch.columns:
                at = event.get(self._label_time)
                self._online.observe_label(event[EVENT_ID], event[self._label], at)
