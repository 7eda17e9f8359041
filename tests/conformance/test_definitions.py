"""The definitions that nobody wrote use the whole language."""

from collections import Counter
from collections.abc import Iterable, Iterator

from hypothesis import Phase, given, settings

from conformance.definitions import definitions, set_of
from conformance.logs import LOG
from engine.definition.aggregates import AGGREGATES
from engine.definition.functions import FUNCTIONS
from engine.definition.needs import columns_in
from engine.definition.nodes import Aggregate, Call, Expression


def test_the_author_uses_the_whole_language() -> None:
    met: Counter[object] = Counter()

    @settings(max_examples=500, derandomize=True, database=None, phases=(Phase.generate,))
    @given(definitions(LOG))
    def write(expressions: list[Expression]) -> None:
        features = set_of(LOG, expressions)  # what is not well formed is refused here
        for written in features.features:
            met.update(_traits(written.expression))
            met["labels"] += "is_fraud" in columns_in(written.expression)
        keys = [set(node.key) for node in _nodes(expressions) if isinstance(node, Aggregate)]
        met["a key extends another"] += any(one < other for one in keys for other in keys if one)

    write()
    traits = {
        *(("aggregate", name) for name, spec in AGGREGATES.items() if not spec.internal),
        *(("function", name) for name, spec in FUNCTIONS.items() if not spec.internal),
        *(("key columns", count) for count in range(4)),
        *(
            ("window", length, delay)
            for length in ("none", "finite", "for ever")
            for delay in (False, True)
        ),
        *(("where", deep) for deep in (False, True)),
        *(("chain", name) for name in ("function over aggregate", "aggregate over function")),
        "labels",
        "a key extends another",
    }
    assert not {trait for trait in traits if met[trait] < 2}


def _traits(expression: Expression) -> Iterator[object]:
    for node in _nodes([expression]):
        match node:
            case Aggregate(name, argument, key, window, where):
                yield "aggregate", name
                yield "key columns", len(key)
                length = "for ever" if window.length is None else "finite"
                yield "window", "none" if window.length == 0 else length, window.delay > 0
                if where is not None:
                    yield "where", isinstance(where, Call)
                if isinstance(argument, Call):
                    yield "chain", "aggregate over function"
            case Call(name, args):
                yield "function", name
                if any(isinstance(arg, Aggregate) for arg in args):
                    yield "chain", "function over aggregate"
            case _:
                pass


def _nodes(expressions: Iterable[Expression]) -> Iterator[Expression]:
    for expression in expressions:
        yield expression
        match expression:
            case Call(_, args):
                yield from _nodes(args)
            case Aggregate(_, argument, _, _, where):
                yield from _nodes(part for part in (argument, where) if part is not None)
            case _:
                pass
