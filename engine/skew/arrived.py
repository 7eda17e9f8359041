"""Features as they are served: each event scored when it arrives, on what has arrived by then."""

from collections.abc import Iterable, Iterator

import polars as pl

from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.entry import observed
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
        self.late = 0
        self.too_late = 0

    def frames(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """``event_id`` and the features of canonical frames in the order of arrival."""
        for batch in batches:
            rows = list(observed(self._online, batch))
            computed = pl.DataFrame(rows, schema=self._dtypes, orient="row")
            self.late, self.too_late = self._online.late, self._online.too_late
            yield pl.DataFrame([batch[EVENT_ID], *computed])
