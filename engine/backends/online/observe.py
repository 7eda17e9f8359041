"""What happens when an event comes, as source: functions for all keys together.

``observe(o, row)`` takes the running set ``o`` (``engine.py``) and a row (``rows.py``). An event
that is not late takes one straight way: its keys' states are found, time passes for them, the
features are read and the event is taken in, all in local variables. ``observe_late`` is for the
others, and ``read`` tells the features of an event that is not taken in, from copies of its keys'
states; ``alone`` does so as if its keys had no history. An event whose clock is not believed is
handed to ``o.doubt``. A state may be a record (``record_source.py``), for the straight way alone.
"""

from engine.backends.online.hourly import Hourly
from engine.backends.online.keys import KeySource
from engine.backends.online.lanes import Layout
from engine.backends.online.rows import column_of_row, unpack_row
from engine.backends.online.scalars import Block, Value, as_feature, uses
from engine.backends.online.source import function, indented, when
from engine.definition.nodes import Aggregate, Expression


def observe_functions(layout: Layout, keys: list[KeySource]) -> list[str]:
    """The four functions, and what they call."""
    in_order, hourly = _in_order(layout, keys)
    return [
        *hourly,
        *function("observe", "o, row", in_order),
        *function("observe_late", "o, row", _late(layout, keys)),
        *function("read", "o, row", _read(layout, keys)),
        *function("alone", "o, row", _alone(layout, keys)),
    ]


def _in_order(layout: Layout, keys: list[KeySource]) -> tuple[list[str], list[str]]:
    """The straight way, and the function of what it asks for once an hour."""
    hourly = Hourly(layout.features.schema, layout.type_of)
    block = _block(layout, keys, hourly, in_order=True)
    advanced: list[str] = []
    for key in keys:
        advanced += _found(key, block, [_begun(key)])
        of_object = _advanced(key)
        advanced += key.records.observe(block, of_object) if key.records else of_object
    outputs = _outputs(layout, block)
    values, block.lines = block.lines, []
    taken_in: list[str] = []
    for key in keys:
        # What is computed for one key alone is not there for the next.
        inner = block.inner() if key.is_nullable or key.records else block
        is_object = f"{key.state}.__class__ is not int" if key.records else ""
        taken_in += when(is_object, _unless_nobody(key, key.add(inner)))
    lines = [
        unpack_row(layout),
        "recent = o.recent; was_at = o.watermark",
        "if event in recent or event in o.recent_before:",
        *indented(["o.duplicates += 1", "return None"]),
        "if t < was_at: return observe_late(o, row)",
        "if t > o.alarm:",
        *indented(
            [
                "if t - was_at > o.leap: return o.doubt(row)",
                "o.ring(t)",
                "recent = o.recent",
            ]
        ),
        "o.watermark = t",
        *hourly.load(),
        *_or_taken_back(keys, [*advanced, *values, f"features = ({outputs})"]),
        "o.events += 1; recent.add(event)",
        *(["slip = o.labels.slip(event, t, t)"] if layout.longest_delay >= 0 else []),
        *taken_in,
        "return features",
    ]
    return lines, hourly.function()


def _or_taken_back(keys: list[KeySource], lines: list[str]) -> list[str]:
    """What must not fail once records have taken the event in; if it does, they give it back."""
    taken = [key.records.taken for key in keys if key.records]
    if not taken:
        return lines
    return [
        f"{' = '.join(taken)} = None",
        "try:",
        *indented(lines),
        "except BaseException:",
        *indented([f"if {record} is not None: take_back({record})" for record in taken]),
        "    raise",
    ]


def _late(layout: Layout, keys: list[KeySource]) -> list[str]:
    block = _block(layout, keys)
    lines = [
        unpack_row(layout),
        "if o.watermark - t > o.leap: return o.doubt(row)",
        "o.late += 1",
        "o.stand()",
        "floor = o.watermark - o.lateness",
        "o.too_late += t < floor",
    ]
    for key in keys:
        k = key.number
        back = [_begun(key), *_as_object(key), *_at_that_time(key)]
        lines += [f"tails{k} = None", *_found(key, block, back), *key.load()]
    outputs = _outputs(layout, block)
    lines += [*block.lines, f"features = ({outputs})", *_counted(layout)]
    for key in keys:
        k, s = key.number, key.state
        again = [
            f"if tails{k} is None: add{k}({s}, row, slip)",
            f"else: replay{k}({s}, row, slip, tails{k})",
        ]
        restore = [f"{s} = kept{k}"] if key.is_ever else []
        quiet = [f"o.keys[{k}].make_record(name{k})"] if key.records else []
        lines += _unless_nobody(key, [*restore, *again, *quiet])
    return [*lines, "return features"]


def _read(layout: Layout, keys: list[KeySource]) -> list[str]:
    block = _block(layout, keys)
    lines = [unpack_row(layout), "floor = o.watermark - o.lateness"]
    for key in keys:
        k, s = key.number, key.state
        copy = f"{s} = State{k}() if {s} is None else o.keys[{k}].copied({s})"
        lines += [*_found(key, block, [copy, *_at_that_time(key)]), *key.load()]
    outputs = _outputs(layout, block)
    return [*lines, *block.lines, f"return ({outputs})"]


def _alone(layout: Layout, keys: list[KeySource]) -> list[str]:
    block = _block(layout, keys)
    lines = [unpack_row(layout)]
    for key in keys:
        lines += [f"{key.state} = o.nobody[{key.number}]", *key.load()]
    outputs = _outputs(layout, block)
    return [*lines, *block.lines, f"return ({outputs})"]


def _at_that_time(key: KeySource) -> list[str]:
    """Make a state what it was at ``t``, which may be earlier or later; keep what has to be undone.

    It is trimmed as if it had been quiet: which of its past is still held must not depend on that.
    """
    k, s = key.number, key.state
    return [
        f"if t < floor: trim{k}({s}, floor)",
        f"if t < {s}.t: tails{k} = rewind{k}({s}, t)",
        f"else: advance{k}({s}, t, floor)",
        *_forget_what_is_later(key),
    ]


def _forget_what_is_later(key: KeySource) -> list[str]:
    """Look at what the logs hold alone, where of what they do not some is later than the event."""
    if not key.is_ever:
        return []
    later = " or ".join(
        f"{key.state}.past{each.number} > t - {each.lane.delay}"
        for each in key.lanes
        if each.is_ever
    )
    k, s = key.number, key.state
    return [f"kept{k} = {s}", f"if t < floor and ({later}): {s} = held{k}({s}, t)"]


def _block(
    layout: Layout, keys: list[KeySource], hourly: Hourly | None = None, *, in_order: bool = False
) -> Block:
    def known(block: Block, expression: Expression) -> Value | None:
        if isinstance(expression, Aggregate):
            ways = (key.records.read if key.records and in_order else key.read for key in keys)
            return next(value for read in ways if (value := read(block, expression)))
        return column_of_row(layout, expression)

    asked = uses(layout.expressions)
    return Block(layout.features.schema, layout.type_of, known, asked, hourly)


def _found(key: KeySource, block: Block, then: list[str]) -> list[str]:
    """Find the event's state, None if there is none, and then …; without a key it is nobody's."""
    k, s = key.number, key.state
    name = key.name_of(block)
    lines = [f"{s} = o.held[{k}].get(name{k} := {name})", *then]
    if not key.is_nullable:
        return lines
    is_nobody = f"{name} is None" if len(key.key) == 1 else f"None in {name}"
    return [f"if {is_nobody}: {s} = o.nobody[{k}]", "else:", *indented(lines)]


def _as_object(key: KeySource) -> list[str]:
    """Make an object of a state that is a record."""
    k, s = key.number, key.state
    return (
        [f"if {s}.__class__ is int: {s} = o.keys[{k}].make_object(name{k})"] if key.records else []
    )


def _begun(key: KeySource) -> str:
    """Begin the state of a key that has none."""
    k, s = key.number, key.state
    return f"if {s} is None: {s} = o.begin({k}, name{k}, t)"


def _advanced(key: KeySource) -> list[str]:
    """Let time pass for a state, and load it; of nobody there is nothing to change."""
    advanced = _unless_nobody(key, key.advance("t - o.lateness"))
    return [*advanced, *(_else(key.load()) if key.is_nullable else [])]


def _else(lines: list[str]) -> list[str]:
    return ["else:", *indented(lines)]


def _unless_nobody(key: KeySource, lines: list[str]) -> list[str]:
    if not key.is_nullable:
        return lines
    return [f"if {key.state} is not o.nobody[{key.number}]:", *indented(lines)]


def _outputs(layout: Layout, block: Block) -> str:
    values = [as_feature(block, expression) for expression in layout.expressions]
    return f"{', '.join(values)},"


def _counted(layout: Layout) -> list[str]:
    """The late event has been scored."""
    slip = "o.labels.slip(event, t, o.watermark)" if layout.longest_delay >= 0 else "None"
    return [
        "o.events += 1",
        "if o.watermark > o.turn: o.turn_over()",
        "o.recent.add(event)",
        f"slip = {slip}",
    ]
