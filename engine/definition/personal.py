"""What of a log tells who its card holders are, which features would repeat it, and masks."""

from typing import Final

from engine.definition.needs import columns_in
from engine.definition.nodes import Aggregate, Call, Column, Expression

# What a log tells of its card holders; of these only whether there is a value is shown.
PERSONAL: Final = frozenset({"dob", "lat", "long", "city", "state", "zip", "job", "gender"})

# What else a log tells of where they live; a number that many share, but a town's own.
_OF_HOME: Final = frozenset({"city_pop"})

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


def is_of_holder(expression: Expression, event_time: str) -> bool:
    """Whether it says something of the card holder, and of nothing that the card did.

    An age or a gender is computed of personal columns, perhaps with the event's time, and names a
    group of people; how far a purchase was from home, or how many the card made, is about the
    purchase.
    """
    of_holder = PERSONAL | _OF_HOME
    columns = set(columns_in(expression))
    return bool(columns & of_holder) and columns <= of_holder | {event_time}


def masked(card: str) -> str:
    """A card number of which only the last four digits are shown."""
    return "*" * max(len(card) - 4, 0) + card[-4:]
