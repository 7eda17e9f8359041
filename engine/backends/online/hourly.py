"""What depends on the hour alone, as source: computed once an hour, not for every event."""

from collections.abc import Callable
from typing import Final

from engine.backends.online.scalars import Block, Value, as_feature, variable
from engine.backends.online.source import function
from engine.definition.nodes import Call, Column, Expression, Literal
from engine.definition.schema import Schema
from engine.definition.types import Type

_OF_THE_HOUR: Final = {"hour", "day_of_week"}


class Hourly:
    """The function ``hourly(t)``, which returns what was asked for; ``o.hourly`` keeps it.

    Parameters
    ----------
    schema
        The schema of the events.
    type_of
        The type of an expression.
    """

    def __init__(self, schema: Schema, type_of: Callable[[Expression], Type]) -> None:
        self._time = Column(schema.event_time)
        self._block = Block(schema, type_of, self._known)
        self._names: dict[str, str] = {}

    def covers(self, expression: Expression) -> bool:
        """Whether an expression depends on the hour, and on nothing else."""
        if not isinstance(expression, Call):
            return False
        if expression.function in _OF_THE_HOUR:
            return expression.args == (self._time,)
        others = [arg for arg in expression.args if not isinstance(arg, Literal)]
        return bool(others) and all(map(self.covers, others))

    def value(self, expression: Expression) -> Value:
        """The value of an expression that :meth:`covers` lets pass."""
        value = self._block.value(expression)
        return variable(self.local(value.or_none), nullable=value.nullable)

    def feature(self, expression: Expression) -> str:
        """The same as it leaves the backend."""
        return self.local(as_feature(self._block, expression))

    def local(self, source: str) -> str:
        """The local variable of a source that depends on the hour of ``t`` alone."""
        return self._names.setdefault(source, f"h{len(self._names)}")

    def load(self) -> list[str]:
        """The local variables, of the running set ``o``."""
        if not self._names:
            return []
        return [f"{', '.join(self._names.values())}, = o.hourly"]

    def function(self) -> list[str]:
        """The function."""
        found = ", ".join([*self._names, ""])
        return function("hourly", "t", [*self._block.lines, f"return ({found})"])

    def _known(self, _block: Block, expression: Expression) -> Value | None:
        return variable("t", nullable=False) if expression == self._time else None
