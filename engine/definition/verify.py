"""The only judge of what is a well-formed feature set."""

import math
import re
from collections.abc import Iterator
from reprlib import repr as short
from typing import Final

from engine.definition.aggregates import AGGREGATES
from engine.definition.functions import FUNCTIONS
from engine.definition.infer import is_bounded, type_of
from engine.definition.needs import columns_in
from engine.definition.nodes import (
    BY_EQ,
    Aggregate,
    Call,
    Column,
    Expression,
    Feature,
    FeatureSet,
    Literal,
    Window,
)
from engine.definition.schema import Schema
from engine.definition.types import Kind
from engine.errors import DefinitionError

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SUMS: Final = frozenset({"sum", "mean", "var", "std"})
_FEATURE_KINDS: Final = frozenset({Kind.INT, Kind.FLOAT, Kind.MONEY, Kind.BOOL, Kind.TEXT})
_MICROSECONDS: Final = 1_000_000
# 73,000 years: no sum of an instant and two spans leaves 64 bits.
_LONGEST: Final = 2**61
_INT64: Final = range(-(2**63), 2**63)
# Every engine walks an expression by recursion, some with several steps of Python's for each level.
_DEEPEST: Final = 150
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def verify(features: FeatureSet) -> None:
    """Check a feature set, whatever way it was made.

    Raises
    ------
    DefinitionError
        At the first thing that is not well formed; the message names the feature, the value and
        what to do.
    """
    _verify_kinds(features)
    if not features.features:
        raise DefinitionError(
            f"feature set {features.name!r} is empty (was ())", hint="give it at least one feature"
        )
    seen: set[str] = set()
    for feature in features.features:
        try:
            _verify_name(feature.name, seen, features.schema)
            _verify_feature(feature, features.schema)
        except DefinitionError as error:
            raise DefinitionError(
                f"feature {feature.name!r} of {features.name!r}: {error.what}", hint=error.hint
            ) from None


def _verify_kinds(features: FeatureSet) -> None:
    """That a set is made of what it has to be, which Python does not ask."""
    name: object = features.name
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise DefinitionError(
            "the name of a feature set is a letter, then letters, digits and underscores "
            f"(was {short(name)})",
            hint="files are called after it",
        )
    if not isinstance(features.schema, Schema):
        raise DefinitionError(
            f"feature set {name!r} has a schema (was {short(features.schema)})",
            hint="give one such as POS, which engine.definition has, without quotes",
        )
    if not isinstance(features.features, tuple):
        raise DefinitionError(
            f"feature set {name!r} has a tuple of features (was {short(features.features)})",
            hint="make the set with feature_set(…), which makes one of any list",
        )
    for each in features.features:
        if not isinstance(each, Feature):
            raise DefinitionError(
                f"feature set {name!r} has nothing but features (was {short(each)})",
                hint="make each of them with feature(…)",
            )


def _verify_name(name: object, seen: set[str], schema: Schema) -> None:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise DefinitionError(
            f"a name is a letter, then letters, digits and underscores (was {short(name)})",
            hint="it becomes a column's name in Parquet and SQL",
        )
    # DuckDB's identifiers ignore case, so two names must differ in more than that.
    if name.lower() in seen:
        raise DefinitionError(
            f"the name is taken (was {name!r})", hint="names must differ in more than their case"
        )
    cards = {column.name for column in schema.columns if column.type.kind is Kind.CARD}
    identity = {"event_id", schema.event_time, schema.label, schema.label_time, *cards}
    if name.lower() in {taken.lower() for taken in identity if taken is not None}:
        raise DefinitionError(
            f"the name is that of a column that stands beside the features (was {name!r})",
            hint="choose another name",
        )
    seen.add(name.lower())


def _verify_feature(feature: Feature, schema: Schema) -> None:
    _verify_doc(feature.doc)
    _verify_depth(feature.expression)
    kind = type_of(feature.expression, schema).kind
    if kind not in _FEATURE_KINDS:
        raise DefinitionError(
            f"a feature is a number, a condition or a text (was {kind.value})",
            hint="make a number of it, such as a count or the seconds between two instants",
        )
    if schema.label_time is not None and schema.label_time in columns_in(feature.expression):
        raise DefinitionError(
            f"when a label became known says that there is one (was {schema.label_time!r})",
            hint="read the label itself over a delayed window; what came too late is null there",
        )
    for node in _walk(feature.expression):
        match node:
            case Literal(value):
                _verify_literal(value)
            case Call():
                _verify_call(node)
            case Aggregate():
                _verify_aggregate(node, schema)
            case _:
                pass
    _verify_no_label(feature.expression, schema)
    if not any(isinstance(node, Column | Aggregate) for node in _walk(feature.expression)):
        raise DefinitionError(
            f"a feature looks at columns or at past events (was {feature.expression}, a constant)",
            hint=BY_EQ,
        )


def _verify_doc(doc: object) -> None:
    if not isinstance(doc, str):
        raise DefinitionError(
            f"a doc is a text (was {doc!r})", hint="say in a few words what the feature is"
        )


def _verify_depth(expression: Expression) -> None:
    level, depth = [expression], 0
    while level:
        depth += 1
        for node in level:
            _verify_node(node)
        level = [part for node in level for part in _parts(node)]
    if depth > _DEEPEST:
        raise DefinitionError(
            f"an expression is nested {_DEEPEST} deep at most (was {depth:,})",
            hint="add up in pairs rather than one after the other, or make several features of it",
        )


def _verify_node(node: Expression) -> None:
    match node:
        case Column(name):
            well = _all_are(str, name)
        case Call(function, args):
            well = _all_are(str, function) and _all_are(tuple, args)
        case Aggregate(name, _, key, window, _):
            well = _all_are(Window, window) and _all_are(tuple, key) and _all_are(str, name, *key)
        case _:
            well = True
    if not well:
        raise DefinitionError(
            f"columns, functions and aggregates are named by texts (was {short(node)})",
            hint="make expressions with column(…), key(…) and the functions of the language",
        )


def _all_are(kind: type, *values: object) -> bool:
    return all(isinstance(value, kind) for value in values)


def _verify_literal(value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise DefinitionError(
            f"a literal is finite (was {value})", hint="use a large number, such as 1e9"
        )
    if isinstance(value, int) and value not in _INT64:
        raise DefinitionError(
            f"a whole number has 64 bits (was {value})", hint="write it as a float"
        )
    if isinstance(value, str) and _SURROGATE.search(value):
        raise DefinitionError(
            f"a text is made of characters (was {value!r}, with half of one)",
            hint="decode it from what it is in, such as UTF-8",
        )


def _verify_call(call: Call) -> None:
    if FUNCTIONS[call.function].internal:
        raise DefinitionError(
            f"{call.function} is not for authors (was {call.function})",
            hint="use the aggregate that lowers to it: mean, var or std",
        )
    # A set of constants is looked up, and none of them is null.
    if call.function == "one_of" and not all(isinstance(arg, Literal) for arg in call.args[1:]):
        raise DefinitionError(
            f"one_of compares with literals (was {call})",
            hint="compare with another expression by .eq(…), and combine conditions with |",
        )


def _verify_aggregate(aggregate: Aggregate, schema: Schema) -> None:
    if AGGREGATES[aggregate.name].internal:
        raise DefinitionError(
            f"{aggregate.name} is not for authors (was {aggregate})",
            hint="use the aggregate that lowers to it: var or std",
        )
    for name in aggregate.key:
        _verify_key(name, schema)
    if len(set(aggregate.key)) != len(aggregate.key):
        raise DefinitionError(
            f"a key names a column once (was {aggregate.key})", hint="drop the second one"
        )
    _verify_window(aggregate, schema)
    for inner in (aggregate.argument, aggregate.where):
        if inner is not None and any(isinstance(node, Aggregate) for node in _walk(inner)):
            raise DefinitionError(
                f"an aggregate looks at events, not at other aggregates (was {aggregate})",
                hint="combine aggregates outside of each other",
            )
    if aggregate.where is not None and type_of(aggregate.where, schema).kind is not Kind.BOOL:
        raise DefinitionError(
            f"where takes a condition (was {aggregate.where})", hint="compare it with something"
        )
    if (
        aggregate.name in _SUMS
        and aggregate.argument is not None
        and not is_bounded(aggregate.argument, schema)
    ):
        raise DefinitionError(
            f"{aggregate.name} of values without bounds could overflow (was {aggregate.argument})",
            hint="declare low and high in the schema, at most 2^30 minor units from 0",
        )


def _verify_key(name: str, schema: Schema) -> None:
    column = schema.by_name.get(name)
    if column is None:
        raise DefinitionError(
            f"schema {schema.name!r} has no such key column (was {name!r})",
            hint=f"it has {', '.join(schema.by_name)}",
        )
    if column.label or column.type.kind not in {Kind.CARD, Kind.TEXT, Kind.INT}:
        raise DefinitionError(
            f"a key identifies an entity (was {name!r}, {column.type})",
            hint="use card, text or int columns that are no label",
        )


def _verify_window(aggregate: Aggregate, schema: Schema) -> None:
    window = aggregate.window
    for what, span in (("length", window.length), ("delay", window.delay)):
        if span is None:
            continue
        if type(span) is not int:  # a float equals it, and has another fingerprint
            raise DefinitionError(
                f"a window's {what} is a whole number of microseconds (was {span!r})",
                hint="give an int, or None for a length without a lower end",
            )
        if span < 0:
            raise DefinitionError(
                f"a window's {what} is at least nothing (was {span} µs)", hint="windows look back"
            )
        if span > _LONGEST:
            raise DefinitionError(
                f"a window's {what} is at most 2^61 µs (was {span} µs)",
                hint="use ever() for a window without a lower end",
            )
        if span * schema.ticks_per_second % _MICROSECONDS:
            raise DefinitionError(
                f"a window's {what} is a whole number of the schema's time unit, "
                f"{schema.time_unit} (was {span} µs)",
                hint="round it, or declare the log in a finer unit",
            )
    if aggregate.name == "previous" and (window.length is not None or window.delay):
        raise DefinitionError(
            f"previous has no window (was {window})", hint="use last for a value within a window"
        )
    if window.delay == 0 and schema.label in set(columns_in(aggregate)):
        raise DefinitionError(
            f"{schema.label!r} is a label, unknown at the time of the event "
            f"(was {aggregate.name} over {window})",
            hint="give the window a delay by which labels are known, such as delay_days=7",
        )


def _verify_no_label(expression: Expression, schema: Schema) -> None:
    """A label may be seen through a delayed window only, never on the event itself."""
    match expression:
        case Column(name):
            if name == schema.label:
                raise DefinitionError(
                    f"{name!r} is a label, unknown at the time of the event (was {name})",
                    hint="aggregate it over a window with a delay",
                )
        case Call(_, args):
            for arg in args:
                _verify_no_label(arg, schema)
        case _:
            pass


def _walk(expression: Expression) -> Iterator[Expression]:
    yield expression
    for part in _parts(expression):
        yield from _walk(part)


def _parts(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Call(_, args):
            return args
        case Aggregate(_, argument, _, _, where):
            return tuple(inner for inner in (argument, where) if inner is not None)
        case _:
            return ()
