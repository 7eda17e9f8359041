"""Rows: an event as a tuple of its id and the columns that the feature set reads.

Generated functions unpack a row into the local variables ``event``, ``t`` and ``c<n>``.
"""

from engine.backends.online.lanes import Layout
from engine.backends.online.scalars import Value, variable
from engine.definition.nodes import Column, Expression
from engine.events.canonical import EVENT_ID


def columns_of_row(layout: Layout) -> tuple[str, ...]:
    """What stands in a row: the event's id, its time and the other columns."""
    return (EVENT_ID, *layout.columns)


def unpack_row(layout: Layout) -> str:
    """The statement that takes ``row`` apart."""
    others = (f"c{number}" for number in range(1, len(layout.columns)))
    return f"{', '.join(['event', 't', *others])} = row"


def column_of_row(layout: Layout, expression: Expression) -> Value | None:
    """A column's variable; None of what is not one of them."""
    if not isinstance(expression, Column):
        return None
    number = layout.columns.index(expression.name)
    if number == 0:
        return variable("t", nullable=False)
    required = layout.features.schema.by_name[expression.name].required
    return variable(f"c{number}", nullable=not required)
