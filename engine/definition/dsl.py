"""What authors write: keys, windows, columns and functions, in a few words.

>>> card = key("cc_num")
>>> velocity_15m = card.last(minutes=15).count()
>>> mean_24h = card.last(hours=24).mean("amt").fill(0.0)
>>> risk_28d = key("merchant").last(days=28, delay_days=7).mean("is_fraud")
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from reprlib import repr as short

from engine.definition.nodes import (
    Aggregate,
    Call,
    Column,
    Expression,
    Feature,
    FeatureSet,
    Operand,
    Window,
    as_condition,
    lift,
)
from engine.definition.schema import Schema
from engine.definition.verify import verify
from engine.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class History:
    """The past events of one key that a window shows; its methods are the aggregates.

    An argument is an expression over one event's columns, or a column's name.
    """

    columns: tuple[str, ...]
    window: Window
    condition: Expression | None = None

    def where(self, condition: Expression) -> "History":
        """Only the past events for which ``condition`` is true (null counts as false)."""
        both = as_condition(condition) if self.condition is None else self.condition & condition
        return replace(self, condition=both)

    def count(self, argument: Expression | str | None = None) -> Aggregate:
        """How many events, or how many non-null values; 0 if none."""
        return self._aggregate("count", argument)

    def sum(self, argument: Expression | str) -> Aggregate:
        """Exact sum of the non-null values; 0 if none."""
        return self._aggregate("sum", argument)

    def mean(self, argument: Expression | str) -> Aggregate:
        """Mean of the non-null values; null if none."""
        return self._aggregate("mean", argument)

    def var(self, argument: Expression | str) -> Aggregate:
        """Population variance of the non-null values; null if none."""
        return self._aggregate("var", argument)

    def std(self, argument: Expression | str) -> Aggregate:
        """Population standard deviation of the non-null values; null if none."""
        return self._aggregate("std", argument)

    def min(self, argument: Expression | str) -> Aggregate:
        """Smallest non-null value; null if none."""
        return self._aggregate("min", argument)

    def max(self, argument: Expression | str) -> Aggregate:
        """Largest non-null value; null if none."""
        return self._aggregate("max", argument)

    def n_unique(self, argument: Expression | str) -> Aggregate:
        """How many distinct non-null values; 0 if none."""
        return self._aggregate("n_unique", argument)

    def first(self, argument: Expression | str) -> Aggregate:
        """Value at the earliest event, null as it is; null if none."""
        return self._aggregate("first", argument)

    def last(self, argument: Expression | str) -> Aggregate:
        """Value at the latest event, null as it is; null if none."""
        return self._aggregate("last", argument)

    def seconds_since_last(self) -> Aggregate:
        """Seconds since the latest event; null if none."""
        return self._aggregate("seconds_since_last", None)

    def exists(self) -> Aggregate:
        """Whether there is an event."""
        return self._aggregate("exists", None)

    def _aggregate(self, name: str, argument: Expression | str | None) -> Aggregate:
        if isinstance(argument, str):
            argument = Column(argument)
        return Aggregate(name, argument, self.columns, self.window, self.condition)


@dataclass(frozen=True, slots=True)
class Key:
    """The columns that identify an entity; make one with :func:`key`."""

    columns: tuple[str, ...]

    def last(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        delay_days: float = 0,
        delay_hours: float = 0,
        delay_minutes: float = 0,
        delay_seconds: float = 0,
    ) -> History:
        """The key's events in ``[t − delay − length, t − delay]``, both ends inclusive.

        With no delay the event itself and later arrivals of its instant are not in it. A length of
        nothing shows the instant ``t − delay`` alone.
        """
        length = _microseconds(days=days, hours=hours, minutes=minutes, seconds=seconds)
        delay = _microseconds(
            days=delay_days, hours=delay_hours, minutes=delay_minutes, seconds=delay_seconds
        )
        return History(self.columns, Window(length, delay))

    def ever(self, *, delay_days: float = 0, delay_seconds: float = 0) -> History:
        """All the key's events up to ``t − delay``, without a lower end."""
        delay = _microseconds(days=delay_days, seconds=delay_seconds)
        return History(self.columns, Window(None, delay))

    def previous(self, argument: Expression | str) -> Aggregate:
        """Value at the key's immediately preceding event, null as it is; null if none."""
        return self.ever()._aggregate("previous", argument)  # noqa: SLF001 - one authoring class of this file calls another

    def seconds_since_last(self) -> Aggregate:
        """Seconds since the key's preceding event, however long ago; null if none."""
        return self.ever().seconds_since_last()


def key(*columns: str) -> Key:
    """The entity that these columns identify; no columns are the whole stream."""
    return Key(columns)


def column(name: str) -> Column:
    """A column of the event."""
    return Column(name)


def if_else(condition: Expression, then: Operand, otherwise: Operand) -> Call:
    """``then`` where ``condition`` is true, else ``otherwise``; null counts as false."""
    return Call("if_else", (as_condition(condition), lift(then), lift(otherwise)))


def ln(value: Operand) -> Call:
    """Natural logarithm; null where the value is not above 0."""
    return Call("ln", (lift(value),))


def log1p(value: Operand) -> Call:
    """``ln(1 + value)``, so written because not every engine's own log1p rounds alike."""
    return ln(1.0 + lift(value))


def sqrt(value: Operand) -> Call:
    """Square root; null where the value is below 0."""
    return Call("sqrt", (lift(value),))


def absolute(value: Operand) -> Call:
    """The value without its sign."""
    return Call("abs", (lift(value),))


def hour(time: Expression) -> Call:
    """Hour of the UTC day, 0 to 23."""
    return Call("hour", (time,))


def day_of_week(time: Expression) -> Call:
    """Day of the UTC week, Monday 0 to Sunday 6."""
    return Call("day_of_week", (time,))


def seconds_between(later: Expression, earlier: Expression) -> Call:
    """Seconds from one instant to a later one; null where one of them is null."""
    return Call("seconds_between", (later, earlier))


def age(date: Expression, time: Expression) -> Call:
    """Whole years from a date (YYYY-MM-DD) to an instant, at least 0; −1 if it cannot be read."""
    return Call("age", (date, time))


def haversine_km(lat1: Operand, long1: Operand, lat2: Operand, long2: Operand) -> Call:
    """Great-circle distance of two places in degrees, in km on a sphere of radius 6371.0."""
    return Call("haversine_km", (lift(lat1), lift(long1), lift(lat2), lift(long2)))


def feature(name: str, expression: Operand, doc: str) -> Feature:
    """A feature: its name, what it is, and the words that explain it."""
    return Feature(name, lift(expression), doc)


def feature_set(name: str, schema: Schema, features: Sequence[Feature]) -> FeatureSet:
    """An ordered, verified list of features.

    Raises
    ------
    DefinitionError
        Where a feature is not well formed; the message names it.
    """
    if not isinstance(features, Iterable):
        raise DefinitionError(
            f"a feature set is made of a list of features (was {short(features)})",
            hint="put them between [ and ], each made with feature(…)",
        )
    made = FeatureSet(name, schema, tuple(features))
    verify(made)
    return made


def _microseconds(**parts: float) -> int:
    given = ", ".join(f"{unit}={amount!r}" for unit, amount in parts.items() if amount)
    try:
        span = timedelta(**parts)
    except (TypeError, OverflowError, ValueError) as error:
        raise DefinitionError(
            f"a span of time is made of numbers that fit (was {given}: {error})",
            hint="give days, hours, minutes or seconds, such as minutes=15",
        ) from None
    if span < timedelta(0):
        raise DefinitionError(
            f"a window looks back, not ahead (was {given})",
            hint="give lengths and delays of nothing or more",
        )
    if given and not span:
        raise DefinitionError(
            f"a span of time is at least a microsecond (was {given})", hint="give a longer one"
        )
    return span // timedelta(microseconds=1)
