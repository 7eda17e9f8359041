"""The state of one key and what is done with it as time passes, as source.

For key number k: a class ``State<k>`` and statements about a state ``s<k>``. ``advance`` lets time
pass, ``add`` takes an event in, ``trim`` drops what no window can see any more.
"""

from engine.backends.online.lanes import Layout
from engine.backends.online.logs import appended
from engine.backends.online.places import Places
from engine.backends.online.record_source import record_source
from engine.backends.online.rows import column_of_row, unpack_row
from engine.backends.online.scalars import Block, Value
from engine.backends.online.source import function, indented
from engine.definition.nodes import Aggregate, Column, Expression


class KeySource:
    """One key of a feature set."""

    def __init__(self, layout: Layout, number: int, key: tuple[str, ...]) -> None:
        self.number = number
        self.key = key
        self.state = f"s{number}"
        self.layout = layout
        self.schema = layout.features.schema
        self._places = Places(layout, number, key)
        self.lanes = self._places.lanes
        self.records = record_source(layout, number, self.lanes, self._places)
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
        return self._places.read(block, aggregate)

    def fields(self) -> dict[str, str]:
        """The fields of the state and their values at the start."""
        fields = {"t": "NEVER"}
        for each in self.lanes:
            j = each.number
            fields |= {**each.log_fields, f"off{j}": "0"}
            if each.is_ever:
                fields[f"past{j}"] = "NEVER"
            if each.lane.delay:
                fields |= {**each.waiting_fields, f"head{j}": "0"}
            fields |= {f"b{window.number}": "0" for window in each.finite}
            for _, partial in each.partials:
                fields |= partial.fields
        # What an event seldom asks for comes last, on a line of the cache that need not be there.
        seldom = [name for name in fields if name.startswith(("off", "past"))]
        return fields | {name: fields.pop(name) for name in seldom} | {"due": "NEVER"}

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
        return [line for each in self.lanes for line in each.load()]

    def advance(self, floor: str = "floor") -> list[str]:
        """Let time pass up to ``t``, and drop entries where many are older than ``floor``."""
        lines = [line for each in self.lanes for line in each.advance(floor)]
        return [f"was = {self.state}.t; {self.state}.t = t", *lines]

    def add(self, block: Block) -> list[str]:
        """Take in the event whose columns are at hand in the block, with its ``slip``."""
        lines: list[str] = []
        for each in self.lanes:
            if each.lane.labelled:
                lines += [*each.pending(block), appended(each.waiting, "p")]
                continue
            then = [appended(each.waiting, "x")] if each.lane.delay else each.grow(each.size)
            lines += each.entry(block, "t", then)
        return lines

    def trim(self) -> list[str]:
        """Drop all that is older than ``floor`` and return whether nothing is left."""
        lines = ["empty = True"]
        for each in self.lanes:
            left = f"{each.log} or {self.state}.off{each.number}" if each.is_ever else each.log
            waits = f" or len({each.pend}) > {each.head}" if each.lane.delay else ""
            lines += [*each.drop(), f"if {left}{waits}: empty = False"]
        return [*lines, "return empty"]

    def lines(self) -> list[str]:
        """The class, and advance, add and trim as functions."""
        k, s = self.number, self.state
        add = self.add(self.block_of_row())
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

    def block_of_row(self) -> Block:
        """An empty block of statements that know the row's columns."""

        def known(_block: Block, expression: Expression) -> Value | None:
            return column_of_row(self.layout, expression)

        return Block(self.schema, self.layout.type_of, known)
