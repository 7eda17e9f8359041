"""Events that came read for what is kept of them, and if need be for what features need alone."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.backends.online.compile import compile_online
from engine.definition import FeatureSet
from engine.events.canonical import EVENT_ID, identity_columns
from engine.events.single import Refused, SingleReader
from engine.live.ledger.about import kept_columns


class Readable(NamedTuple):
    """What could be read of an event.

    Parameters
    ----------
    event_id
        Its id; None if that could not be read.
    values
        The values of the columns that are kept; None if features cannot be computed from it.
    reason
        What was wrong with it, as the quarantine words it; None if nothing.
    rounded
        Whether an amount of money had more decimals than declared.
    field
        The column that was wrong; None if none was.
    """

    event_id: str | None
    values: tuple[Any, ...] | None
    reason: str | None
    rounded: bool
    field: str | None = None


class EventReader:
    """Reads events one by one, for a feature set.

    An event is scored if all can be read that its features are computed from. What else is kept of
    it is null where it cannot be read, and the reason is told all the same.

    Parameters
    ----------
    features
        The feature set.

    Attributes
    ----------
    columns
        The columns that are kept.
    """

    def __init__(self, features: FeatureSet) -> None:
        schema = features.schema
        self.columns = kept_columns(features)
        needed = dict.fromkeys(
            (*identity_columns(schema, ()), *compile_online(features).columns[1:])
        )
        needed.pop(EVENT_ID, None)
        self._needed = tuple(needed)
        self._reader = SingleReader(schema, self.columns)

    def read(self, raw: Mapping[str, Any]) -> Readable:
        """Read an event, an object of decoded JSON."""
        found = self._reader.read_columns(raw)
        if isinstance(found, Refused):
            return Readable(None, None, found.reason, rounded=False, field=found.column)
        event_id, values, rounded, refused = found
        if not refused:
            return Readable(event_id, values, None, bool(rounded))
        for name in self._needed:
            if name in refused:
                one = refused[name]
                return Readable(event_id, None, one.reason, rounded=False, field=one.column)
        first = next(iter(refused.values()))
        return Readable(event_id, values, first.reason, bool(rounded), first.column)
