"""The partials of a window's aggregates as source: how each starts, grows, shrinks and is read.

A partial is one or two fields of a key's state ``s``. An aggregate over a finite window takes in
what is new and lets go of what is left behind; over a window without an end it only takes in, and
can give back the latest where events come late. ``x`` is the entry that comes or goes, ``log`` the
lane's entries, of which ``s.off…`` were dropped before the first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.backends.online.algebra import METHODS
from engine.backends.online.source import indented, when


@dataclass(frozen=True, slots=True)
class Place:
    """Where an aggregate's partial and argument are found.

    Parameters
    ----------
    field
        The number of the aggregate's fields in the key's state.
    lane, window
        The numbers of the lane's and the window's fields.
    argument
        The index of the argument in an entry; None where it takes none.
    valid
        The condition under which ``v``, the argument, counts; empty if always.
    ever
        Whether the window has no end.
    """

    field: int
    lane: int
    window: int
    argument: int | None
    valid: str
    ever: bool

    @property
    def begin(self) -> str:
        """Where the window begins in the log."""
        return f"s.b{self.window}"


@dataclass(frozen=True, slots=True)
class Partial:
    """The source of one aggregate's partial.

    Parameters
    ----------
    fields
        Names of the fields and their values at the start.
    add, evict
        Statements that take ``v`` in and let it go again. A partial that only positions tell has
        neither.
    slide
        Statements after the window's begin has moved.
    read
        The value: statements are done by ``add`` and ``evict``, this is an expression.
    again
        Statements that make the partial anew from the log and what came before it, for one that
        lets nothing go.
    drop
        Statements that put ``v``, which leaves the log, with what came before.
    drop_entry
        The same about the whole entry, whatever its argument.
    """

    read: str
    fields: dict[str, str]
    add: tuple[str, ...] = ()
    evict: tuple[str, ...] = ()
    slide: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    drop_entry: tuple[str, ...] = ()


def _count(place: Place) -> Partial:
    if place.argument is None or not place.valid:
        before = f"s.off{place.lane}" if place.ever else f"-{place.begin}"
        return Partial(f"len(s.log{place.lane}) + {before}", {})
    name = f"s.a{place.field}"
    return Partial(name, {name: "0"}, (f"{name} += 1",), (f"{name} -= 1",))


def _sum(place: Place) -> Partial:
    name = f"s.a{place.field}"
    return Partial(name, {name: "0"}, (f"{name} += v",), (f"{name} -= v",))


def _sum_of_squares(place: Place) -> Partial:
    name = f"s.a{place.field}"
    return Partial(name, {name: "0"}, (f"{name} += v * v",), (f"{name} -= v * v",))


def _n_unique(place: Place) -> Partial:
    """A count for each value; no dictionary is made for a window that shows nothing."""
    name = f"s.a{place.field}"
    return Partial(
        f"len({name}) if {name} else 0",
        {name: "None"},
        (
            f"d = {name}",
            f"if d is None: {name} = {{v: 1}}",
            "else: d[v] = d.get(v, 0) + 1",
        ),
        (
            f"d = {name}",
            "if d[v] > 1: d[v] -= 1",
            f"elif len(d) == 1: {name} = None",
            "else: del d[v]",
        ),
    )


def _extreme(beats: str) -> Callable[[Place], Partial]:
    def of_place(place: Place) -> Partial:
        return _ever_extreme(place, beats) if place.ever else _sliding_extreme(place, beats)

    return of_place


def _ever_extreme(place: Place, beats: str) -> Partial:
    name, before = f"s.a{place.field}", f"s.z{place.field}"
    return Partial(
        name,
        {name: "None", before: "None"},
        (f"if {name} is None or v {beats} {name}: {name} = v",),
        again=(
            f"{name} = {before}",
            f"for x in s.log{place.lane}:",
            *indented(
                [
                    f"v = x[{place.argument}]",
                    *when(place.valid, [f"if {name} is None or v {beats} {name}: {name} = v"]),
                ]
            ),
        ),
        drop=(f"if {before} is None or v {beats} {before}: {before} = v",),
    )


def _sliding_extreme(place: Place, beats: str) -> Partial:
    """A queue of the entries that beat all later ones, by their place in the whole lane."""
    queue, head = f"s.a{place.field}", f"s.h{place.field}"
    return Partial(
        f"{queue}[{head}][1] if {head} < len({queue}) else None",
        {queue: "[]", head: "0"},
        (
            f"q = {queue}",
            f"while len(q) > {head} and not q[-1][1] {beats} v: q.pop()",
            f"q.append((s.off{place.lane} + len(log) - 1, v))",
        ),
        slide=(
            f"q = {queue}; h = {head}; first = s.off{place.lane} + b",
            "while h < len(q) and q[h][0] < first: h += 1",
            "if h * 2 > len(q): del q[:h]; h = 0",
            f"{head} = h",
        ),
    )


def _first(place: Place) -> Partial:
    log, index = f"s.log{place.lane}", place.argument
    if place.ever:
        fst = f"s.fst{place.lane}"
        value = f"({fst}[{index}] if {fst} else {log}[0][{index}] if {log} else None)"
        return Partial(value, {fst: "None"}, drop_entry=(f"if not {fst}: {fst} = x",))
    return Partial(f"({log}[{place.begin}][{index}] if {place.begin} < len({log}) else None)", {})


def _last(place: Place) -> Partial:
    log, index = f"s.log{place.lane}", place.argument
    if place.ever:
        lst = f"s.lst{place.lane}"
        value = f"({log}[-1][{index}] if {log} else {lst}[{index}] if {lst} else None)"
        return Partial(value, {lst: "None"}, drop_entry=(f"{lst} = x",))
    return Partial(f"({log}[-1][{index}] if {place.begin} < len({log}) else None)", {})


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
