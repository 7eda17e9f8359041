"""What is looked at in each row that a running window shows, as columns to be kept of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.backends.polars.frame import Frame
from engine.backends.polars.lanes import Look
from engine.backends.polars.plan import Plan
from engine.definition.nodes import Expression


class Part(Enum):
    """Which of the columns that are made of an argument and a condition."""

    NUMBERS = "numbers"  # the argument, anything where null
    BITS = "bits"  # the same as it is picked, as 64 bits
    NULL = "null"  # where it is null
    SEEN = "seen"  # where the condition is true and the argument, if there is one, not null
    TIMES = "times"  # the row's time


# Of the latest row, which is picked as it enters; who leaves does not matter.
ENTERS_ONLY: Final = frozenset({Part.BITS, Part.NULL, Part.TIMES})


@dataclass(frozen=True, slots=True)
class Looked:
    """A column that is kept of a log's latest rows.

    Parameters
    ----------
    part
        What it holds.
    argument, where
        What it is made of.
    delay
        When a label in these is asked for, in ticks after the row.
    """

    part: Part
    argument: Expression | None = None
    where: Expression | None = None
    delay: int = 0

    def array(self, frame: Frame) -> npt.NDArray[Any]:
        """The column, for the rows of a frame."""
        match self.part:
            case Part.TIMES:
                return frame.times
            case Part.SEEN:
                return self._seen(frame)
            case Part.NUMBERS:
                return frame.operand(self._operand, self.delay).numbers
            case Part.BITS:
                series = frame.operand(self._operand, self.delay).series
                filled = series.fill_null(0) if series.null_count() else series
                return filled.to_numpy().view(np.int64)
            case Part.NULL:
                return frame.operand(self._operand, self.delay).series.is_null().to_numpy()

    def _seen(self, frame: Frame) -> npt.NDArray[Any]:
        seen = np.ones(len(frame), dtype=np.bool_)
        if self.where is not None:
            seen &= frame.condition(self.where, self.delay)
        if self.argument is not None:
            valid = frame.operand(self.argument, self.delay).valid
            if valid is not None:
                seen &= valid
        return seen

    @property
    def _operand(self) -> Expression:
        if self.argument is None:
            raise AssertionError(f"verified aggregates have their arguments (was {self})")
        return self.argument


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns that are looked at.

    Parameters
    ----------
    values
        The argument; None if there is none.
    null, times
        Where it is null, and when it was; None if only values that are not null count.
    seen
        Which rows count; None if all do.
    """

    values: Looked | None = None
    null: Looked | None = None
    times: Looked | None = None
    seen: Looked | None = None

    def __iter__(self) -> Iterator[Looked]:
        columns = (self.values, self.null, self.times, self.seen)
        return (column for column in columns if column is not None)


def wanted(plan: Plan, look: Look, kind: str) -> Wanted:
    """What a lane of that kind looks at."""
    argument, where = look.argument, look.where
    match kind:
        case "last":
            return Wanted(
                values=_looked(plan, look, Part.BITS, argument, None),
                null=_looked(plan, look, Part.NULL, argument, None),
                times=Looked(Part.TIMES),
                # A null is the latest value like any other.
                seen=_looked(plan, look, Part.SEEN, None, where),
            )
        case "count":
            return Wanted(seen=_looked(plan, look, Part.SEEN, argument, where))
        case _:
            return Wanted(
                values=_looked(plan, look, Part.NUMBERS, argument, None),
                seen=_looked(plan, look, Part.SEEN, argument, where),
            )


def _looked(
    plan: Plan, look: Look, part: Part, argument: Expression | None, where: Expression | None
) -> Looked | None:
    """A column, equal wherever its values are; None if it is made of nothing."""
    expressions = [each for each in (argument, where) if each is not None]
    if not expressions:
        return None
    delay = max(plan.label_delay(each, look.span.delay) for each in expressions)
    return Looked(part, argument, where, delay)
