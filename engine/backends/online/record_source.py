"""A key's states as records, as source: what is asked of one, and how its answers are read.

In generated code ``s<k>`` is the address of a record, a whole number, or an object. The step of an
event that comes in order answers all aggregates of the key; the statements for an object make the
same local variables, which what follows reads: ``r<k>_<n>`` for a number, ``e<k>_<n>`` for an
entry.
"""

from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from struct import Struct
from typing import Any, Final

from engine.backends.online import record_loops as loops
from engine.backends.online.lanes import Layout
from engine.backends.online.logs import LaneSource, WindowSource
from engine.backends.online.partials import TIME, look
from engine.backends.online.places import Followers, Places
from engine.backends.online.records import LONGEST, WORD_OF, Form
from engine.backends.online.scalars import Block, Value, variable
from engine.backends.online.source import indented
from engine.definition.aggregates import AGGREGATES
from engine.definition.nodes import Aggregate
from engine.definition.types import Kind

_WORDS: Final = {
    Kind.INT: "q",
    Kind.MONEY: "q",
    Kind.TIME: "q",
    Kind.CARD: "q",
    Kind.FLOAT: "d",
    Kind.TEXT: "t",
}
_NUMBERS: Final = {
    "count": loops.COUNT_ALL,
    "sum": loops.SUM,
    "sum_of_squares": loops.SUM_OF_SQUARES,
    "n_unique": loops.DISTINCT,
}
_ADDED: Final = {loops.SUM, loops.SUM_OF_SQUARES}
_WIDEST: Final = 32  # words: which fields are looked for is bits of one
_EXTREMES: Final = {
    ("min", "q"): loops.FIND_LEAST,
    ("max", "q"): loops.FIND_MOST,
    ("min", "d"): loops.FIND_LEAST_REAL,
    ("max", "d"): loops.FIND_MOST_REAL,
}


def record_source(
    layout: Layout, number: int, lanes: list[LaneSource], places: Places
) -> "RecordSource | None":
    """How the states of a key are records; None if they cannot be."""
    if len(lanes) == 1 and _is_plain(layout, lanes[0]):
        return RecordSource(layout, number, lanes[0], places)
    return None


class RecordSource:
    """What an event asks of a record of one key, and of an object instead.

    Parameters
    ----------
    layout
        The feature set.
    number
        The key's number.
    lane, places
        Its only lane, and where in it the aggregates are found.
    """

    def __init__(self, layout: Layout, number: int, lane: LaneSource, places: Places) -> None:
        self._layout, self._number, self._lane, self._places = layout, number, lane, places
        self._kinds = "".join(_kinds(layout, lane))
        self._lengths = sorted(map(_length, lane.windows))
        self._steps: list[tuple[int, int, int]] = []
        self._answers: list[tuple[str, str]] = []  # their variables, and how their words are read
        self._told: list[str] = []  # statements that read the answers
        self._looked: list[str] = []  # statements that read an object
        self._variables: dict[Hashable, str] = {}  # of aggregates, entries, followers
        self._ask()

    @cached_property
    def form(self) -> Form:
        """What the records look like."""
        added = {field for code, _, field in self._steps if code in _ADDED}
        kinds = ("s" if field in added else kind for field, kind in enumerate(self._kinds))
        return Form(
            lane=self._lane.number,
            codes=self._lane.codes,
            kinds="".join(kinds),
            reach=self._layout.reach(self._lane.lane),
            lengths=tuple(self._lengths),
            steps=tuple(self._steps),
            is_ever=self._lane.is_ever,
            has_latest=any(code == loops.FIND_LAST_EVER for code, _, _ in self._steps),
        )

    @property
    def taken(self) -> str:
        """The local variable of the record that has taken the event in, None if none has."""
        return f"taken{self._number}"

    def functions(self) -> dict[str, Callable[..., Any]]:
        """What generated code calls: how an entry is said, and answers are told."""
        before = loops.WORD * (len(self._kinds) + len(self._lengths) + len(self._steps))
        answers = Struct(f"={before}x{''.join(kind for _, kind in self._answers)}")
        k = self._number
        return {f"say{k}": self.form.entry.pack_into, f"told{k}": answers.unpack_from}

    def observe(self, block: Block, advanced: list[str]) -> list[str]:
        """The answers to an event that comes in order; a record takes it in, an object does not."""
        k, s = self._number, f"s{self._number}"
        before = len(block.lines)
        entry = ", ".join(["0", "t", *self._said(block)])
        lines, block.lines = block.lines[before:], block.lines[:before]
        names = ", ".join(name for name, _ in self._answers)
        return [
            *lines,
            f"if {s}.__class__ is int:",
            *indented(
                [
                    f"said, program, codes{k}, texts{k} = o.ways[{k}]",
                    f"try: say{k}(said, {entry})",
                    f"except (TypeError, error): {s} = o.keys[{k}].make_object(name{k})",
                    "else:",
                    f"    if how := step(program, {s}): {s} = o.keys[{k}].step_again(name{k}, how)",
                    f"if {s}.__class__ is int:",
                    *indented([f"{self.taken} = {s}", f"{names}, = told{k}(said)", *self._told]),
                ]
            ),
            f"if {s}.__class__ is not int:",
            *indented([*advanced, *self._looked_at(block.inner())]),
        ]

    def read(self, block: Block, aggregate: Aggregate) -> Value | None:
        """An aggregate's value, of the variables that both ways make."""
        places = self._places
        if aggregate in places.followers:
            (index,), _ = places.argument_of(self._lane, aggregate)
            name = self._variables[places.followers[aggregate]]
            return places.value_in(block, name, aggregate, index)
        if aggregate not in places.reads:
            return None
        partial = places.reads[aggregate]
        if partial.entry:
            return places.value_in(block, self._variables[partial.entry], aggregate, partial.index)
        nullable = AGGREGATES[aggregate.name].empty is None
        return variable(self._variables[aggregate], nullable=nullable)

    def _ask(self) -> None:
        for window in self._lane.windows:
            where = self._lengths.index(_length(window))
            entries: dict[str, list[Aggregate]] = {}
            for aggregate in window.aggregates:
                entry = self._places.reads[aggregate].entry
                if entry:
                    entries.setdefault(entry, []).append(aggregate)
                else:
                    self._ask_number(where, aggregate)
            for entry, aggregates in entries.items():
                first = aggregates[0].name == "first"
                last = loops.FIND_LAST_EVER if window.length is None else loops.FIND_LAST
                fields = {self._places.reads[each].index for each in aggregates}
                name = self._ask_entry((loops.FIND_FIRST if first else last, where, 0), fields)
                self._variables[entry] = name
                self._looked.append(f"{name} = {entry}")
            self._ask_followed(window, where)

    def _ask_number(self, where: int, aggregate: Aggregate) -> None:
        """Ask for a number, or for the value of the entry that has the least or the most."""
        partial = self._places.reads[aggregate]
        indices, _ = self._places.argument_of(self._lane, aggregate)
        field = indices[0] if indices else 0
        kind = self._kinds[field] if indices else ""
        name = self._variables[aggregate] = f"r{self._number}_{len(self._variables)}"
        self._looked.append(f"{name} = {partial.read}")
        if extreme := _EXTREMES.get((aggregate.name, kind)):
            self._steps.append((extreme, where, field))
            time, value = self._ask_fields([TIME, field])
            self._told.append(f"{name} = None if {time} == {loops.NOTHING} else {value}")
            return
        code = _NUMBERS[aggregate.name]
        if code == loops.COUNT_ALL and kind == "t" and partial.fields:  # it may be null
            code = loops.COUNT_VALUES
        self._steps.append((code, where, field))
        self._answers.append((name, "q"))

    def _ask_followed(self, window: WindowSource, where: int) -> None:
        """Ask for the latest entry that has the event's values of the followers' columns."""
        by_place: dict[Followers, list[Aggregate]] = {}
        for aggregate in self._layout.followers(self._lane.lane, window.length):
            by_place.setdefault(self._places.followers[aggregate], []).append(aggregate)
        for followers, aggregates in by_place.items():
            wanted = sum(1 << index for index in followers.place.indices)
            fields = {self._places.argument_of(self._lane, each)[0][0] for each in aggregates}
            name = self._ask_entry((loops.FIND_EQUAL, where, wanted), fields)
            self._variables[followers] = name

    def _ask_entry(self, step: tuple[int, int, int], fields: set[int]) -> str:
        """Ask for an entry, and make a variable of it; only some of its fields are looked at."""
        self._steps.append(step)
        name = f"e{self._number}_{len(self._variables)}"
        wanted = sorted({TIME, *fields})
        values = dict(zip(wanted, self._ask_fields(wanted), strict=True))
        entry = ", ".join(
            "None" if index not in values else self._text_of(values[index], kind)
            for index, kind in enumerate(self._kinds)
        )
        self._told.append(f"{name} = None if {values[TIME]} == {loops.NOTHING} else ({entry},)")
        return name

    def _ask_fields(self, fields: list[int]) -> list[str]:
        """Ask for fields of the entry that was just looked for."""
        found = len(self._steps) - 1
        names = []
        for index in fields:
            self._steps.append((loops.FIELD, found, index))
            names.append(f"q{self._number}_{len(self._answers)}")
            self._answers.append((names[-1], WORD_OF[self._kinds[index]]))
        return names

    def _text_of(self, value: str, kind: str) -> str:
        return f"texts{self._number}[{value}]" if kind == "t" else value

    def _said(self, block: Block) -> Iterator[str]:
        """The words of the event's entry; what they cannot hold is an error when they are said."""
        for argument, kind in zip(self._lane.arguments, self._kinds[1:], strict=True):
            value = block.simple(block.value(argument)).source
            if kind == "t":
                yield f"codes{self._number}[{value}]"
            else:
                yield f"{value} + 0.0" if kind == "d" else value  # −0.0 counts as 0.0

    def _looked_at(self, block: Block) -> list[str]:
        """The same of an object, which has been advanced."""
        lines = list(self._looked)
        for followers, name in self._variables.items():
            if isinstance(followers, Followers):
                wanted = [self._places.held_in(block, column) for column in followers.columns]
                made, block.lines = block.lines, []
                lines += [*made, *look(followers.place, wanted, name)]
        return lines


def _is_plain(layout: Layout, lane: LaneSource) -> bool:
    """Whether words hold the lane's entries, and its entries all that its aggregates ask for."""
    one = lane.lane
    if one.where is not None or one.delay or one.labelled or layout.reach(one) > LONGEST:
        return False
    kinds = list(_kinds(layout, lane))
    if "" in kinds or len(kinds) > _WIDEST:
        return False
    if any(window.length is None and not _is_known_ever(window) for window in lane.windows):
        return False
    extremes = (each for window in lane.windows for each in window.aggregates)
    return not any(
        each.name in {"min", "max"}
        and each.argument is not None
        # Texts are compared by what they are, not by their codes.
        and layout.type_of(each.argument).kind is Kind.TEXT
        for each in extremes
    )


def _is_known_ever(window: WindowSource) -> bool:
    """Whether it is enough to know the latest entry that was dropped, and how many were."""
    return all(
        each.name == "last" or (each.name == "count" and not partial.fields)
        for each, (_, partial) in zip(window.aggregates, window.partials, strict=False)
    )


def _kinds(layout: Layout, lane: LaneSource) -> Iterator[str]:
    yield "q"
    for argument in lane.arguments:
        yield _WORDS.get(layout.type_of(argument).kind, "")


def _length(window: WindowSource) -> int:
    return loops.FOR_EVER if window.length is None else window.length
