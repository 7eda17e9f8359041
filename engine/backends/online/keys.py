"""The state of one key and what is done with it, as source.

For key number k: a class ``State<k>`` and the functions ``advance<k>`` (let time pass), ``add<k>``
(take an event in), ``trim<k>`` (drop what no window can see any more), ``rewind<k>`` and
``replay<k>`` (go back to an earlier instant, and forth again with an event that came late).
"""

from dataclasses import dataclass, field

from engine.backends.online.lanes import Lane, Layout
from engine.backends.online.partials import PARTIALS, Partial, Place
from engine.backends.online.scalars import Block, Value, unless_null
from engine.backends.online.source import function, indented, when
from engine.definition.needs import columns_in
from engine.definition.nodes import Aggregate, Column, Expression
from engine.definition.types import Kind

_TIME = 0  # the index of its time in every entry


@dataclass(slots=True)
class WindowSource:
    """A window of a lane: its number, its length in ticks, and its aggregates' partials."""

    number: int
    length: int | None
    partials: list[tuple[Place, Partial]] = field(default_factory=list)


@dataclass(slots=True)
class LaneSource:
    """A lane: its number, what its entries hold after their time, and its windows."""

    number: int
    lane: Lane
    arguments: tuple[Expression, ...]
    windows: list[WindowSource] = field(default_factory=list)

    @property
    def partials(self) -> list[tuple[Place, Partial]]:
        """The partials of all windows."""
        return [each for window in self.windows for each in window.partials]


class KeySource:
    """One key of a feature set."""

    def __init__(self, layout: Layout, number: int, key: tuple[str, ...]) -> None:
        self.number = number
        self.key = key
        self._layout = layout
        self._schema = layout.features.schema
        self.reads: dict[Aggregate, str] = {}
        self._windows = 0
        self.lanes = [self._lane(index, lane) for index, lane in enumerate(layout.lanes_of(key))]
        self.reach = max(layout.reach(each.lane) for each in self.lanes)
        self.has_ever = any(window.length is None for each in self.lanes for window in each.windows)

    def lines(self) -> list[str]:
        """The class and the functions."""
        k = self.number
        return [
            *self._state(),
            *function(f"advance{k}", "s, t, horizon", self._advance()),
            *function(f"add{k}", "s, t, e, slip", self._add()),
            *function(f"trim{k}", "s, t, horizon", self._trim()),
            *function(f"rewind{k}", "s, t", self._rewind()),
            *function(f"replay{k}", "s, t, e, slip, tails", self._replay()),
        ]

    def _lane(self, number: int, lane: Lane) -> LaneSource:
        arguments = self._layout.arguments(lane)
        source = LaneSource(number, lane, arguments)
        for length, aggregates in self._layout.lanes[lane].items():
            window = WindowSource(self._windows, length)
            self._windows += 1
            source.windows.append(window)
            for aggregate in aggregates:
                place = self._place(aggregate, source, window)
                partial = PARTIALS[aggregate.name](place)
                window.partials.append((place, partial))
                self.reads[aggregate] = partial.read
        return source

    def _place(self, aggregate: Aggregate, lane: LaneSource, window: WindowSource) -> Place:
        argument = aggregate.argument
        index = None
        if argument is not None:
            is_time = argument == Column(self._schema.event_time)
            index = _TIME if is_time else 1 + lane.arguments.index(argument)
        return Place(
            field=len(self.reads),
            lane=lane.number,
            window=window.number,
            argument=index,
            valid="" if argument is None else self._valid(argument),
            ever=window.length is None,
        )

    def _valid(self, argument: Expression) -> str:
        """When an argument counts: it is neither null nor NaN."""
        tests = []
        if not (isinstance(argument, Column) and self._schema.by_name[argument.name].required):
            tests.append("v is not None")
        is_float = self._layout.type_of(argument).kind is Kind.FLOAT
        if is_float and not isinstance(argument, Column):
            tests.append("v == v")
        return " and ".join(tests)

    def _state(self) -> list[str]:
        fields = {"s.t": "NEVER"}
        for each in self.lanes:
            j = each.number
            fields |= {f"s.log{j}": "[]", f"s.off{j}": "0"}
            if each.lane.delay:
                fields[f"s.pend{j}"] = "[]"
            fields |= {f"s.b{w.number}": "0" for w in each.windows if w.length is not None}
            for _, partial in each.partials:
                fields |= partial.fields
        names = ", ".join(repr(name[2:]) for name in fields)
        return [
            f"class State{self.number}:",
            *indented([f"__slots__ = ({names},)", "", "def __init__(s):"]),
            *indented(indented([f"{name} = {value}" for name, value in fields.items()])),
            "",
        ]

    def _advance(self) -> list[str]:
        """Let time pass up to ``t``, and drop entries where a quarter is older than the horizon."""
        lines = ["s.t = t"]
        for each in self.lanes:
            j = each.number
            lines.append(f"log = s.log{j}")
            if each.lane.delay:
                lines += self._mature(each)
            lines += self._slide(each)
            lines += when(
                f"log and log[len(log) >> 2][0] < horizon - {self._layout.reach(each.lane)}",
                self._drop(each),
            )
        return lines

    def _mature(self, each: LaneSource) -> list[str]:
        """Take in what has waited for as long as the delay."""
        j, delay = each.number, each.lane.delay
        return [
            f"pend = s.pend{j}",
            f"if pend and pend[0][0] <= t - {delay}:",
            *indented(
                [
                    "n = 0",
                    f"while n < len(pend) and pend[n][0] <= t - {delay}:",
                    *indented(["p = pend[n]", "n += 1", *self._enter(each, self._grow(each))]),
                    "del pend[:n]",
                ]
            ),
        ]

    def _enter(self, each: LaneSource, then: list[str]) -> list[str]:
        """Make ``x`` of ``p``: of a labelled lane when it matures, others are ready."""
        if not each.lane.labelled:
            return ["x = p", *then]
        label = self._schema.label
        columns = self._kept_columns(each)

        def known(block: Block, expression: Expression) -> Value | None:
            if not isinstance(expression, Column):
                return None
            if expression.name == label:
                due = f"p[0] + {each.lane.delay}"
                source = f"p[1][0] if p[1][1] <= {due} and p[1][2] < {due} else None"
                return block.assign(source, nullable=True)
            if expression.name == self._schema.event_time:
                return Value("p[0]", nullable=False)
            return Value(f"p[{2 + columns.index(expression.name)}]", nullable=True)

        block = Block(self._schema, self._layout.type_of, known)
        return self._entry(each, block, "p[0]", then)

    def _entry(self, each: LaneSource, block: Block, time: str, then: list[str]) -> list[str]:
        """Make ``x`` of an event that fulfils the lane's condition."""
        lines: list[str] = []
        if each.lane.where is not None:
            condition = block.value(each.lane.where).source
            lines, block.lines = block.lines, []
            return [*lines, *when(condition, self._entry_of(each, block, time, then))]
        return self._entry_of(each, block, time, then)

    def _entry_of(self, each: LaneSource, block: Block, time: str, then: list[str]) -> list[str]:
        values = [self._argument(block, argument) for argument in each.arguments]
        lines = [*block.lines, f"x = ({', '.join([time, *values])},)", *then]
        block.lines = []
        return lines

    def _argument(self, block: Block, argument: Expression) -> str:
        value = block.value(argument)
        if self._layout.type_of(argument).kind is not Kind.FLOAT:
            return value.source
        # −0.0 counts as 0.0.
        return block.assign(unless_null([value], f"{value.source} + 0.0"), value.nullable).source

    def _kept_columns(self, each: LaneSource) -> list[str]:
        """The columns that a labelled lane's expressions will ask for when an event matures."""
        where = each.lane.where
        expressions = [*each.arguments] if where is None else [*each.arguments, where]
        skipped = {self._schema.label, self._schema.event_time}
        found = [name for expression in expressions for name in columns_in(expression)]
        return [name for name in dict.fromkeys(found) if name not in skipped]

    def _grow(self, each: LaneSource, *, ever: bool = True) -> list[str]:
        """Take ``x`` into the log and all partials, or only those of finite windows."""
        lines = ["log.append(x)"]
        for place, partial in each.partials:
            if partial.add and (ever or not place.ever):
                lines += _of_argument(place, list(partial.add))
        return lines

    def _slide(self, each: LaneSource) -> list[str]:
        """Move the begins of the lane's finite windows to where they are at ``t``."""
        lines: list[str] = []
        for window in each.windows:
            if window.length is None:
                continue
            evict: list[str] = []
            for place, partial in window.partials:
                if partial.evict:
                    evict += _of_argument(place, list(partial.evict))
            moved = [line for _, partial in window.partials for line in partial.slide]
            lines += [
                f"b = s.b{window.number}",
                f"if b < len(log) and log[b][0] < t - {window.length + each.lane.delay}:",
                *indented(
                    [
                        f"old = t - {window.length + each.lane.delay}; n = len(log)",
                        "while b < n and log[b][0] < old:",
                        *indented([*(["x = log[b]", *evict] if evict else []), "b += 1"]),
                        f"s.b{window.number} = b",
                        *moved,
                    ]
                ),
            ]
        return lines

    def _drop(self, each: LaneSource) -> list[str]:
        """Drop entries older than the horizon that no window shows."""
        j = each.number
        begins = [f"s.b{w.number}" for w in each.windows if w.length is not None]
        drops = list(dict.fromkeys(line for _, part in each.partials for line in part.drop_entry))
        for place, partial in each.partials:
            if partial.drop:
                drops += _of_argument(place, list(partial.drop))
        return [
            f"old = horizon - {self._layout.reach(each.lane)}; n = 0",
            f"m = min({', '.join(begins)}, len(log))" if begins else "m = len(log)",
            "while n < m and log[n][0] < old:",
            *indented([*(["x = log[n]", *drops] if drops else []), "n += 1"]),
            f"del log[:n]; s.off{j} += n",
            *(f"{begin} -= n" for begin in begins),
        ]

    def _add(self) -> list[str]:
        block = Block(self._schema, self._layout.type_of, of_event)
        lines: list[str] = []
        for each in self.lanes:
            j = each.number
            if each.lane.labelled:
                lines += [*self._pending(each, block), f"s.pend{j}.append(p)"]
                continue
            then = [f"s.pend{j}.append(x)"] if each.lane.delay else self._grow(each)
            # What is computed under one lane's condition is not there for the next.
            inner = Block(self._schema, self._layout.type_of, of_event)
            lines += [f"log = s.log{j}", *self._entry(each, inner, "t", then)]
        return lines

    def _trim(self) -> list[str]:
        """Let time pass up to ``t`` and drop all before the horizon; whether nothing is left."""
        lines = [f"if t > s.t: advance{self.number}(s, t, NEVER)", "empty = True"]
        for each in self.lanes:
            j = each.number
            lines += [f"log = s.log{j}", *self._drop(each)]
            lines.append(
                f"if log or s.off{j}: empty = False"
                if self._is_ever(each)
                else "if log: empty = False"
            )
            if each.lane.delay:
                lines.append(f"if s.pend{j}: empty = False")
        return [*lines, "return empty"]

    def _is_ever(self, each: LaneSource) -> bool:
        return any(window.length is None for window in each.windows)

    def _rewind(self) -> list[str]:
        """Make the state what it was at ``t``; returns what each lane has seen since."""
        lines = ["tails = []"]
        for each in self.lanes:
            j = each.number
            peel: list[str] = []
            for place, partial in each.partials:
                if place.ever and partial.evict:
                    peel += _of_argument(place, list(partial.evict))
            again = [line for _, partial in each.partials for line in partial.again]
            lines += [
                f"old = s.log{j}; cut = bisect_right(old, t - {each.lane.delay}, key=TIME)",
                "tail = old[cut:]; tails.append(tail)",
                *(["for x in tail:", *indented(peel)] if peel else []),
                *self._restart(each),
                "for x in old[:cut]:",
                *indented(self._grow(each, ever=False)),
                *again,
                *self._slide(each),
            ]
        return [*lines, "return tails"]

    def _restart(self, each: LaneSource) -> list[str]:
        """An empty log and the finite windows' partials as at the start."""
        lines = [f"log = s.log{each.number} = []"]
        for window in each.windows:
            if window.length is not None:
                lines.append(f"s.b{window.number} = 0")
                for _, partial in window.partials:
                    lines += [f"{name} = {value}" for name, value in partial.fields.items()]
        return lines

    def _replay(self) -> list[str]:
        """Take in the late event of ``t``, then what each lane had seen since."""
        lines = ["now = s.t"]
        for each in self.lanes:
            j, delay = each.number, each.lane.delay
            place = f"tails[{j}].insert(bisect_right(tails[{j}], t, key=TIME), x)"
            wait = f"s.pend{j}.insert(bisect_right(s.pend{j}, t, key=TIME), "
            block = Block(self._schema, self._layout.type_of, of_event)
            if each.lane.labelled:
                lines += [
                    *self._pending(each, block),
                    f"if t + {delay} > now: {wait}p)",
                    "else:",
                    *indented(self._enter(each, [place])),
                ]
            elif delay:
                then = [f"if t + {delay} > now: {wait}x)", f"else: {place}"]
                lines += self._entry(each, block, "t", then)
            else:
                lines += self._entry(each, block, "t", [place])
            lines += [
                f"log = s.log{j}",
                f"for x in tails[{j}]:",
                *indented(self._grow(each)),
                "late, t = t, now",
                *self._slide(each),
                "t = late",
            ]
        return lines

    def _pending(self, each: LaneSource, block: Block) -> list[str]:
        """Make ``p``, what a labelled lane keeps of an event until it matures."""
        columns = [block.value(Column(name)).source for name in self._kept_columns(each)]
        lines = [*block.lines, f"p = (t, {', '.join(['slip', *columns])},)"]
        block.lines = []
        return lines


def of_event(block: Block, expression: Expression) -> Value | None:
    """A column of the event ``e`` at ``t``."""
    if not isinstance(expression, Column):
        return None
    name = expression.name
    if name == block.schema.event_time:
        return Value("t", nullable=False)
    if block.schema.by_name[name].required:
        return block.assign(f"e[{name!r}]", nullable=False)
    return block.assign(f"e.get({name!r})", nullable=True)


def _of_argument(place: Place, lines: list[str]) -> list[str]:
    """Statements about ``v``, the argument in ``x``, where it counts."""
    if place.argument is None:
        return lines
    return [f"v = x[{place.argument}]", *when(place.valid, lines)]
