"""From events as numbers to the columns of a training file."""

from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.events.training_file import TRAINING_COLUMNS
from replay.simulate.episodes import ORDINARY, Events
from replay.simulate.identifiers import hex_ids, uuid_ids
from replay.simulate.merchants import Merchants
from replay.simulate.people import People
from replay.simulate.settings import SECONDS_PER_DAY, Settings

_HUNDRED: Final = 100.0
# Beyond this many distinct values, a dictionary in every row group costs more than it saves.
_MAX_DICTIONARY: Final = 20_000


class Columns:
    """Lookup tables that turn an event's numbers into text and coordinates.

    With `encoded`, text columns of few distinct values are enumerations, which take a quarter of
    the memory and are written in half the time; the values are the same.
    """

    def __init__(
        self, settings: Settings, people: People, merchants: Merchants, *, encoded: bool
    ) -> None:
        self._start = settings.start_seconds
        self._zone = people.zone
        # Text in one buffer per column is gathered several times faster.
        self._people = people.frame.rechunk()
        self._places = merchants.frame.rechunk()
        # Local days begin before and end after the UTC ones.
        days = pl.date_range(
            settings.start - timedelta(days=1),
            settings.start + timedelta(days=settings.days),
            eager=True,
        )
        self._dates = days.dt.to_string("%Y-%m-%d").rechunk()
        if encoded:
            self._people = self._people.with_columns(_encoded(c) for c in self._people)
            self._places = self._places.with_columns(_encoded(c) for c in self._places)
            self._dates = _encoded(self._dates)
        seconds = pl.Series(np.arange(SECONDS_PER_DAY) * 1_000_000_000).cast(pl.Time)
        self._times = seconds.dt.to_string("%H:%M:%S").rechunk()

    def frame(self, events: Events, rng: np.random.Generator) -> pl.DataFrame:
        """Return events as rows of a training file, with fresh ids from `rng`."""
        count = len(events.card)
        local = events.seconds + self._zone[events.card] + np.int32(SECONDS_PER_DAY)
        day = local // np.int32(SECONDS_PER_DAY)
        columns = {
            "trans_num": hex_ids(rng, count),
            "trans_date": self._dates.gather(_index(day)),
            "trans_time": self._times.gather(_index(local - day * np.int32(SECONDS_PER_DAY))),
            "unix_time": events.seconds + np.int64(self._start),
            # Dividing whole cents gives the double nearest to the amount as written.
            "amt": events.cents / _HUNDRED,
            "is_fraud": (events.behaviour != ORDINARY).astype(np.int64),
            "transaction_id": uuid_ids(rng, count),
        }
        return pl.concat(
            [
                self._people.select(pl.all().gather(_index(events.card))),
                self._places.select(pl.all().gather(_index(events.place))),
                pl.DataFrame(columns),
            ],
            how="horizontal",
        ).select(TRAINING_COLUMNS)


def _encoded(column: pl.Series) -> pl.Series:
    if column.dtype != pl.String or column.n_unique() > _MAX_DICTIONARY:
        return column
    return column.cast(pl.Enum(column.unique().sort()))


def _index(values: npt.NDArray[np.signedinteger]) -> pl.Series:
    # The type polars gathers by; anything else it would convert again for every column.
    return pl.Series(values.astype(np.uint32))
