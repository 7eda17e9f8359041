"""The state of one key and what is done with it as time passes, as source.

For key number k: a class ``State<k>`` and statements about a state ``s<k>``. ``advance`` lets time
pass, ``add`` takes an event in, ``trim`` drops what no window can see any more. They use the local
variables ``l<k>_<lane>`` for the lanes' logs and ``b<k>_<window>`` for the windows' begins.
"""

from dataclasses import dataclass, field

from engine.backends.online.lanes import Lane, Layout
from engine.backends.online.partials import (
    NOT_NAN,
    NOT_NULL,
    PARTIALS,
    TIME,
    Partial,
    Place,
    follow,
    of_arguments,
)
from engine.backends.online.rows import column_of_row, unpack_row
from engine.backends.online.scalars import Block, Known, Value, unless_null
from engine.backends.online.source import function, indented, when
from engine.definition.aggregates import AGGREGATES
from engine.definition.needs import columns_in
from engine.definition.nodes import Aggregate, Column, Expression
from engine.definition.types import Kind


@dataclass(slots=True)
class WindowSource:
    """A window of a lane: its number, its length in ticks, its aggregates and their partials."""

    number: int
    length: int | None
    aggregates: tuple[Aggregate, ...]
    partials: list[tuple[Place, Partial]] = field(default_factory=list)


@dataclass(slots=True)
class LaneSource:
    """A lane: its number, what its entries hold after their time, and its windows."""

    number: int
    lane: Lane
    arguments: tuple[Expression, ...]
    log: str
    windows: list[WindowSource] = field(default_factory=list)

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


@dataclass(frozen=True, slots=True)
class Followers:
    """The aggregates of one longer key that are found in one window."""

    columns: tuple[str, ...]
    place: Place


class KeySource:
    """One key of a feature set."""

    def __init__(self, layout: Layout, number: int, key: tuple[str, ...]) -> None:
        self.number = number
        self.key = key
        self.state = f"s{number}"
        self.layout = layout
        self.schema = layout.features.schema
        self._reads: dict[Aggregate, Partial] = {}
        self._followers: dict[Aggregate, Followers] = {}
        self._windows = 0
        self._fields = 0
        self.lanes = [self._lane(index, lane) for index, lane in enumerate(layout.lanes_of(key))]
        self.reach = max(layout.reach(each.lane) for each in self.lanes)

    @property
    def is_nullable(self) -> bool:
        """Whether an event may have no such key."""
        return not all(self.schema.by_name[name].required for name in self.key)

    @property
    def is_ever(self) -> bool:
        """Whether some window has no end."""
        return any(each.is_ever for each in self.lanes)

    def name_of(self, block: Block) -> str:
        """What the state of an event is found by."""
        columns = [block.value(Column(name)).source for name in self.key]
        return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"

    def read(self, block: Block, aggregate: Aggregate) -> Value | None:
        """An aggregate's value; None if it is found in no lane of this key."""
        if aggregate in self._followers:
            return self._read_entry(block, *self._followed(block, aggregate))
        if aggregate not in self._reads:
            return None
        partial = self._reads[aggregate]
        if partial.entry:
            return self._read_entry(block, partial.entry, partial.index)
        return block.assign(partial.read, nullable=AGGREGATES[aggregate.name].empty is None)

    def fields(self) -> dict[str, str]:
        """The fields of the state and their values at the start."""
        fields = {"name": "None", "due": "NEVER", "t": "NEVER"}
        for each in self.lanes:
            j = each.number
            fields |= {f"log{j}": "[]", f"off{j}": "0"}
            if each.is_ever:
                fields[f"past{j}"] = "NEVER"
            if each.lane.delay:
                fields |= {f"pend{j}": "[]", f"head{j}": "0"}
            fields |= {f"b{window.number}": "0" for window in each.finite}
            for _, partial in each.partials:
                fields |= partial.fields
        return fields

    def state_class(self) -> list[str]:
        """The class of the states."""
        fields = self.fields()
        return [
            f"class State{self.number}:",
            *indented([f"__slots__ = ({', '.join(map(repr, fields))},)", "", "def __init__(s):"]),
            *indented(indented([f"s.{name} = {value}" for name, value in fields.items()])),
            "",
        ]

    def load(self) -> list[str]:
        """The local variables, of the state."""
        lines = []
        for each in self.lanes:
            lines.append(f"{each.log} = {self.state}.log{each.number}")
            lines += [self._load_begin(window) for window in each.finite]
        return [*lines, *self.sizes()]

    def sizes(self) -> list[str]:
        """The local variables of the logs' lengths, of the logs."""
        return [f"n{self.number}_{each.number} = len({each.log})" for each in self.lanes]

    def advance(self) -> list[str]:
        """Let time pass up to ``t``, and drop entries where a quarter is older than ``floor``."""
        lines = [f"{self.state}.t = t"]
        for each in self.lanes:
            log = each.log
            lines.append(f"{log} = {self.state}.log{each.number}")
            if each.lane.delay:
                lines += self._mature(each)
            lines += self.slide(each)
            is_old = f"{log}[len({log}) >> 2][0] < floor - {self.layout.reach(each.lane)}"
            # Nothing is old enough before it has left the longest window.
            some = max(each.finite, key=lambda window: window.length or 0, default=None)
            any_left = log if some is None else f"b{self.number}_{some.number}"
            lines += when(f"{any_left} and {is_old}", self.drop(each))
        return [*lines, *self.sizes()]

    def add(self, block: Block) -> list[str]:
        """Take in the event whose columns are at hand in the block, with its ``slip``."""
        lines: list[str] = []
        for each in self.lanes:
            pend = f"{self.state}.pend{each.number}"
            if each.lane.labelled:
                lines += [*self.pending(each, block), f"{pend}.append(p)"]
                continue
            then = [f"{pend}.append(x)"] if each.lane.delay else self.grow(each)
            lines += self.entry(each, block, "t", then)
        return lines

    def trim(self) -> list[str]:
        """Drop all that is older than ``floor`` and return whether nothing is left."""
        lines = ["empty = True"]
        for each in self.lanes:
            j = each.number
            left = f"{each.log} or {self.state}.off{j}" if each.is_ever else each.log
            waits = f" or len({self.state}.pend{j}) > {self.state}.head{j}"
            pend = waits if each.lane.delay else ""
            lines += [*self.drop(each), f"if {left}{pend}: empty = False"]
        return [*lines, "return empty"]

    def lines(self) -> list[str]:
        """The class, and advance, add and trim as functions."""
        k, s = self.number, self.state
        add = self.add(self.block(self.of_row))
        return [
            *self.state_class(),
            *function(f"advance{k}", f"{s}, t, floor", self.advance()),
            *function(f"add{k}", f"{s}, row, slip", [unpack_row(self.layout), *self.load(), *add]),
            *function(
                f"trim{k}",
                f"{s}, floor",
                [f"if floor > {s}.t: advance{k}({s}, floor, NEVER)", *self.load(), *self.trim()],
            ),
        ]

    def block(self, known: Known) -> Block:
        """An empty block of statements."""
        return Block(self.schema, self.layout.type_of, known)

    def of_row(self, block: Block, expression: Expression) -> Value | None:
        """A column of the row."""
        del block
        return column_of_row(self.layout, expression)

    def entry(self, each: LaneSource, block: Block, time: str, then: list[str]) -> list[str]:
        """Make ``x`` of an event that fulfils the lane's condition, then do what follows."""
        if each.lane.where is None:
            return self._entry_of(each, block, time, then)
        # What is computed under one lane's condition is not there for the next.
        inner = block.inner()
        condition = inner.value(each.lane.where).source
        lines, inner.lines = inner.lines, []
        return [*lines, *when(condition, self._entry_of(each, inner, time, then))]

    def enter(self, each: LaneSource, then: list[str]) -> list[str]:
        """Make ``x`` of ``p``: of a labelled lane when it matures, others are ready."""
        if not each.lane.labelled:
            return ["x = p", *then]
        label = self.schema.label
        columns = self.kept_columns(each)

        def known(block: Block, expression: Expression) -> Value | None:
            if not isinstance(expression, Column):
                return None
            if expression.name == label:
                source = f"label_at(p[1], p[0] + {each.lane.delay})"
                return block.assign(source, nullable=True)
            if expression.name == self.schema.event_time:
                return Value("p[0]", nullable=False)
            return Value(f"p[{2 + columns.index(expression.name)}]", nullable=True)

        return self.entry(each, self.block(known), "p[0]", then)

    def kept_columns(self, each: LaneSource) -> list[str]:
        """The columns that a labelled lane's expressions will ask for when an event matures."""
        where = each.lane.where
        expressions = [*each.arguments] if where is None else [*each.arguments, where]
        skipped = {self.schema.label, self.schema.event_time}
        found = [name for expression in expressions for name in columns_in(expression)]
        return [name for name in dict.fromkeys(found) if name not in skipped]

    def pending(self, each: LaneSource, block: Block) -> list[str]:
        """Make ``p``, what a labelled lane keeps of an event until it matures."""
        columns = [block.value(Column(name)).source for name in self.kept_columns(each)]
        return [f"p = (t, {', '.join(['slip', *columns])},)"]

    def grow(self, each: LaneSource, *, ever: bool = True) -> list[str]:
        """Take ``x`` into the log and all partials, or only those of finite windows."""
        parts = [(place, partial) for place, partial in each.partials if ever or not place.ever]
        changes = [(place, partial.add) for place, partial in parts]
        grown = [line for _, partial in parts for line in partial.grown]
        log = each.log
        return [f"i = len({log}); {log}.append(x)", *of_arguments(changes), *grown]

    def evict(self, window: WindowSource) -> list[str]:
        """Let a window go of ``x``."""
        return of_arguments([(place, partial.evict) for place, partial in window.partials])

    def slide(self, each: LaneSource) -> list[str]:
        """Move the begins of the lane's finite windows to where they are at ``t``."""
        lines: list[str] = []
        for window in each.finite:
            begin, log = f"b{self.number}_{window.number}", each.log
            old = f"(old := t - {(window.length or 0) + each.lane.delay})"
            lines += [
                self._load_begin(window),
                f"if {begin} < len({log}) and {log}[{begin}][{TIME}] < {old}:",
                *indented(
                    [
                        *self._move(begin, log, self.evict(window)),
                        f"{self.state}.b{window.number} = {begin}",
                        *(line for _, partial in window.partials for line in partial.slide),
                    ]
                ),
            ]
        return lines

    def _move(self, begin: str, log: str, evict: list[str]) -> list[str]:
        """Move a window's begin past what is ``old``; the entry at the begin is."""
        if not evict:
            one_by_one = [
                f"{begin} += 1",
                f"while {log}[{begin}][{TIME}] < old: {begin} += 1",
            ]
            is_all = f"if {log}[-1][{TIME}] < old: {begin} = len({log})"
            return [is_all, "else:", *indented(one_by_one)]
        return [
            f"n = len({log})",
            f"while {begin} < n and {log}[{begin}][{TIME}] < old:",
            *indented([f"i = {begin}; x = {log}[i]", *evict, f"{begin} += 1"]),
        ]

    def drop(self, each: LaneSource) -> list[str]:
        """Drop entries older than ``floor`` that no window shows."""
        j, log = each.number, each.log
        begins = [f"b{self.number}_{window.number}" for window in each.finite]
        drops = list(dict.fromkeys(line for _, part in each.partials for line in part.drop_entry))
        drops += of_arguments([(place, partial.drop) for place, partial in each.partials])
        most = f"min({', '.join(begins)}, len({log}))" if begins else f"len({log})"
        return [
            f"old = floor - {self.layout.reach(each.lane)}; n = 0; m = {most}",
            f"while n < m and {log}[n][0] < old:",
            *indented([*([f"x = {log}[n]", *drops] if drops else []), "n += 1"]),
            *self._note_past(each),
            f"del {log}[:n]; {self.state}.off{j} += n",
            *(
                f"{self.state}.b{window.number} = {begin} = {begin} - n"
                for window, begin in zip(each.finite, begins, strict=True)
            ),
        ]

    def _note_past(self, each: LaneSource) -> list[str]:
        """Note how late the last event is that is dropped; windows without an end see it still."""
        if not each.is_ever:
            return []
        past, latest = f"{self.state}.past{each.number}", f"{each.log}[n - 1][{TIME}]"
        return [f"if n and {latest} > {past}: {past} = {latest}"]

    def _load_begin(self, window: WindowSource) -> str:
        return f"b{self.number}_{window.number} = {self.state}.b{window.number}"

    def _lane(self, number: int, lane: Lane) -> LaneSource:
        arguments = self.layout.arguments(lane)
        source = LaneSource(number, lane, arguments, f"l{self.number}_{number}")
        for length, aggregates in self.layout.lanes[lane].items():
            window = WindowSource(self._windows, length, tuple(aggregates))
            self._windows += 1
            source.windows.append(window)
            for aggregate in aggregates:
                place = self._place(source, window, *self._argument_of(source, aggregate))
                partial = PARTIALS[aggregate.name](place)
                window.partials.append((place, partial))
                self._reads[aggregate] = partial
            self._follow(source, window)
        return source

    def _follow(self, source: LaneSource, window: WindowSource) -> None:
        """The partials of longer keys that are found in a window."""
        by_columns: dict[tuple[str, ...], Followers] = {}
        for aggregate in self.layout.followers(source.lane, window.length):
            columns = self.layout.following[aggregate].columns
            if columns not in by_columns:
                indices = tuple(self._index(source, Column(name)) for name in columns)
                place = self._place(source, window, indices, self._all_there(columns))
                by_columns[columns] = Followers(columns, place)
                window.partials.append((place, follow(place, "")))
            self._followers[aggregate] = by_columns[columns]

    def _followed(self, block: Block, aggregate: Aggregate) -> tuple[str, int]:
        """The latest entry with the values of the followers' columns, and where its value is."""
        followers = self._followers[aggregate]
        values = [block.value(Column(name)).source for name in followers.columns]
        wanted = values[0] if len(values) == 1 else f"({', '.join(values)})"
        lane = self._lane_source(self.layout.following[aggregate].lane)
        (index,), _ = self._argument_of(lane, aggregate)
        return follow(followers.place, wanted).entry, index

    def _read_entry(self, block: Block, entry: str, index: int) -> Value:
        found = block.once(entry)
        return block.assign(f"None if {found} is None else {found}[{index}]", nullable=True)

    def _argument_of(self, lane: LaneSource, aggregate: Aggregate) -> tuple[tuple[int, ...], str]:
        """Where in an entry an aggregate's argument is, and when it counts."""
        if aggregate.argument is None:
            return (), ""
        return (self._index(lane, aggregate.argument),), self._valid(aggregate.argument)

    def _place(
        self, lane: LaneSource, window: WindowSource, indices: tuple[int, ...], valid: str
    ) -> Place:
        self._fields += 1
        return Place(
            state=self.state,
            field=self._fields - 1,
            lane=lane.number,
            window=window.number,
            indices=indices,
            valid=valid,
            ever=window.length is None,
        )

    def _index(self, lane: LaneSource, argument: Expression) -> int:
        if argument == Column(self.schema.event_time):
            return TIME
        return 1 + lane.arguments.index(argument)

    def _lane_source(self, lane: Lane) -> LaneSource:
        return next(each for each in self.lanes if each.lane == lane)

    def _valid(self, argument: Expression) -> str:
        """When an argument counts: it is neither null nor NaN."""
        tests = []
        if not (isinstance(argument, Column) and self.schema.by_name[argument.name].required):
            tests.append(NOT_NULL)
        is_float = self.layout.type_of(argument).kind is Kind.FLOAT
        if is_float and not isinstance(argument, Column):
            tests.append(NOT_NAN)
        return " and ".join(tests)

    def _all_there(self, columns: tuple[str, ...]) -> str:
        """When an entry has a value in each of the columns."""
        if all(self.schema.by_name[name].required for name in columns):
            return ""
        return NOT_NULL if len(columns) == 1 else "None not in v"

    def _mature(self, each: LaneSource) -> list[str]:
        """Take in what has waited for as long as the delay."""
        pend, delay = f"{self.state}.pend{each.number}", each.lane.delay
        # Partials ask where windows begin.
        begins = [self._load_begin(window) for window in each.finite]
        head = f"{self.state}.head{each.number}"
        return [
            f"pend = {pend}; h = {head}",
            f"if h < len(pend) and pend[h][{TIME}] <= t - {delay}:",
            *indented(
                [
                    *begins,
                    f"while h < len(pend) and pend[h][{TIME}] <= t - {delay}:",
                    *indented(["p = pend[h]", "h += 1", *self.enter(each, self.grow(each))]),
                    # What is through goes when it is half of the list: constant time on average.
                    "if h * 2 >= len(pend): del pend[:h]; h = 0",
                    f"{head} = h",
                ]
            ),
        ]

    def _entry_of(self, each: LaneSource, block: Block, time: str, then: list[str]) -> list[str]:
        before = len(block.lines)
        values = [self._argument(block, argument) for argument in each.arguments]
        lines, block.lines = block.lines[before:], block.lines[:before]
        return [*lines, f"x = ({', '.join([time, *values])},)", *then]

    def _argument(self, block: Block, argument: Expression) -> str:
        value = block.value(argument)
        match self.layout.type_of(argument).kind:
            case Kind.FLOAT:  # −0.0 counts as 0.0
                source = f"{value.source} + 0.0"
            case Kind.TEXT if isinstance(argument, Column):  # held once, however often it comes
                source = f"intern({value.source})"
            case _:
                return value.source
        return block.assign(unless_null([value], source), value.nullable).source
