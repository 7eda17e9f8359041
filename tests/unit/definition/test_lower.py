from dataclasses import replace

from conformance.broad import broad
from engine.catalog import notebook
from engine.definition import POS, column, key
from engine.definition.aggregates import PRIMITIVES
from engine.definition.infer import type_of
from engine.definition.lower import lower, lower_expression
from engine.definition.nodes import Aggregate, Call, Expression, Literal, Window

amt, time = column("amt"), column("unix_time")
history = key("cc_num").last(hours=1, delay_seconds=60).where(amt > 1)


def lowered(expression: Expression) -> Expression:
    return lower_expression(expression, POS)


def test_only_primitives_are_left() -> None:
    for features in (notebook, broad()):
        for expression in lower(features):
            assert _aggregates(expression) <= PRIMITIVES


def test_types_stay() -> None:
    for features in (notebook, broad()):
        for feature, expression in zip(features.features, lower(features), strict=True):
            assert type_of(expression, features.schema) == type_of(
                feature.expression, features.schema
            )


def test_moments_become_one_formula_over_power_sums() -> None:
    count, total, squares = history.count(amt), history.sum(amt), history.sum(amt)
    squares = replace(squares, name="sum_of_squares")
    assert lowered(history.mean(amt)) == Call("exact_mean", (count, total, Literal(100)))
    assert lowered(history.var(amt)) == Call("exact_var", (count, total, squares, Literal(100)))
    assert lowered(history.std(amt)) == Call("exact_std", (count, total, squares, Literal(100)))
    assert lowered(history.mean(amt > 1)).args[-1] == Literal(1)


def test_what_is_a_question_of_the_latest_event_becomes_last() -> None:
    latest = history.last(time)
    assert lowered(key("cc_num").previous(amt)) == Aggregate("last", amt, ("cc_num",), Window(None))
    assert lowered(history.seconds_since_last()) == Call("seconds_between", (time, latest))
    assert lowered(history.exists()) == Call("not", (Call("is_null", (latest,)),))


def test_primitives_and_rows_stay_as_they_are() -> None:
    for expression in (history.sum(amt), history.n_unique("merchant"), amt + 1, Literal(1)):
        assert lowered(expression) == expression
    assert lowered(1 + history.mean(amt)) == 1 + lowered(history.mean(amt))


def _aggregates(expression: Expression) -> set[str]:
    match expression:
        case Aggregate(name):
            return {name}
        case Call(_, args):
            return set().union(*map(_aggregates, args))
        case _:
            return set()
