"""Features as they are served: each event scored when it arrives, on what has arrived by then."""

from collections.abc import Iterable, Iterator

import polars as pl

from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.entry import observed
from engine.definition import FeatureSet
from engine.events.canonical import EVENT_ID, feature_schema


class AsArrived:
    """The online engine, fed in the order of arrival.

    Parameters
    ----------
    features
        A verified feature set.
    leap
        As for ``OnlineFeatures``, in ticks.

    Attributes
    ----------
    late, too_late, astray
        How many events came after a later one, and how many of these too late for the engine to
        still hold all of their history; how many had a clock that was not believed.
    """

    def __init__(self, features: FeatureSet, *, leap: int | None) -> None:
        self._online = OnlineFeatures(features, leap=leap)
        self._dtypes = feature_schema(features)
        self.late = self.too_late = self.astray = 0

    def frames(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """``event_id`` and the features of canonical frames in the order of arrival."""
        for batch in batches:
            rows = list(observed(self._online, batch))
            computed = pl.DataFrame(rows, schema=self._dtypes, orient="row")
            self.late, self.too_late = self._online.late, self._online.too_late
            self.astray = self._online.astray
            yield pl.DataFrame([batch[EVENT_ID], *computed])


def rests(batches: Iterable[pl.DataFrame], time: str, leap: int | None) -> bool:
    """Whether a log in time order has a pause after which a clock is not believed at once."""
    if leap is None:
        return False
    latest: int | None = None
    for batch in batches:
        times = batch[time]
        if not len(times):
            continue
        if (latest is not None and times[0] - latest > leap) or bool((times.diff() > leap).any()):
            return True
        latest = times[-1]
    return False
