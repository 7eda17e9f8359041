"""What a log's columns are: their types, bounds and roles.

A schema is data. The definition language checks features against it, and the readers use the
same declarations to parse, to bound and to quarantine.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Final, Literal

from engine.definition.naming import verify_printable
from engine.definition.types import CARD, FLOAT, INT, TEXT, TIME, Kind, Type, money_type
from engine.errors import DefinitionError

TimeUnit = Literal["s", "ms", "us"]
TICKS_PER_SECOND: Final[dict[TimeUnit, int]] = {"s": 1, "ms": 1_000, "us": 1_000_000}

# Sums of exact columns must stay exact in 64 bits, and n·Σx² − (Σx)² in 128, for every window a
# process can hold: |x| <= 2^30 and n < 2^31 give |Σx| < 2^61 and n·Σx² < 2^122.
EXACT_LIMIT: Final = 2**30
# The years 1 to 9999, which every engine's dates cover: an instant and two spans fit in 64 bits.
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799
_MICROSECONDS: Final = 1_000_000
_MOST_DECIMALS: Final = 9  # n × 10^9 fits in 64 bits too


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a log.

    Parameters
    ----------
    name
        The column's name in files and in definitions.
    type
        Its type.
    required
        Whether an event without a value is refused (it goes to quarantine).
    low, high
        Bounds of a plausible value, both inclusive, in the column's own unit (for money in major
        units). A value beyond them is refused. Both are needed for a column to be summed. Instants
        are of the years 1 to 9999 whatever is said here.
    label
        Whether this is the label: known only some time after the event.
    """

    name: str
    type: Type
    required: bool = False
    low: float | None = None
    high: float | None = None
    label: bool = False

    def __post_init__(self) -> None:
        verify_printable("a column", self.name)
        if not 0 <= self.type.scale <= _MOST_DECIMALS:
            raise DefinitionError(
                f"column {self.name!r}: money has 0 to {_MOST_DECIMALS} decimals "
                f"(was {self.type.scale})",
                hint="keep the last ones that matter; what has more is rounded",
            )
        for bound in (self.low, self.high):
            # Files of a set say them as JSON, and engines compute with them.
            if bound is not None and (type(bound) not in (int, float) or not isfinite(bound)):
                raise DefinitionError(
                    f"column {self.name!r}: a bound is a finite int or float (was {bound!r})",
                    hint="leave both bounds out where there are none",
                )
        if (self.low is None) != (self.high is None) or (
            self.low is not None and self.high is not None and self.low > self.high
        ):
            raise DefinitionError(
                f"column {self.name!r}: bounds must be two and in order "
                f"(was low={self.low}, high={self.high})",
                hint="give both, the lower first, or neither",
            )

    @property
    def is_sure(self) -> bool:
        """Whether it never is null where it is looked at, as a label is until it is known."""
        return self.required and not self.label

    @property
    def is_summable(self) -> bool:
        """Whether exact sums of this column can never overflow."""
        if self.type.kind is Kind.BOOL:
            return True
        if not self.type.is_exact or self.low is None or self.high is None:
            return False
        return max(abs(self.low), abs(self.high)) * self.type.minor_units <= EXACT_LIMIT


@dataclass(frozen=True)
class Schema:
    """The columns of a log and the roles some of them play.

    Parameters
    ----------
    name
        What messages call it.
    columns
        The columns that definitions may name; ``by_name`` bounds those of type time.
    event_ids
        Columns that identify an event, the preferred one first; a log has at least one.
    event_time
        The column that says when an event happened.
    time_unit
        The unit of ``event_time``: seconds, milliseconds or microseconds.
    label_time
        Where a log carries it, the column that says when the label became known.
    """

    name: str
    columns: tuple[ColumnSpec, ...]
    event_ids: tuple[str, ...]
    event_time: str
    time_unit: TimeUnit = "s"
    label_time: str | None = None

    def __post_init__(self) -> None:
        verify_printable("a schema", self.name)
        for name in self.event_ids:
            verify_printable("an event id", name)
        if self.time_unit not in TICKS_PER_SECOND:
            raise DefinitionError(
                f"schema {self.name!r}: unknown time unit (was {self.time_unit!r})",
                hint=f"use one of {', '.join(TICKS_PER_SECOND)}",
            )
        # SQL's names ignore case, so they must differ in more than that, from the event's id too.
        names = [column.name.lower() for column in self.columns]
        double = {column.name for column in self.columns if names.count(column.name.lower()) > 1}
        if double:
            raise DefinitionError(
                f"schema {self.name!r}: a column is declared twice (was {sorted(double)})",
                hint="declare each column once; names must differ in more than their case",
            )
        if "event_id" in names:
            raise DefinitionError(
                f"schema {self.name!r}: a column has the name of the event's id (was 'event_id')",
                hint="declare it as one of event_ids, or under another name",
            )
        time = self.by_name.get(self.event_time)
        if time is None or time.type.kind is not Kind.TIME or not time.required:
            raise DefinitionError(
                f"schema {self.name!r}: event_time must name a required column of type time "
                f"(was {self.event_time!r})",
                hint="declare it with ColumnSpec(…, TIME, required=True)",
            )
        label_time = None if self.label_time is None else self.by_name.get(self.label_time)
        if self.label_time is not None and (
            label_time is None or label_time.type.kind is not Kind.TIME
        ):
            raise DefinitionError(
                f"schema {self.name!r}: label_time must name a column of type time "
                f"(was {self.label_time!r})",
                hint="declare it with ColumnSpec(…, TIME), or leave label_time out",
            )
        labels = [column.name for column in self.columns if column.label]
        if len(labels) > 1:
            raise DefinitionError(
                f"schema {self.name!r}: a log has one label at most (was {labels})",
                hint="declare the others without label=True, or leave them out",
            )
        if not self.event_ids:
            raise DefinitionError(
                f"schema {self.name!r}: no event id (was {self.event_ids!r})",
                hint="name at least one column that identifies an event",
            )

    @cached_property
    def by_name(self) -> dict[str, ColumnSpec]:
        """The columns by their names, instants with bounds: those declared, within the calendar."""
        return {column.name: self._in_the_calendar(column) for column in self.columns}

    @cached_property
    def label(self) -> str | None:
        """The name of the label column, where there is one."""
        return next((column.name for column in self.columns if column.label), None)

    @property
    def instants(self) -> range:
        """The instants that events may have: the years 1 to 9999, in ticks."""
        ticks = self.ticks_per_second
        return range(_FIRST_SECOND * ticks, (_LAST_SECOND + 1) * ticks)

    @property
    def ticks_per_second(self) -> int:
        """How many ticks of ``event_time`` make a second."""
        return TICKS_PER_SECOND[self.time_unit]

    def to_ticks(self, microseconds: int) -> int:
        """A span in ticks; those of verified windows are whole numbers of them."""
        return microseconds * self.ticks_per_second // _MICROSECONDS

    def _in_the_calendar(self, column: ColumnSpec) -> ColumnSpec:
        if column.type.kind is not Kind.TIME:
            return column
        first, last = self.instants[0], self.instants[-1]
        if column.low is None or column.high is None:
            return replace(column, low=first, high=last)
        return replace(column, low=max(column.low, first), high=min(column.high, last))


# Ten million in major units is far above any point-of-sale amount and keeps cents below
# EXACT_LIMIT; the times are 1990-01-01 and 2100-01-01.
POS: Final = Schema(
    name="pos",
    columns=(
        ColumnSpec("cc_num", CARD, required=True),
        ColumnSpec("unix_time", TIME, required=True, low=631_152_000, high=4_102_444_800),
        ColumnSpec("amt", money_type(2), required=True, low=0.0, high=10_000_000.0),
        ColumnSpec("merchant", TEXT, required=True),
        ColumnSpec("category", TEXT),
        ColumnSpec("gender", TEXT),
        ColumnSpec("city", TEXT),
        ColumnSpec("state", TEXT),
        ColumnSpec("zip", TEXT),
        ColumnSpec("job", TEXT),
        ColumnSpec("dob", TEXT),
        ColumnSpec("lat", FLOAT, low=-90.0, high=90.0),
        ColumnSpec("long", FLOAT, low=-180.0, high=180.0),
        ColumnSpec("city_pop", FLOAT, low=0.0, high=1e9),
        ColumnSpec("merch_lat", FLOAT, low=-90.0, high=90.0),
        ColumnSpec("merch_long", FLOAT, low=-180.0, high=180.0),
        ColumnSpec("is_fraud", INT, low=0, high=1, label=True),
        ColumnSpec("label_time", TIME, low=631_152_000, high=4_102_444_800),
    ),
    event_ids=("trans_num", "profile", "transaction_id"),
    event_time="unix_time",
    label_time="label_time",
)
