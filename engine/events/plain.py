"""Values as they usually come in single events, read at once; the odd ones are told apart.

Each function below reads what it is sure to read as ``parse`` and ``faults_of`` do, and leaves
the rest to them: it is quick, and says nothing of what is right.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, assert_never

from engine.definition.schema import ColumnSpec
from engine.definition.types import Kind
from engine.events.faults import limits
from engine.events.money import ONE_READING, SHORT_TEXT, units_of_written
from engine.events.parse import LAST_CARD

Plain = Callable[[Any], Any]
Row = Callable[[Callable[[str], Any]], tuple[Any, ...]]

INT64: Final = range(-(2**63), 2**63)

_LARGEST: Final = sys.float_info.max
_MOST_MINOR: Final = int(ONE_READING) - 1


class OddValueError(ValueError):
    """A value is not as values usually are; that says nothing of whether it is good.

    Readers let the ValueErrors of ``int`` and ``float`` pass, which say the same.
    """


def plain_reader(spec: ColumnSpec) -> Plain:
    """What reads the plain values of a column.

    Parameters
    ----------
    spec
        What the column is; of a ``Schema``'s ``by_name``.

    Returns
    -------
    Callable
        From a value of decoded JSON to what a canonical frame holds of it. It takes no value that
        is refused, and no amount that is rounded: of those, and of others that it leaves to the
        batch's functions, it raises a ValueError.
    """
    match spec.type.kind:
        case Kind.TEXT:
            return _text(spec)
        case Kind.FLOAT:
            return _float(spec)
        case Kind.MONEY:
            return _money(spec)
        case Kind.INT | Kind.TIME:
            return _whole(spec, INT64[0], INT64[-1])
        case Kind.CARD:
            return _whole(spec, 0, LAST_CARD)
        case Kind.BOOL:
            return _bool(spec)
        case _:
            assert_never(spec.type.kind)


def rounded_reader(spec: ColumnSpec) -> Callable[[Any], tuple[int, bool]]:
    """What reads amounts of money with more decimals than declared.

    Parameters
    ----------
    spec
        A column of money, of a ``Schema``'s ``by_name``.

    Returns
    -------
    Callable
        From an odd value to minor units and whether they were rounded. It raises a ValueError of a
        value that is odd in another way.
    """
    low, high = _range(spec, -_MOST_MINOR, _MOST_MINOR)
    scale = spec.type.scale

    def read(value: Any) -> tuple[int, bool]:  # noqa: ANN401 - whatever JSON holds
        if type(value) is float:
            number, written = value, repr(value)
        elif type(value) is str and value.isascii() and "_" not in value and value == value.strip():
            number, written = float(value), value
        else:
            raise OddValueError
        if -ONE_READING < number < ONE_READING:
            minor, rounded = units_of_written(written, scale)
            if low <= minor <= high:
                return minor, rounded
        raise OddValueError

    return read


def row_reader(specs: Sequence[ColumnSpec]) -> Row:
    """What reads an event all of whose values are plain.

    Parameters
    ----------
    specs
        The columns.

    Returns
    -------
    Callable
        From the method ``get`` of an object of decoded JSON to its values, in the order of
        ``specs``. It raises a ValueError where ``plain_reader`` does.
    """
    # A tuple written out takes three quarters of the time that a loop does.
    readers = {f"c{number}": plain_reader(spec) for number, spec in enumerate(specs)}
    values = (f"{name}(get({spec.name!r}))," for name, spec in zip(readers, specs, strict=True))
    # The text is made of our own names and of column names as literals.
    row: Row = eval(f"lambda get: ({' '.join(values)})", readers)  # noqa: S307 - see above
    return row


def is_unicode(text: str) -> bool:
    """Whether text can be written as UTF-8: halves of surrogate pairs, as JSON may have, cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(spec: ColumnSpec) -> Plain:
    required = spec.required

    def read(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        kind = type(value)
        if kind is str:
            if value:
                if value.isascii() or is_unicode(value):
                    return value
                raise OddValueError
        elif kind is int and value in INT64:
            return str(value)
        elif value is not None:
            raise OddValueError
        if required:
            raise OddValueError
        return None

    return read


def _float(spec: ColumnSpec) -> Plain:
    required = spec.required
    low, high = _range(spec, -_LARGEST, _LARGEST)

    def read(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        kind = type(value)
        if kind is float:
            number = value
        elif kind is str and value.isascii() and "_" not in value:
            number = float(value)
        elif kind is int and value in INT64:
            number = value + 0.0
        elif value is None and not required:
            return None
        else:
            raise OddValueError
        if low <= number <= high:
            return number + 0.0  # −0.0 and 0.0 are one value
        raise OddValueError

    return read


def _money(spec: ColumnSpec) -> Plain:
    required = spec.required
    low, high = _range(spec, -_MOST_MINOR, _MOST_MINOR)
    units, doubles = spec.type.minor_units, float(spec.type.minor_units)

    def read(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        kind = type(value)
        if kind is float:
            number = value
        elif kind is str and len(value) <= SHORT_TEXT and value.isascii() and "_" not in value:
            number = float(value)  # longer text may say more than its double does
        elif kind is int:
            minor = value * units
            if low <= minor <= high:
                return minor
            raise OddValueError
        elif value is None and not required:
            return None
        else:
            raise OddValueError
        if -ONE_READING < number < ONE_READING:
            minor = round(number * doubles)
            if minor / doubles == number and low <= minor <= high:
                return minor
        raise OddValueError

    return read


def _whole(spec: ColumnSpec, first: int, last: int) -> Plain:
    required = spec.required
    low, high = _range(spec, first, last)

    def read(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        kind = type(value)
        if kind is int:
            number = value
        elif kind is str and value.isdecimal() and value.isascii():
            number = int(value)
        elif value is None and not required:
            return None
        else:
            raise OddValueError
        if low <= number <= high:
            return number
        raise OddValueError

    return read


def _bool(spec: ColumnSpec) -> Plain:
    required = spec.required
    low, high = _range(spec, 0, 1)

    def read(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        if value is None and not required:
            return None
        if type(value) is bool and low <= value <= high:
            return value
        raise OddValueError

    return read


def _range(spec: ColumnSpec, first: float, last: float) -> tuple[float, float]:
    """The bounds within which a column's values are, and are read here."""
    if spec.low is None or spec.high is None:
        return first, last
    low, high = limits(spec)
    return max(low, first), min(high, last)
