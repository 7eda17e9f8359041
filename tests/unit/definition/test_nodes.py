import enum
from collections.abc import Callable

import numpy as np
import pytest

from engine.definition import column, if_else, key
from engine.definition.nodes import Aggregate, Call, Column, Literal, Scalar, Window, lift
from engine.errors import DefinitionError

amt = Column("amt")


@pytest.mark.parametrize(
    ("expression", "function", "args"),
    [
        (amt + 1, "add", (amt, Literal(1))),
        (1 + amt, "add", (Literal(1), amt)),
        (amt - 1.5, "sub", (amt, Literal(1.5))),
        (1.5 - amt, "sub", (Literal(1.5), amt)),
        (amt * amt, "mul", (amt, amt)),
        (2 * amt, "mul", (Literal(2), amt)),
        (amt / 2, "div", (amt, Literal(2))),
        (2 / amt, "div", (Literal(2), amt)),
        (amt < 1, "lt", (amt, Literal(1))),
        (amt <= 1, "le", (amt, Literal(1))),
        (amt > 1, "gt", (amt, Literal(1))),
        (amt >= 1, "ge", (amt, Literal(1))),
        (1 < amt, "gt", (amt, Literal(1))),  # noqa: SIM300 - Python turns a literal's comparison round, which is under test
        (amt & (amt > 1), "and", (amt, amt > 1)),
        (amt | amt, "or", (amt, amt)),
        (~amt, "not", (amt,)),
        (amt.eq(3), "eq", (amt, Literal(3))),
        (amt.one_of("a", "b"), "one_of", (amt, Literal("a"), Literal("b"))),
        (amt.fill(0.0), "fill", (amt, Literal(0.0))),
        (amt.is_null(), "is_null", (amt,)),
    ],
    ids=str,
)
def test_operators_make_calls(
    expression: Call, function: str, args: tuple[Column | Literal, ...]
) -> None:
    assert expression == Call(function, args)


@pytest.mark.parametrize(
    "combine",
    [
        lambda: (amt > 1) & (amt == 3),
        lambda: (amt == 3) & (amt > 1),
        lambda: (amt > 1) | (amt != 3),
        lambda: (amt == 3) | (amt > 1),
        lambda: key("a").ever().where(amt == 3),
        lambda: key("a").ever().where(amt > 1).where(amt == 3),
        lambda: if_else(amt == 3, amt, 0),
    ],
)
def test_what_equality_of_definitions_gives_is_no_condition(
    combine: Callable[[], object],
) -> None:
    with pytest.raises(DefinitionError, match=r"a condition is an expression \(was ") as caught:
        combine()
    assert ".eq(…)" in caught.value.hint


def test_expressions_are_equal_by_value() -> None:
    assert column("amt") == Column("amt")
    assert column("amt") != column("lat")
    assert amt + 1 == amt + 1
    assert hash(amt + 1) == hash(amt + 1)
    assert amt + 1 != 1 + amt


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (0.0, -0.0), (0, False), ("1", 1)], ids=repr
)
def test_literals_that_python_calls_equal_are_not(one: Scalar, other: Scalar) -> None:
    assert Literal(one) == Literal(one)
    assert Literal(one) != Literal(other)
    assert len({Literal(one), Literal(other), Literal(one)}) == 2


class Word(enum.StrEnum):
    ONE = "one"


class Number(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("given", "plain"),
    [(Word.ONE, "one"), (Number.ONE, 1), (np.float64(0.1), 0.1), (np.str_("one"), "one")],
    ids=repr,
)
def test_literals_of_subclasses_are_the_plain_values(given: Scalar, plain: Scalar) -> None:
    literal = Literal(given)
    assert literal == Literal(plain)
    assert type(literal.value) is type(plain)


@pytest.mark.parametrize(
    "misuse",
    [lambda: bool(amt), lambda: amt and 1, lambda: not amt, lambda: 0 < amt < 1],
)
def test_an_expression_has_no_truth_value(misuse: Callable[[], object]) -> None:
    with pytest.raises(DefinitionError, match="no truth value") as caught:
        misuse()
    assert "amt" in caught.value.what
    assert "if_else" in caught.value.hint


def test_lift_makes_literals_of_scalars_only() -> None:
    assert lift(amt) is amt
    assert lift("text") == Literal("text")


def test_nodes_read_like_definitions() -> None:
    window = Window(900_000_000, 60_000_000)
    aggregate = Aggregate("mean", amt, ("cc_num", "merchant"), window, amt > 0)
    assert (
        str(aggregate) == "mean(amt) by (cc_num, merchant) over 900s until 60s ago where gt(amt, 0)"
    )
    assert str(Window(None)) == "for ever"
    assert str(amt.fill("x")) == "fill(amt, 'x')"
