"""What chunks still need of the rows before them: the halo and the carried rows."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.backends.polars.codes import KeyCodes, hold_text_codes, past_columns
from engine.backends.polars.frame import Frame
from engine.backends.polars.layout import IntArray, Mask
from engine.backends.polars.plan import Plan, needs_last_row_only
from engine.backends.polars.scalars import Scalars
from engine.compiled import FLAGS, INT, INTS, TABLE, compiled
from engine.definition.nodes import Expression

_COMPACT_FROM = 131_072
_EARLIEST = -(2**63)


@dataclass(frozen=True, slots=True)
class _Carried:
    """An ever-looking ``last``: what it carries is the last row of each key that it looks at."""

    key: tuple[str, ...]
    where: Expression | None


class Past:
    """The rows of a log that later chunks can see, and the latest row of every key.

    Rows enter behind the last chunk, stay as halo for as long as a finite window may see them, and
    live on after that only while they are the last of their key for an ever-looking aggregate.
    Memory is bounded by the events within one window's reach and by the number of keys.
    """

    def __init__(self, plan: Plan, scalars: Scalars) -> None:
        self._plan = plan
        self._scalars = scalars
        self._time = plan.schema.event_time
        self._columns = list(past_columns(plan))
        self._text_codes = hold_text_codes()
        self._halo: list[pl.DataFrame] = []
        self._pool = pl.DataFrame()  # rows that are the last of a key, in the order of events
        self._compact_at = _COMPACT_FROM
        self._codes = KeyCodes()
        self._last: dict[_Carried, IntArray] = {
            _Carried(aggregate.key, aggregate.where): np.empty(0, dtype=np.int64)
            for aggregate in plan.carried
            if needs_last_row_only(aggregate)
        }

    def halo_rows(self, batch: pl.DataFrame) -> int:
        """How many rows a finite window of the batch's first event can see."""
        self._forget(int(batch[self._time][0]))
        return sum(map(len, self._halo))

    def before(self, chunk: pl.DataFrame) -> pl.DataFrame:
        """The rows that ``chunk`` needs of its past, in the order of events."""
        self._forget(int(chunk[self._time][0]))
        carried = self._carried_for(chunk)
        parts = [part for part in (carried, *self._halo) if len(part)]
        return pl.concat(parts) if parts else self._slim(chunk.clear())

    def append(self, chunk: pl.DataFrame) -> None:
        """Let ``chunk`` become past."""
        self._halo.append(self._slim(chunk))

    def _slim(self, chunk: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame([chunk[name] for name in self._columns])

    def _forget(self, now: int) -> None:
        """Drop what no finite window of an event from ``now`` on can see."""
        oldest = max(now - self._plan.reach, _EARLIEST)
        while self._halo:
            part = self._halo[0]
            gone = int(part[self._time].search_sorted(oldest, side="left"))
            if gone:
                self._carry(part.head(gone))
            if gone < len(part):
                self._halo[0] = part.slice(gone)
                break
            del self._halo[0]

    def _carry(self, rows: pl.DataFrame) -> None:
        if not self._last:
            return
        base = len(self._pool)
        places = np.arange(base, base + len(rows))
        kept = np.zeros(len(rows), dtype=bool)
        for carried, last in self._last.items():
            codes = self._codes.encode(carried.key, rows)
            at = places
            if carried.where is not None or int(codes.min(initial=0)) < 0:
                use = codes >= 0
                if carried.where is not None:
                    frame = Frame(self._plan, self._scalars, rows.clear(), rows)
                    use &= frame.condition(carried.where, 0)
                codes, at = codes[use], places[use]
            grown = _grow(last, int(codes.max(initial=-1)) + 1)
            _note_last(codes, at, grown, kept, base)
            self._last[carried] = grown
        self._add_to_pool(rows.filter(pl.Series(kept)), np.cumsum(kept) - 1, base)

    def _add_to_pool(self, rows: pl.DataFrame, moved: IntArray, base: int) -> None:
        """Append the kept rows and move the pointers to where they are now."""
        for last in self._last.values():
            new = last >= base
            last[new] = base + moved[last[new] - base]
        self._pool = pl.concat([self._pool, rows], rechunk=False) if base else rows
        if len(self._pool) > self._compact_at:
            self._compact()

    def _compact(self) -> None:
        live = np.zeros(len(self._pool), dtype=bool)
        for last in self._last.values():
            live[last[last >= 0]] = True
        moved = np.cumsum(live) - 1
        for last in self._last.values():
            present = last >= 0
            last[present] = moved[last[present]]
        self._pool = self._pool.filter(pl.Series(live)).rechunk()
        self._compact_at = 2 * len(self._pool) + _COMPACT_FROM

    def _carried_for(self, chunk: pl.DataFrame) -> pl.DataFrame:
        if len(self._pool) == 0:
            return self._pool
        wanted = np.zeros(len(self._pool), dtype=bool)
        for carried, last in self._last.items():
            _want_last(self._codes.encode(carried.key, chunk), last, wanted)
        return self._pool.filter(pl.Series(wanted))


@compiled((INTS, INTS, TABLE, FLAGS, INT))
def _note_last(codes: IntArray, at: IntArray, last: IntArray, kept: Mask, base: int) -> None:
    """Where each code comes last; those places are kept."""
    for row in range(len(codes)):
        last[codes[row]] = at[row]
    for row in range(len(codes)):
        if last[codes[row]] == at[row]:
            kept[at[row] - base] = True


@compiled((INTS, INTS, FLAGS))
def _want_last(codes: IntArray, last: IntArray, wanted: Mask) -> None:
    """Mark the last places of the codes that have one."""
    for code in codes:
        if 0 <= code < len(last) and last[code] >= 0:
            wanted[last[code]] = True


def _grow(last: IntArray, size: int) -> IntArray:
    if size <= len(last):
        return last
    return np.concatenate((last, np.full(2 * size - len(last), -1)))
