"""Going back in time for an event that comes late, and making a state anew, as source.

For key number k: ``rewind<k>`` makes a state what it was at an earlier instant and returns what its
lanes have seen since, ``replay<k>`` takes in the late event and then that again, ``settle<k>``
makes the partials of a state whose logs, and what came before them, are given. ``held<k>`` is for
events that come too late: a state as of their time that knows what the logs still hold, and not
what has been dropped from them, of which some may be later than the event.

A late event costs as much as the key's events since its time, and those that the windows have let
go of since; and where a set asks for a sliding minimum or maximum, or for the latest event with
some value, as much as the window.
"""

from engine.backends.online.keys import KeySource
from engine.backends.online.logs import LaneSource, WindowSource
from engine.backends.online.partials import of_arguments
from engine.backends.online.rows import unpack_row
from engine.backends.online.source import function, indented


def late_functions(key: KeySource) -> list[str]:
    """The functions of a key: three, and ``held`` where a window has no end."""
    k, s = key.number, key.state
    return [
        *function(f"rewind{k}", f"{s}, t", _rewind(key)),
        *function(f"replay{k}", f"{s}, row, slip, tails", _replay(key)),
        *function(f"settle{k}", s, _settle(key)),
        *(function(f"held{k}", f"{s}, t", _held(key)) if key.is_ever else []),
    ]


def _rewind(key: KeySource) -> list[str]:
    lines = [*key.load(), "tails = []"]
    for each in key.lanes:
        lines += [
            f"cut = bisect_right({each.log}, t - {each.lane.delay})",
            f"tail = list(zip({', '.join(f'{column}[cut:]' for column in each.columns)}))",
            "tails.append(tail)",
            *_for_each(
                "tail",
                of_arguments([(place, part.evict) for place, part in each.partials if place.ever]),
            ),
        ]
        for window in each.finite:
            lines += _shrink(each, window)
        lines += [f"del {column}[cut:]" for column in each.columns]
        for window in each.finite:
            lines += _unslide(each, window)
            lines += [line for _, partial in window.partials for line in partial.rebuild]
        lines += [line for _, partial in each.partials for line in partial.again]
    return [*lines, "return tails"]


def _shrink(each: LaneSource, window: WindowSource) -> list[str]:
    """Let a window go of what it shows after the cut."""
    begin = window.begin
    evict = _reversible(window)
    loop = [
        f"for i in range(max({begin}, cut), len({each.log})):",
        *indented(evict),
    ]
    return [*(loop if evict else []), f"if {begin} > cut: {begin} = cut"]


def _unslide(each: LaneSource, window: WindowSource) -> list[str]:
    """Move a window's begin back to where it was at ``t``."""
    begin, log = window.begin, each.log
    add = of_arguments(
        [(place, part.add) for place, part in window.partials if not part.rebuild], held=True
    )
    return [
        f"old = {each.oldest(window)}",
        f"while {begin} and {log}[{begin} - 1] >= old:",
        *indented([f"{begin} -= 1", *([f"i = {begin}", *add] if add else [])]),
        f"{window.begin_field} = {begin}",
    ]


def _reversible(window: WindowSource) -> list[str]:
    return of_arguments(
        [(place, partial.evict) for place, partial in window.partials if not partial.rebuild],
        held=True,
    )


def _replay(key: KeySource) -> list[str]:
    lines = [unpack_row(key.layout), f"now = {key.state}.t", *key.load()]
    for each in key.lanes:
        j, delay = each.number, each.lane.delay
        place = _take_place(each)
        wait = f"if t + {delay} > now:"
        block = key.block_of_row()
        if each.lane.labelled:
            lines += [
                *each.pending(block),
                wait,
                *indented(_inserted(each, "p")),
                "else:",
                *indented(each.enter(place)),
            ]
        elif delay:
            then = [wait, *indented(_inserted(each, "x")), "else:", *indented(place)]
            lines += each.entry(block, "t", then)
        else:
            lines += each.entry(block, "t", place)
        lines += [
            *_for_each(f"tails[{j}]", each.grow(surely=True)),
            each.measure(),
            "late, t = t, now",
            *each.slide(),
            "t = late",
        ]
    return lines


def _inserted(each: LaneSource, entry: str) -> list[str]:
    """Let an entry wait for its lane's delay, where it belongs among those that do."""
    return [
        f"i = bisect_right({each.pend}, t, lo={each.head})",
        *(f"{column}.insert(i, {entry}[{n}])" for n, column in enumerate(each.waiting)),
    ]


def _take_place(each: LaneSource) -> list[str]:
    """Put ``x`` where it belongs: among what is taken in again, or among what has been dropped.

    What is older than something dropped lies outside all windows that have an end. Those without
    one count it; it may be the first they saw, and is not the latest.
    """
    j = each.number
    later = f"tails[{j}].insert(bisect_right(tails[{j}], t, key=TIME), x)"
    if not each.is_ever:
        return [later]
    ever = [(place, partial) for place, partial in each.partials if place.ever]
    dropped = [
        *of_arguments([(place, (*partial.add, *partial.drop)) for place, partial in ever]),
        *dict.fromkeys(line for _, partial in ever for line in partial.drop_late),
        f"{each.state}.off{j} += 1",
        # Where entries are is counted from the first there was.
        *(line for _, partial in each.partials for line in partial.rebuild),
    ]
    return [f"if t < {each.state}.past{j}:", *indented(dropped), f"else: {later}"]


def _settle(key: KeySource) -> list[str]:
    lines = [f"t = {key.state}.t", *key.load()]
    for each in key.lanes:
        for window in each.finite:
            begin, log = window.begin, each.log
            add = of_arguments(
                [(place, part.add) for place, part in window.partials if not part.rebuild],
                held=True,
            )
            lines.append(f"{begin} = bisect_left({log}, {each.oldest(window)})")
            lines.append(f"{window.begin_field} = {begin}")
            if add:
                lines.append(f"for i in range({begin}, len({log})):")
                lines += indented(add)
            for _, partial in window.partials:
                lines += [f"i = len({log}) - 1", *partial.grown, *partial.rebuild]
    return lines


def _held(key: KeySource) -> list[str]:
    """A state as of ``t`` with the same logs, and nothing before them."""
    k, s = key.number, key.state
    lines = [f"kept = {s}; {s} = State{k}(); {s}.t = t"]
    for each in key.lanes:
        add = of_arguments(
            [(place, part.add) for place, part in each.partials if place.ever], held=True
        )
        for column, name in zip(each.columns, each.log_fields, strict=True):
            lines.append(f"{column} = {s}.{name} = kept.{name}")
        lines += [f"for i in range(len({each.log})):", *indented(add)] if add else []
    return [*lines, f"settle{k}({s})", f"return {s}"]


def _for_each(entries: str, body: list[str]) -> list[str]:
    return [f"for x in {entries}:", *indented(body)] if body else []
