import pytest

from engine.definition import (
    CARD,
    FLOAT,
    INT,
    POS,
    TEXT,
    TIME,
    age,
    column,
    day_of_week,
    haversine_km,
    hour,
    if_else,
    key,
    log1p,
    money_type,
    sqrt,
)
from engine.definition.infer import is_bounded, type_of
from engine.definition.nodes import Aggregate, Call, Expression, Literal, Window
from engine.definition.types import BOOL, Type
from engine.errors import DefinitionError

MONEY = money_type(2)
amt, lat, merchant, time = column("amt"), column("lat"), column("merchant"), column("unix_time")
past = key("cc_num").ever()


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        (column("cc_num"), CARD),
        (time, TIME),
        (amt, MONEY),
        (merchant, TEXT),
        (lat, FLOAT),
        (column("is_fraud"), INT),
        (Literal(1), INT),
        (Literal(1.0), FLOAT),
        (Literal("a"), TEXT),
        (Literal(value=True), BOOL),
        (amt + 1, FLOAT),
        (amt / amt, FLOAT),
        (sqrt(amt), FLOAT),
        (log1p(amt), FLOAT),
        (amt > 1, BOOL),
        (merchant.eq("a"), BOOL),
        (time.eq(time), BOOL),
        (amt.eq(1), BOOL),
        (merchant.one_of("a"), BOOL),
        ((amt > 1) & (lat > 1), BOOL),
        (~(amt > 1), BOOL),
        (merchant.is_null(), BOOL),
        (amt.fill(amt), MONEY),
        (amt.fill(0), FLOAT),
        (Literal(1).fill(2), INT),
        (merchant.fill(""), TEXT),
        (if_else(amt > 1, amt, amt), MONEY),
        (if_else(amt > 1, 1, 0), INT),
        (if_else(amt > 1, 1, 0.0), FLOAT),
        (if_else(amt > 1, merchant, "a"), TEXT),
        (hour(time), INT),
        (day_of_week(time), INT),
        (age(column("dob"), time), INT),
        (Call("seconds_between", (time, time)), FLOAT),
        (haversine_km(lat, lat, 0, 0), FLOAT),
        (past.count(), INT),
        (past.count(merchant), INT),
        (past.n_unique(merchant), INT),
        (past.exists(), BOOL),
        (past.seconds_since_last(), FLOAT),
        (past.sum(amt), MONEY),
        (past.sum(amt > 1), INT),
        (past.sum(hour(time)), INT),
        (past.mean(amt), FLOAT),
        (past.std(amt > 1), FLOAT),
        (past.min(amt), MONEY),
        (past.max(lat), FLOAT),
        (past.first(merchant), TEXT),
        (past.last(time), TIME),
        (key("cc_num").previous(column("cc_num")), CARD),
        (past.last(amt > 1), BOOL),
    ],
    ids=str,
)
def test_types(expression: Expression, type_: Type) -> None:
    assert type_of(expression, POS) == type_


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (column("amount"), "no such column .was 'amount'"),
        (past.sum("amount"), "no such column"),
        (Call("log2", (amt,)), "no such function .was 'log2'"),
        (Aggregate("median", amt, (), Window(None)), "no such aggregate .was 'median'"),
        (Aggregate("exists", amt, (), Window(None)), "exists takes no argument"),
        (Aggregate("sum", None, (), Window(None)), "sum takes an argument"),
        (merchant + 1, "add takes 2 numbers"),
        (time - time, "sub takes 2 numbers"),
        (column("cc_num") > 1, "gt takes 2 numbers"),
        (sqrt(merchant), "sqrt takes 1 number "),
        (merchant.eq(1), "eq takes two values of one type"),
        (time.eq(1), "eq takes two values of one type"),
        (Call("eq", (amt,)), "eq takes two values"),
        (amt.one_of("a"), "one_of takes a text"),
        (merchant.one_of(), "one_of takes a text"),
        (merchant.one_of("a", 1), "one_of takes a text"),
        (amt & (amt > 1), "and takes 2 conditions"),
        (~amt, "not takes 1 condition "),
        (Call("is_null", ()), "is_null takes one value"),
        (merchant.fill(0), "fill takes two values of one type"),
        (Call("fill", (amt,)), "fill takes a value and"),
        (if_else(amt, 1, 2), "if_else takes a condition"),
        (if_else(amt > 1, 1, "a"), "if_else takes two values of one type"),
        (hour(amt), "hour takes .time."),
        (age(time, time), "age takes .text, time."),
        (haversine_km(lat, lat, lat, merchant), "haversine_km takes 4 numbers"),
        (past.sum(lat), "sum takes whole numbers, money"),
        (past.mean(amt / 2), "mean takes whole numbers, money"),
        (past.min(merchant), "min takes numbers"),
        (past.max(amt > 1), "max takes numbers"),
    ],
    ids=str,
)
def test_what_does_not_suit_is_refused(expression: Expression, message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        type_of(expression, POS)
    assert "(was " in caught.value.what
    assert caught.value.hint


def test_the_refusal_of_a_float_sum_names_the_cure() -> None:
    with pytest.raises(DefinitionError) as caught:
        type_of(past.sum(lat), POS)
    assert "money_type" in caught.value.hint


@pytest.mark.parametrize(
    ("expression", "bounded"),
    [
        (amt, True),
        (column("is_fraud"), True),
        (amt > 1, True),
        (amt.fill(amt), True),
        (hour(time), True),
        (Literal(2**30), True),
        (Literal(2**30 + 1), False),
        (Literal(1.5), False),
        (Literal("a"), False),
        (if_else(amt > 1, 1, 2**31), False),
        (if_else(amt > 1, 1, 0), True),
        (hour(time).fill(2**31), False),
        (past.count(), False),
        (amt + 1, False),
    ],
    ids=str,
)
def test_bounds(expression: Expression, bounded: bool) -> None:  # noqa: FBT001 - an expected value
    assert is_bounded(expression, POS) is bounded
