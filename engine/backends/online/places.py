"""Where the aggregates of one key are found: lanes with their windows, partials and fields."""

from dataclasses import dataclass

from engine.backends.online.lanes import Lane, Layout
from engine.backends.online.logs import LaneSource, WindowSource, held
from engine.backends.online.partials import (
    NOT_NAN,
    NOT_NULL,
    PARTIALS,
    TIME,
    Partial,
    Place,
    follow,
    look,
)
from engine.backends.online.scalars import Block, Value
from engine.definition.aggregates import AGGREGATES
from engine.definition.nodes import Aggregate, Column, Expression
from engine.definition.types import Kind


@dataclass(frozen=True, slots=True)
class Followers:
    """The aggregates of one longer key that are found in one window."""

    columns: tuple[str, ...]
    place: Place


class Places:
    """The lanes of a key, and how each aggregate that they keep is read.

    Attributes
    ----------
    reads, followers
        By aggregate: its partial, or those of longer keys that it is one of.
    """

    def __init__(self, layout: Layout, number: int, key: tuple[str, ...]) -> None:
        self._number = number
        self._layout = layout
        self._schema = layout.features.schema
        self.reads: dict[Aggregate, Partial] = {}
        self.followers: dict[Aggregate, Followers] = {}
        self._windows = 0
        self._fields = 0
        self.lanes = [self._lane(index, lane) for index, lane in enumerate(layout.lanes_of(key))]

    def read(self, block: Block, aggregate: Aggregate) -> Value | None:
        """An aggregate's value; None if it is found in no lane of this key."""
        if aggregate in self.followers:
            return self._followed(block, aggregate)
        if aggregate not in self.reads:
            return None
        partial = self.reads[aggregate]
        if partial.entry:
            return self.value_in(block, block.once(partial.entry), aggregate, partial.index)
        if AGGREGATES[aggregate.name].empty is None:
            return block.assign(partial.read, nullable=True)
        return Value(partial.read)

    def _lane(self, number: int, lane: Lane) -> LaneSource:
        source = LaneSource(self._layout, self._number, number, lane)
        for length, aggregates in self._layout.lanes[lane].items():
            window = WindowSource(self._number, self._windows, length, tuple(aggregates))
            self._windows += 1
            source.windows.append(window)
            for aggregate in aggregates:
                place = self._place(source, window, *self.argument_of(source, aggregate))
                partial = PARTIALS[aggregate.name](place)
                window.partials.append((place, partial))
                self.reads[aggregate] = partial
            self._follow(source, window)
        return source

    def _follow(self, source: LaneSource, window: WindowSource) -> None:
        """The partials of longer keys that are found in a window."""
        by_columns: dict[tuple[str, ...], Followers] = {}
        for aggregate in self._layout.followers(source.lane, window.length):
            columns = self._layout.following[aggregate].columns
            if columns not in by_columns:
                indices = tuple(self.index(source, Column(name)) for name in columns)
                place = self._place(source, window, indices, self._all_there(columns))
                by_columns[columns] = Followers(columns, place)
                window.partials.append((place, follow(place)))
            self.followers[aggregate] = by_columns[columns]

    def _followed(self, block: Block, aggregate: Aggregate) -> Value:
        """A value of the latest entry with the values of the followers' columns."""
        followers = self.followers[aggregate]
        wanted = [self.held_in(block, name) for name in followers.columns]
        lane = self._layout.following[aggregate].lane
        source = next(each for each in self.lanes if each.lane == lane)
        (index,), _ = self.argument_of(source, aggregate)
        place = followers.place
        entry = block.made((place, *wanted), lambda name: look(place, wanted, name))
        return self.value_in(block, entry, aggregate, index)

    def held_in(self, block: Block, name: str) -> str:
        """A column's value as entries hold it."""
        value = held(block, self._schema.by_name[name].type.kind, block.value(Column(name)))
        return block.simple(value).source

    def value_in(self, block: Block, entry: str, aggregate: Aggregate, index: int) -> Value:
        """A value of an entry, which may be None."""
        none = f"{entry} is None"
        if index == TIME or self._is_required(aggregate.argument):
            return Value(f"{entry}[{index}]", (none,))
        name = block.name()
        return Value(name, (none, f"({name} := {entry}[{index}]) is None"))

    def argument_of(self, lane: LaneSource, aggregate: Aggregate) -> tuple[tuple[int, ...], str]:
        """Where in an entry an aggregate's argument is, and when it counts."""
        if aggregate.argument is None:
            return (), ""
        return (self.index(lane, aggregate.argument),), self._valid(aggregate.argument)

    def _place(
        self, lane: LaneSource, window: WindowSource, indices: tuple[int, ...], valid: str
    ) -> Place:
        self._fields += 1
        return Place(
            state=lane.state,
            field=self._fields - 1,
            lane=lane.number,
            window=window.number,
            width=1 + len(lane.arguments),
            indices=indices,
            valid=valid,
            ever=window.length is None,
        )

    def index(self, lane: LaneSource, argument: Expression) -> int:
        """Where in an entry an argument is."""
        if argument == Column(self._schema.event_time):
            return TIME
        return 1 + lane.arguments.index(argument)

    def _valid(self, argument: Expression) -> str:
        """When an argument counts: it is neither null nor NaN."""
        tests = []
        if not self._is_required(argument):
            tests.append(NOT_NULL)
        is_float = self._layout.type_of(argument).kind is Kind.FLOAT
        if is_float and not isinstance(argument, Column):
            tests.append(NOT_NAN)
        return " and ".join(tests)

    def _is_required(self, argument: Expression | None) -> bool:
        """Whether an argument is a column of which every event has a value."""
        return isinstance(argument, Column) and self._schema.by_name[argument.name].is_sure

    def _all_there(self, columns: tuple[str, ...]) -> str:
        """When an entry has a value in each of the columns."""
        if all(self._schema.by_name[name].is_sure for name in columns):
            return ""
        return NOT_NULL if len(columns) == 1 else "None not in v"
