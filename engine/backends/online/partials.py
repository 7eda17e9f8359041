"""The partials of a window's aggregates as source: how each starts, grows, shrinks and is read.

A partial is one or two fields of a key's state. An aggregate over a finite window takes in what is
new and lets go of what is left behind; over a window without an end it only takes in, and can give
back the latest where events come late.

Names in the source: ``x`` is the entry that comes, ``i`` the index in the lane's log of the entry
that comes or goes, ``v`` the aggregate's argument in it. :class:`Place` names what depends on the
aggregate.

Counts of values cost more than the few events that most windows show. They are made when a window
comes to show more than :data:`FEW` events, and dropped when it shows less than half as many; until
then the events themselves are looked at, which are never more than that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.backends.online.algebra import METHODS
from engine.backends.online.columns import WORDS, empty, fields
from engine.backends.online.source import indented, when

FEW: Final = 16
TIME: Final = 0  # the index of its time in every entry
# When an argument counts.
NOT_NULL: Final = "v is not None"
NOT_NAN: Final = "v == v"


def fewest() -> int:
    """What a window shows at least that has its counts, but for while events are taken back."""
    return FEW // 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where an aggregate's partial and argument are found.

    Parameters
    ----------
    state
        The variable of the key's state.
    field
        The number of the aggregate's fields in it.
    lane, window
        The numbers of the lane's and the window's fields in it.
    width
        How many columns the log has.
    indices
        Where the argument is in an entry; empty where it takes none, several for several columns.
    valid
        The condition under which ``v``, the argument, counts; empty if always.
    ever
        Whether the window has no end.
    """

    state: str
    field: int
    lane: int
    window: int
    width: int
    indices: tuple[int, ...]
    valid: str
    ever: bool

    def value(self, *, held: bool) -> str:
        """The argument of entry number ``i`` of the log, if it is held there; else of ``x``."""
        values = [f"{self.column(index)}[i]" if held else f"x[{index}]" for index in self.indices]
        return values[0] if len(values) == 1 else f"({', '.join(values)})"

    def entry(self, at: str) -> str:
        """The entry at an index of the log, as ``x`` is one."""
        return f"({', '.join(f'{self.column(index)}[{at}]' for index in range(self.width))},)"

    @property
    def index(self) -> int:
        """Where the only argument is in an entry."""
        return self.indices[0]

    @property
    def log(self) -> str:
        """The local variable of the times in the lane's log."""
        return f"l{self.state[1:]}_{self.lane}"

    def column(self, index: int) -> str:
        """The local variable of a column of the lane's log."""
        return fields(self.log, self.width)[index]

    @property
    def values(self) -> str:
        """The local variable of the column that the only argument is in."""
        return self.column(self.index)

    @property
    def size(self) -> str:
        """The local variable of the log's length, for reading."""
        return f"n{self.state[1:]}_{self.lane}"

    @property
    def begin(self) -> str:
        """The local variable of the index in the log where the window begins."""
        return f"b{self.state[1:]}_{self.window}"

    @property
    def partial(self) -> str:
        """The aggregate's field."""
        return f"{self.state}.a{self.field}"

    @property
    def dropped(self) -> str:
        """How many entries have been dropped from the log."""
        return f"{self.state}.off{self.lane}"

    def of_state(self, name: str) -> str:
        """Another field of the state."""
        return f"{self.state}.{name}"


@dataclass(frozen=True, slots=True)
class Partial:
    """The source of one aggregate's partial.

    Parameters
    ----------
    read
        An expression for its value; empty if it is a value of an entry, or nobody's.
    fields
        The fields of the state and their values at the start. Those of a window without an end
        tell of what is not in the log any more; those of a finite one can be made from the log.
    add, evict
        Statements that take ``v`` in and let it go again. A partial that only positions tell has
        neither.
    grown
        Statements after an entry was taken in, whatever its argument.
    slide
        Statements after the window's begin has moved on.
    rebuild
        Statements that make the partial of a finite window from the log between the window's
        begin and its end, for one that cannot grow backwards.
    again
        Statements that make the partial of a window without an end from the log and what came
        before it, for one that lets nothing go.
    drop
        Statements that put ``v``, which leaves the log, with what came before.
    drop_entry
        Statements once for all ``n`` entries that leave the log together.
    drop_late
        The same about an entry ``x`` that comes so late that later ones have been dropped already.
    entry, index
        An expression for an entry or None, and where in it the value is.
    few
        Whether there is nothing to add to, and nothing to be made, while the window shows few.
    """

    read: str
    fields: dict[str, str]
    add: tuple[str, ...] = ()
    evict: tuple[str, ...] = ()
    grown: tuple[str, ...] = ()
    slide: tuple[str, ...] = ()
    rebuild: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    drop_entry: tuple[str, ...] = ()
    drop_late: tuple[str, ...] = ()
    entry: str = ""
    index: int = 0
    few: bool = False


def _count(place: Place) -> Partial:
    if not place.indices or not place.valid:
        before = f"+ {place.dropped}" if place.ever else f"- {place.begin}"
        return Partial(f"{place.size} {before}", {})
    name = place.partial
    return Partial(name, {f"a{place.field}": "0"}, (f"{name} += 1",), (f"{name} -= 1",))


def _sum(place: Place) -> Partial:
    name = place.partial
    return Partial(name, {f"a{place.field}": "0"}, (f"{name} += v",), (f"{name} -= v",))


def _sum_of_squares(place: Place) -> Partial:
    name = place.partial
    return Partial(name, {f"a{place.field}": "0"}, (f"{name} += v * v",), (f"{name} -= v * v",))


def _n_unique(place: Place) -> Partial:
    name = place.partial
    fields = {f"a{place.field}": "None"}
    drop_one = ("elif d[v] > 1: d[v] -= 1", "else: del d[v]")
    if place.ever:
        add = (f"d = {name}", f"if d is None: d = {name} = {{}}", "d[v] = d.get(v, 0) + 1")
        evict = (f"d = {name}", "if d is None: pass", *drop_one)
        return Partial(f"(len({name}) if {name} else 0)", fields, add, evict)
    begin, values = place.begin, place.values
    count = "distinct_floats" if NOT_NAN in place.valid else "distinct"
    few = f"{count}({values}, {begin})"
    return Partial(
        f"(0 if {begin} == {place.size} else {few} if {name} is None else len({name}))",
        fields,
        (f"if (d := {name}) is not None: d[v] = d.get(v, 0) + 1",),
        (f"if (d := {name}) is None: pass", *drop_one),
        grown=_once_many(name, place, f"tallied({values}, {begin})"),
        slide=_no_longer_many(name, place),
        few=True,
    )


def follow(place: Place) -> Partial:
    """What :func:`look` looks up: where each value's latest entry is in the whole lane."""
    name, log, begin = place.partial, place.log, place.begin
    columns = "".join(f", {place.column(index)}" for index in place.indices)
    made = f"indexed({begin}, {place.dropped}{columns})"
    return Partial(
        "",
        {f"a{place.field}": "None"},
        (f"if (d := {name}) is not None: d[v] = {place.dropped} + i",),
        (f"if (d := {name}) is not None and d.get(v) == {place.dropped} + i: del d[v]",),
        grown=_once_many(name, place, made),
        slide=_no_longer_many(name, place),
        rebuild=(f"{name} = {made} if len({log}) - {begin} > {FEW} else None",),
        few=True,
    )


def look(place: Place, wanted: list[str], name: str) -> list[str]:
    """Statements that make the variable ``name``: the latest entry with certain values, or None.

    While the window shows few, they are looked for; then a dictionary tells where it is. ``wanted``
    are the variables of the values, in the order of the place's indices.
    """
    key = wanted[0] if len(wanted) == 1 else f"({', '.join(wanted)})"
    pairs = zip(place.indices, wanted, strict=True)
    is_it = " and ".join(f"{place.column(index)}[i] == {each}" for index, each in pairs)
    nobody = [f"if {' or '.join(f'{each} is None' for each in wanted)}: {name} = None"]
    found = [
        f"if {place.partial} is None:",
        f"    i = len({place.log}) - 1",
        f"    while i >= {place.begin} and not ({is_it}): i -= 1",
        f"    if i < {place.begin}: i = None",
        f"elif (i := {place.partial}.get({key})) is not None: i -= {place.dropped}",
        f"{name} = None if i is None else {place.entry('i')}",
    ]
    return [*nobody, "else:", *indented(found)] if place.valid else found


def _once_many(name: str, place: Place, made: str) -> tuple[str, ...]:
    return (f"if {name} is None and i - {place.begin} >= {FEW}: {name} = {made}",)


def _no_longer_many(name: str, place: Place) -> tuple[str, ...]:
    shown = f"len({place.log}) - {place.begin}"
    return (f"if {name} is not None and {shown} < {fewest()}: {name} = None",)


def _extreme(beats: str) -> Callable[[Place], Partial]:
    def of_place(place: Place) -> Partial:
        return _ever_extreme(place, beats) if place.ever else _sliding_extreme(place, beats)

    return of_place


def _ever_extreme(place: Place, beats: str) -> Partial:
    name, before = place.partial, place.of_state(f"z{place.field}")
    take = f"if {name} is None or v {beats} {name}: {name} = v"
    return Partial(
        name,
        {f"a{place.field}": "None", f"z{place.field}": "None"},
        (take,),
        again=(
            f"{name} = {before}",
            f"for v in {place.values}:",
            *indented(when(place.valid, [take])),
        ),
        drop=(f"if {before} is None or v {beats} {before}: {before} = v",),
    )


def _sliding_extreme(place: Place, beats: str) -> Partial:
    """A queue of the entries that beat all later ones, by their place in the whole lane."""
    queue, head = place.partial, place.of_state(f"h{place.field}")
    add = (
        f"q = {queue}",
        f"while len(q) > {head} and not {place.values}[q[-1] - {place.dropped}] {beats} v: q.pop()",
        f"q.append({place.dropped} + i)",
    )
    best = f"{place.values}[{queue}[{head}] - {place.dropped}]"
    return Partial(
        f"({best} if {head} < len({queue}) else None)",
        {f"a{place.field}": empty(WORDS), f"h{place.field}": "0"},
        add,
        slide=(
            f"q = {queue}; h = {head}; first = {place.dropped} + {place.begin}",
            "while h < len(q) and q[h] < first: h += 1",
            "if h * 2 > len(q): del q[:h]; h = 0",
            f"{head} = h",
        ),
        rebuild=(
            f"{queue} = {empty(WORDS)}; {head} = 0",
            f"for i in range({place.begin}, len({place.log})):",
            *indented([f"v = {place.values}[i]", *when(place.valid, list(add))]),
        ),
    )


def _first(place: Place) -> Partial:
    begin, size = place.begin, place.size
    if place.ever:
        fst = place.of_state(f"fst{place.lane}")
        entry = f"{fst} or ({place.entry('0')} if {size} else None)"
        drop = (f"if n and not {fst}: {fst} = {place.entry('0')}",)
        late = (f"if x[{TIME}] < {fst}[{TIME}]: {fst} = x",)
        return Partial(
            "",
            {f"fst{place.lane}": "None"},
            drop_entry=drop,
            drop_late=late,
            entry=entry,
            index=place.index,
        )
    entry = f"{place.entry(begin)} if {begin} < {size} else None"
    return Partial("", {}, entry=entry, index=place.index)


def _last(place: Place) -> Partial:
    begin, size = place.begin, place.size
    if place.ever:
        lst = place.of_state(f"lst{place.lane}")
        entry = f"{place.entry('-1')} if {size} else {lst}"
        return Partial(
            "",
            {f"lst{place.lane}": "None"},
            drop_entry=(f"if n: {lst} = {place.entry('n - 1')}",),
            entry=entry,
            index=place.index,
        )
    entry = f"{place.entry('-1')} if {begin} < {size} else None"
    return Partial("", {}, entry=entry, index=place.index)


PARTIALS: Final[dict[str, Callable[[Place], Partial]]] = {
    "count": _count,
    "sum": _sum,
    "sum_of_squares": _sum_of_squares,
    "min": _extreme("<"),
    "max": _extreme(">"),
    "n_unique": _n_unique,
    "first": _first,
    "last": _last,
}
if PARTIALS.keys() != METHODS.keys():
    raise AssertionError(f"the partials differ ({sorted(PARTIALS.keys() ^ METHODS.keys())})")


def of_arguments(changes: list[tuple[Place, tuple[str, ...]]], *, held: bool = False) -> list[str]:
    """Statements about ``v`` for each argument, where it counts.

    It is that of entry number ``i`` of the log, if it is ``held`` there; else that of ``x``.
    """
    by_value: dict[tuple[str, str], list[str]] = {}
    for place, lines in changes:
        if lines:
            value = place.value(held=held) if place.indices else ""
            by_value.setdefault((value, place.valid), []).extend(lines)
    found: list[str] = []
    for (value, valid), statements in by_value.items():
        found += [f"v = {value}"] if value else []
        found += when(valid, statements)
    return found
