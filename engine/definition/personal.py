"""What of a log tells who its card holders are, and which features would repeat it."""

from typing import Final

from engine.definition.nodes import Aggregate, Call, Column, Expression

# What a log tells of its card holders; of these only whether there is a value is shown.
PERSONAL: Final = frozenset({"dob", "lat", "long", "city", "state", "zip", "job", "gender"})

_CHOICES: Final = frozenset({"fill", "if_else"})
_PICKING: Final = frozenset({"first", "last", "previous", "min", "max"})


def is_personal(expression: Expression) -> bool:
    """Whether a value of it may be a value of a personal column, unchanged."""
    match expression:
        case Column(name):
            return name in PERSONAL
        case Call(function, args):
            return function in _CHOICES and any(map(is_personal, args))
        case Aggregate(name, argument):
            return name in _PICKING and argument is not None and is_personal(argument)
        case _:
            return False
