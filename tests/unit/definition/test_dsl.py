import pytest

from engine.definition import (
    absolute,
    age,
    column,
    day_of_week,
    feature,
    haversine_km,
    hour,
    if_else,
    key,
    ln,
    log1p,
    sqrt,
)
from engine.definition.nodes import Aggregate, Call, Column, Literal, Window
from engine.errors import DefinitionError

SECOND = 1_000_000
amt = column("amt")


def test_windows_are_held_in_microseconds() -> None:
    day = 86_400 * SECOND
    assert key("a").last(days=28, delay_days=7).window == Window(28 * day, 7 * day)
    assert key("a").last(hours=1, minutes=2, seconds=3).window == Window(3_723 * SECOND)
    assert key("a").last(seconds=1.5, delay_seconds=0.25).window == Window(1_500_000, 250_000)
    late = key("a").last(delay_hours=1, delay_minutes=1).window
    assert late == Window(0, 3_660 * SECOND)
    assert key("a").ever().window == Window(None)
    assert key("a").ever(delay_days=1, delay_seconds=1).window == Window(None, day + SECOND)


@pytest.mark.parametrize("span", [{"seconds": -1}, {"delay_days": -1}])
def test_windows_look_back(span: dict[str, int]) -> None:
    with pytest.raises(DefinitionError, match="looks back") as caught:
        key("a").last(**span)
    assert "=-" in caught.value.what


@pytest.mark.parametrize(
    "name", ["sum", "mean", "var", "std", "min", "max", "n_unique", "first", "last", "count"]
)
def test_an_argument_is_an_expression_or_a_columns_name(name: str) -> None:
    window = key("a").ever()
    by_name = getattr(window, name)("amt")
    assert by_name == Aggregate(name, Column("amt"), ("a",), Window(None))
    assert getattr(window, name)(amt) == by_name
    assert getattr(window, name)(amt * 2).argument == amt * 2


def test_aggregates_without_argument() -> None:
    window = key("a", "b").ever()
    for name in ("count", "seconds_since_last", "exists"):
        assert getattr(window, name)() == Aggregate(name, None, ("a", "b"), Window(None))


def test_a_key_knows_its_previous_event() -> None:
    assert key("a").previous("amt") == Aggregate("previous", amt, ("a",), Window(None))
    assert key("a").seconds_since_last() == key("a").ever().seconds_since_last()


def test_no_columns_are_the_whole_stream() -> None:
    assert key().ever().count().key == ()


def test_conditions_add_up() -> None:
    window = key("a").ever()
    first, second = amt > 1, column("b").is_null()
    assert window.count().where is None
    assert window.where(first).count().where == first
    assert window.where(first).where(second).count().where == first & second
    # A history is a value: the narrower one leaves the wider as it was.
    assert window.condition is None


def test_functions_make_calls() -> None:
    time = column("t")
    assert if_else(amt > 0, 1, amt) == Call("if_else", (amt > 0, Literal(1), amt))
    assert ln(2) == Call("ln", (Literal(2),))
    assert log1p(amt) == Call("ln", (Call("add", (Literal(1.0), amt)),))
    assert sqrt(amt) == Call("sqrt", (amt,))
    assert absolute(amt) == Call("abs", (amt,))
    assert hour(time) == Call("hour", (time,))
    assert day_of_week(time) == Call("day_of_week", (time,))
    assert age(column("d"), time) == Call("age", (column("d"), time))
    assert haversine_km(1.0, 2.0, amt, 0) == Call(
        "haversine_km", (Literal(1.0), Literal(2.0), amt, Literal(0))
    )


def test_a_feature_lifts_its_expression() -> None:
    assert feature("one", 1, "always 1").expression == Literal(1)


@pytest.mark.parametrize("span", [{"minutes": "5"}, {"days": 10**10}, {"seconds": 1e-7}])
def test_spans_are_numbers_that_fit(span: dict[str, float]) -> None:
    with pytest.raises(DefinitionError, match="span of time"):
        key("cc_num").last(**span)
