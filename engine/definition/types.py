"""The types of the definition language.

======== ======================================================== ==============
kind     values                                                   held as
======== ======================================================== ==============
INT      whole numbers                                            int64
FLOAT    finite numbers                                           float64
MONEY    decimal numbers with a declared ``scale``                int64 minor units
TEXT     text, compared by its bytes                              text
CARD     an identifier of digits, compared and never calculated   uint64
BOOL     true or false; as a feature 1 or 0                       int8
TIME     an instant, counted from 1970-01-01T00:00:00 UTC         int64 ticks
======== ======================================================== ==============
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a value is; see the module's table."""

    INT = "int"
    FLOAT = "float"
    MONEY = "money"
    TEXT = "text"
    CARD = "card"
    BOOL = "bool"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, with the number of decimals where the kind is MONEY."""

    kind: Kind
    scale: int = 0

    def __str__(self) -> str:
        return f"money(scale={self.scale})" if self.kind is Kind.MONEY else self.kind.value

    @property
    def minor_units(self) -> int:
        """How many minor units make one: 100 for two decimals, 1 for anything but money."""
        return int(10**self.scale)

    @property
    def is_number(self) -> bool:
        """Whether arithmetic takes it (a BOOL counts as 1 or 0)."""
        return self.kind in {Kind.INT, Kind.FLOAT, Kind.MONEY, Kind.BOOL}

    @property
    def is_exact(self) -> bool:
        """Whether sums of it are exact, so that they may be added up and taken away again."""
        return self.kind in {Kind.INT, Kind.MONEY, Kind.BOOL}


INT = Type(Kind.INT)
FLOAT = Type(Kind.FLOAT)
TEXT = Type(Kind.TEXT)
CARD = Type(Kind.CARD)
BOOL = Type(Kind.BOOL)
TIME = Type(Kind.TIME)


def money_type(scale: int) -> Type:
    """MONEY with ``scale`` decimals."""
    return Type(Kind.MONEY, scale)
