"""Names for windows and for what is computed over them."""

import re
from typing import Final

from engine.backends.duckdb.sql import KEYWORDS
from engine.definition.nodes import Aggregate, Expression, Window

_MICROSECONDS: Final = 1_000_000
_HOUR: Final = 3_600 * _MICROSECONDS
_DAY: Final = 24 * _HOUR
_UNITS: Final = (
    ("h", _HOUR),
    ("m", 60 * _MICROSECONDS),
    ("s", _MICROSECONDS),
    ("ms", 1_000),
    ("us", 1),
)
_LONGEST: Final = 48


class Names:
    """Gives names that nothing else has; to SQL names that differ in their case are the same."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = {name.lower() for name in taken}

    def new(self, wanted: str) -> str:
        """A name like ``wanted``, with a number behind it if that is taken."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


def window_name(key: tuple[str, ...], window: Window) -> str:
    """Of the last 24 hours of a card ``cc_num_24h``, of the whole stream ``stream_24h``."""
    span = "ever" if window.length is None else span_name(window.length)
    until = f"_until_{span_name(window.delay)}_ago" if window.delay else ""
    return f"{key_name(key)}_{span}{until}"


def key_name(key: tuple[str, ...]) -> str:
    """A key as a part of a name."""
    return slug("_".join(key) or "stream")


def span_name(microseconds: int) -> str:
    """A span of time in its largest whole unit: days from two on, hours, minutes and so on."""
    if microseconds and microseconds % _DAY == 0 and microseconds > _DAY:
        return f"{microseconds // _DAY}d"
    if microseconds == 0:
        return "0s"
    return next(f"{microseconds // size}{unit}" for unit, size in _UNITS if not microseconds % size)


def aggregate_name(aggregate: Aggregate, window: str) -> str:
    """Of the sum of amounts over a window ``cc_num_24h_sum_amt``."""
    argument = "" if aggregate.argument is None else "_" + slug(str(aggregate.argument))
    where = "" if aggregate.where is None else "_where_" + slug(str(aggregate.where))
    return f"{window}_{aggregate.name}{argument}{where}"


def operand_name(expression: Expression) -> str:
    """Of ``gt(amt, 200)`` the name ``gt_amt_200``; the text ``null`` is not to be a keyword."""
    name = slug(str(expression))
    # Every other name has more than one word, or is quoted.
    return f"x_{name}" if name in KEYWORDS else name


def slug(text: str) -> str:
    """A text as a part of a name."""
    words = re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")[:_LONGEST].strip("_")
    return words if words[:1].isalpha() else f"x_{words}".rstrip("_")
