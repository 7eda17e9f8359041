"""The type of an expression, and whether it keeps within what exact sums can hold."""

from typing import TYPE_CHECKING, Final

from engine.definition.aggregates import AGGREGATES
from engine.definition.functions import FUNCTIONS, TypeMismatchError
from engine.definition.nodes import Aggregate, Call, Column, Expression, Literal
from engine.definition.schema import EXACT_LIMIT, Schema
from engine.definition.types import BOOL, FLOAT, INT, TEXT, Type
from engine.errors import DefinitionError

if TYPE_CHECKING:
    from engine.definition.functions import Types

# Whole-number functions whose values are small by nature.
_SMALL: Final = frozenset({"hour", "day_of_week", "age"})
_CHOICES: Final = {"fill": slice(0, 2), "if_else": slice(1, 3)}


def type_of(expression: Expression, schema: Schema) -> Type:
    """The type of ``expression`` over events of ``schema``.

    Raises
    ------
    DefinitionError
        For an unknown column, function or aggregate, and for arguments that do not suit.
    """
    match expression:
        case Literal(value):
            return _literal_type(value)
        case Column(name):
            return _column_type(name, schema)
        case Call(function, args):
            return _call_type(function, tuple(type_of(arg, schema) for arg in args), expression)
        case Aggregate(name, argument):
            inner = None if argument is None else type_of(argument, schema)
            return _aggregate_type(name, inner, expression)
        case _:
            raise DefinitionError(
                f"not an expression of the language (was {expression!r})",
                hint="use columns, literals, functions and aggregates",
            )


def is_bounded(expression: Expression, schema: Schema) -> bool:
    """Whether exact sums of ``expression`` can never overflow (see ``schema.EXACT_LIMIT``)."""
    match expression:
        case Literal(value):
            return not isinstance(value, str | float) and abs(value) <= EXACT_LIMIT
        case Column(name):
            return schema.by_name[name].is_summable
        case Call(function, args):
            if type_of(expression, schema) == BOOL or function in _SMALL:
                return True
            choices = _CHOICES.get(function)
            return choices is not None and all(is_bounded(arg, schema) for arg in args[choices])
        case _:
            return False


def _literal_type(value: object) -> Type:
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return TEXT
        case _:
            raise DefinitionError(
                f"a literal is a condition, a number or a text (was {value!r}, "
                f"{type(value).__name__})",
                hint="convert it with bool, int, float or str; ask for null with is_null()",
            )


def _column_type(name: str, schema: Schema) -> Type:
    column = schema.by_name.get(name)
    if column is None:
        raise DefinitionError(
            f"schema {schema.name!r} has no such column (was {name!r})",
            hint=f"it has {', '.join(schema.by_name)}",
        )
    return column.type


def _call_type(function: str, types: "Types", call: Call) -> Type:
    spec = FUNCTIONS.get(function)
    if spec is None:
        raise DefinitionError(
            f"no such function (was {function!r})", hint=f"there are {', '.join(FUNCTIONS)}"
        )
    try:
        return spec.result(types)
    except TypeMismatchError as mismatch:
        given = ", ".join(map(str, types))
        raise DefinitionError(
            f"{function} {mismatch} (was ({given}) in {call})",
            hint="look the columns' types up in the schema",
        ) from None


def _aggregate_type(name: str, inner: Type | None, aggregate: Aggregate) -> Type:
    spec = AGGREGATES.get(name)
    if spec is None:
        raise DefinitionError(
            f"no such aggregate (was {name!r})", hint=f"there are {', '.join(AGGREGATES)}"
        )
    if (spec.argument == "nothing") != (inner is None) and spec.argument != "maybe":
        takes = "no argument" if spec.argument == "nothing" else "an argument"
        raise DefinitionError(f"{name} takes {takes} (was {aggregate})", hint=f"it is {spec.value}")
    try:
        return spec.result(inner)
    except TypeMismatchError as mismatch:
        raise DefinitionError(
            f"{name} {mismatch} (was {inner} in {aggregate})",
            hint="a sum of floats depends on the order of adding; "
            "declare the column with its number of decimals, money_type(scale), in the schema",
        ) from None
