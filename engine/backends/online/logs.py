"""A lane's log of one key and its windows, as source: what comes in, what waits, what goes.

The statements use the local variables ``l<k>_<lane>`` for the times in the log of key number k,
``l<k>_<lane>_<n>`` for its other columns, and ``b<k>_<window>`` for the index in it where a window
begins; ``x`` is the entry that comes in, ``i`` the index of the one at hand.
"""

from dataclasses import dataclass, field
from typing import Final

from engine.backends.online.columns import LIST, code_of, empty, fields
from engine.backends.online.lanes import Lane, Layout
from engine.backends.online.partials import Partial, Place, fewest, of_arguments
from engine.backends.online.record_loops import LEAST_DROPPED
from engine.backends.online.scalars import Block, Value, variable
from engine.backends.online.source import indented, when
from engine.definition.needs import columns_in
from engine.definition.nodes import Aggregate, Column, Expression
from engine.definition.types import Kind

# Most cards rest for longer between two purchases.
_SHORT_SECONDS: Final = 3_600


@dataclass(slots=True)
class WindowSource:
    """A window of a lane: its number, its length in ticks, its aggregates and their partials."""

    key: int
    number: int
    length: int | None
    aggregates: tuple[Aggregate, ...]
    partials: list[tuple[Place, Partial]] = field(default_factory=list)

    @property
    def begin(self) -> str:
        """The local variable of the index where it begins."""
        return f"b{self.key}_{self.number}"

    @property
    def begin_field(self) -> str:
        """The state's field of that index."""
        return f"s{self.key}.b{self.number}"

    def load(self) -> str:
        """The local variable, of the state."""
        return f"{self.begin} = {self.begin_field}"

    def evict(self) -> list[str]:
        """Let the window go of entry number ``i``."""
        return of_arguments([(place, partial.evict) for place, partial in self.partials], held=True)


@dataclass(slots=True)
class LaneSource:
    """A lane of key number ``key``: its number, what is in it, and its windows."""

    layout: Layout
    key: int
    number: int
    lane: Lane
    windows: list[WindowSource] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The variable of the key's state."""
        return f"s{self.key}"

    @property
    def log(self) -> str:
        """The local variable of the times in the log."""
        return f"l{self.key}_{self.number}"

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the log's columns."""
        schema = self.layout.features.schema
        time = Column(schema.event_time)
        return tuple(code_of(schema, argument) for argument in (time, *self.arguments))

    @property
    def columns(self) -> list[str]:
        """The local variables of the log's columns."""
        return fields(self.log, len(self.codes))

    @property
    def log_fields(self) -> dict[str, str]:
        """The state's fields of the log's columns, and what they are at the start."""
        return _at_start(f"log{self.number}", self.codes)

    @property
    def size(self) -> str:
        """The local variable of the log's length, while nothing comes in."""
        return f"n{self.key}_{self.number}"

    @property
    def pend(self) -> str:
        """The state's column of the times of what waits for the delay."""
        return f"{self.state}.pend{self.number}"

    @property
    def waiting_codes(self) -> tuple[str, ...]:
        """The codes of the columns of what waits: entries, or what labelled ones are made of."""
        if not self.lane.labelled:
            return self.codes
        schema = self.layout.features.schema
        time, *kept = (
            code_of(schema, Column(name)) for name in (schema.event_time, *self.kept_columns())
        )
        return (time, LIST, *kept)

    @property
    def waiting(self) -> list[str]:
        """The columns of what waits, in the state."""
        return fields(self.pend, len(self.waiting_codes))

    @property
    def waiting_fields(self) -> dict[str, str]:
        """The state's fields of these columns, and what they are at the start."""
        return _at_start(f"pend{self.number}", self.waiting_codes)

    @property
    def head(self) -> str:
        """How many of that list are through."""
        return f"{self.state}.head{self.number}"

    @property
    def arguments(self) -> tuple[Expression, ...]:
        """What an entry holds after its time."""
        return self.layout.arguments(self.lane)

    @property
    def partials(self) -> list[tuple[Place, Partial]]:
        """The partials of all windows."""
        return [each for window in self.windows for each in window.partials]

    @property
    def finite(self) -> list[WindowSource]:
        """The windows that have an end."""
        return [window for window in self.windows if window.length is not None]

    @property
    def is_ever(self) -> bool:
        """Whether some window has no end."""
        return len(self.finite) < len(self.windows)

    def oldest(self, window: WindowSource) -> str:
        """The earliest instant that a window shows at ``t``."""
        return f"t - {(window.length or 0) + self.lane.delay}"

    @property
    def _longest(self) -> WindowSource | None:
        """The longest of the finite windows, which begins no later than any other."""
        return max(self.finite, key=_length, default=None)

    def load(self) -> list[str]:
        """The local variables, of the state."""
        return [*self._load_log(), *(window.load() for window in self.finite), self.measure()]

    def measure(self) -> str:
        """The local variable of the log's length, of the log."""
        return f"{self.size} = len({self.log})"

    def advance(self, floor: str) -> list[str]:
        """Let time pass up to ``t``, and drop entries where many are older than ``floor``.

        Many are more than a quarter, which makes the work for each entry constant.
        """
        log = self.log
        # Nothing is old enough before it has left the longest window.
        have_left = self._longest.begin if self._longest else self.size
        quarter = f"(n := {self.size} >> 2 or {LEAST_DROPPED - 1})"
        is_old = f"{log}[n] < {floor} - {self.layout.reach(self.lane)}"
        return [
            *self._load_log(),
            *(self._mature() if self.lane.delay else []),
            self.measure(),
            *self._slide_at_once(),
            *when(f"{have_left} > {quarter} and {is_old}", [*self.drop(floor), self.measure()]),
        ]

    def entry(self, block: Block, time: str, then: list[str]) -> list[str]:
        """Make ``x`` of an event that fulfils the lane's condition, then do what follows."""
        if self.lane.where is None:
            return self._entry_of(block, time, then)
        # What is computed under one lane's condition is not there for the next.
        inner = block.inner()
        condition = inner.value(self.lane.where).or_none
        lines, inner.lines = inner.lines, []
        return [*lines, *when(condition, self._entry_of(inner, time, then))]

    def enter(self, then: list[str]) -> list[str]:
        """Make ``x`` of ``p``: of a labelled lane when it matures, others are ready."""
        if not self.lane.labelled:
            return ["x = p", *then]
        schema = self.layout.features.schema
        columns = self.kept_columns()

        def known(block: Block, expression: Expression) -> Value | None:
            if not isinstance(expression, Column):
                return None
            if expression.name == schema.label:
                source = f"label_at(p[1], p[0] + {self.lane.delay})"
                return block.assign(source, nullable=True)
            if expression.name == schema.event_time:
                return variable("p[0]", nullable=False)
            return variable(f"p[{2 + columns.index(expression.name)}]", nullable=True)

        return self.entry(Block(schema, self.layout.type_of, known), "p[0]", then)

    def kept_columns(self) -> list[str]:
        """The columns that a labelled lane's expressions will ask for when an event matures."""
        schema, where = self.layout.features.schema, self.lane.where
        expressions = [*self.arguments] if where is None else [*self.arguments, where]
        skipped = {schema.label, schema.event_time}
        found = [name for expression in expressions for name in columns_in(expression)]
        return [name for name in dict.fromkeys(found) if name not in skipped]

    def pending(self, block: Block) -> list[str]:
        """Make ``p``, what a labelled lane keeps of an event until it matures."""
        columns = [block.value(Column(name)).source for name in self.kept_columns()]
        return [f"p = (t, {', '.join(['slip', *columns])},)"]

    def grow(self, index: str = "", *, surely: bool = False) -> list[str]:
        """Take ``x`` into the log and all partials.

        ``index`` is where it will be in the log, if that is known. While a window shows few, its
        counts are not looked at: there are none, as the last slide has dropped them. ``surely`` is
        for what is taken in again after a late event: until the next slide a window may show few
        and still have its counts.
        """
        lines = [f"i = {index or f'len({self.log})'}", appended(self.columns, "x")]
        others = []
        for window in self.windows:
            few = [] if surely else [each for each in window.partials if each[1].few]
            others += [each for each in window.partials if each not in few]
            lines += when(f"i - {window.begin} >= {fewest()}", _taken_in(few))
        return [*lines, *_taken_in(others)]

    def slide(self) -> list[str]:
        """Move the begins of the finite windows to where they are at ``t``; the log is measured."""
        return self._slide_each(self.finite)

    def _slide_at_once(self) -> list[str]:
        """The same, and quicker where all that is held is older than the short windows.

        Nothing in the log is later than ``was``, the key's time until now. Where a delay lets
        events in only now, some may be.
        """
        second = self.layout.features.schema.ticks_per_second
        short = [each for each in self.finite if (each.length or 0) <= _SHORT_SECONDS * second]
        if self.lane.delay or not short:
            return self.slide()
        longest = max(short, key=_length)
        ends = " = ".join(name for each in short for name in (each.begin_field, each.begin))
        partials = [partial for each in short for _, partial in each.partials]
        fields = [field for partial in partials for field in partial.fields.items()]
        emptied = [f"{ends} = {self.size}"]
        emptied += [f"{self.state}.{name} = {value}" for name, value in fields]
        return [
            *when(f"was < {self.oldest(longest)}", emptied),
            "else:",
            *indented(self._slide_each(short)),
            *self._slide_each([each for each in self.finite if each not in short]),
        ]

    def _slide_each(self, windows: list[WindowSource]) -> list[str]:
        lines: list[str] = []
        for window in windows:
            begin, log = window.begin, self.log
            moved = [
                *self._move(window),
                f"{window.begin_field} = {begin}",
                *(line for _, partial in window.partials for line in partial.slide),
            ]
            is_old = f"{log}[{begin}] < (old := {self.oldest(window)})"
            lines += [window.load(), *when(f"{begin} < {self.size} and {is_old}", moved)]
        return lines

    def drop(self, floor: str = "floor") -> list[str]:
        """Drop entries older than ``floor`` that no window shows."""
        j, log = self.number, self.log
        drops = of_arguments([(place, part.drop) for place, part in self.partials], held=True)
        most = self._longest.begin if self._longest else f"len({log})"
        return [
            f"old = {floor} - {self.layout.reach(self.lane)}",
            f"n = bisect_left({log}, old, 0, {most})",
            *(["for i in range(n):", *indented(drops)] if drops else []),
            *dict.fromkeys(line for _, part in self.partials for line in part.drop_entry),
            *self._note_past(),
            *(f"del {column}[:n]" for column in self.columns),
            f"{self.state}.off{j} += n",
            *(
                f"{window.begin_field} = {window.begin} = {window.begin} - n"
                for window in self.finite
            ),
        ]

    def _move(self, window: WindowSource) -> list[str]:
        """Move a window's begin past what is ``old``; the entry at the begin is."""
        begin, log, evict = window.begin, self.log, window.evict()
        if not evict:
            one_by_one = [
                f"{begin} += 1",
                f"while {log}[{begin}] < old: {begin} += 1",
            ]
            is_all = f"if {log}[-1] < old: {begin} = {self.size}"
            return [is_all, "else:", *indented(one_by_one)]
        is_last = f"i == {self.size} or {log}[i] >= old"
        return [
            f"i = {begin}",
            "while True:",
            *indented([*evict, "i += 1", f"if {is_last}: break"]),
            f"{begin} = i",
        ]

    def _mature(self) -> list[str]:
        """Take in what has waited for as long as the delay."""
        is_ripe = f"h < len(pend) and pend[h] <= t - {self.lane.delay}"
        others = [f"pend_{index} = {each}" for index, each in enumerate(self.waiting)][1:]
        columns = fields("pend", len(self.waiting))
        ripe = f"({', '.join(f'{column}[h]' for column in columns)},)"
        deletions = "; ".join(f"del {column}[:h]" for column in columns)
        return [
            f"pend = {self.pend}; h = {self.head}",
            f"if {is_ripe}:",
            *indented(
                [
                    *others,
                    *(window.load() for window in self.finite),  # partials ask for them
                    f"while {is_ripe}:",
                    *indented([f"p = {ripe}", "h += 1", *self.enter(self.grow())]),
                    # What is through goes when it is half of all: constant time on average.
                    f"if h * 2 >= len(pend): {deletions}; h = 0",
                    f"{self.head} = h",
                ]
            ),
        ]

    def _load_log(self) -> list[str]:
        """The local variables of the log's columns, of the state."""
        found = zip(self.columns, self.log_fields, strict=True)
        return [f"{column} = {self.state}.{name}" for column, name in found]

    def _note_past(self) -> list[str]:
        """Note how late the last event is that is dropped; windows without an end see it still."""
        if not self.is_ever:
            return []
        past, latest = f"{self.state}.past{self.number}", f"{self.log}[n - 1]"
        return [f"if n and {latest} > {past}: {past} = {latest}"]

    def _entry_of(self, block: Block, time: str, then: list[str]) -> list[str]:
        before = len(block.lines)
        values = [self._argument(block, argument) for argument in self.arguments]
        lines, block.lines = block.lines[before:], block.lines[:before]
        return [*lines, f"x = ({', '.join([time, *values])},)", *then]

    def _argument(self, block: Block, argument: Expression) -> str:
        return held(block, self.layout.type_of(argument).kind, block.value(argument)).or_none


def appended(columns: list[str], entry: str) -> str:
    """The statement that puts an entry at the end of columns."""
    return "; ".join(f"{column}.append({entry}[{n}])" for n, column in enumerate(columns))


def _at_start(name: str, codes: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(fields(name, len(codes)), map(empty, codes), strict=True))


def held(block: Block, kind: Kind, value: Value) -> Value:
    """A column's or an argument's value as entries hold it."""
    match kind:
        case Kind.FLOAT:  # −0.0 counts as 0.0, and like 0.0 it is false
            return Value(f"{value.term} or 0.0", value.nulls)
        case Kind.TEXT:  # held once, however often it comes
            name = block.simple(value).source
            source = Value(f"texts[{name}]", value.nulls).or_none
            return variable(block.once(source), nullable=value.nullable)
        case _:
            return value


def _taken_in(partials: list[tuple[Place, Partial]]) -> list[str]:
    """Take ``x``, which is in the log, into partials."""
    changes = [(place, partial.add) for place, partial in partials]
    return [*of_arguments(changes), *(line for _, partial in partials for line in partial.grown)]


def _length(window: WindowSource) -> int:
    return window.length or 0
