from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from engine.definition import FLOAT, INT, POS, TEXT, TIME, ColumnSpec, Schema, money_type
from engine.definition.schema import EXACT_LIMIT, TICKS_PER_SECOND, TimeUnit
from engine.definition.types import BOOL
from engine.errors import DefinitionError

GOOD = Schema("log", (ColumnSpec("t", TIME, required=True), ColumnSpec("id", TEXT)), ("id",), "t")


@pytest.mark.parametrize(
    ("change", "message", "value", "hint"),
    [
        ({"columns": (*GOOD.columns, ColumnSpec("id", INT))}, "declared twice", "id", "once"),
        ({"event_time": "when"}, "event_time must name", "when", "TIME"),
        ({"event_time": "id"}, "event_time must name", "id", "TIME"),
        ({"columns": (ColumnSpec("t", TIME),)}, "event_time must name", "t", "required"),
        ({"time_unit": "ns"}, "unknown time unit", "ns", "s, ms, us"),
        ({"label_time": "known"}, "label_time must name", "known", "TIME"),
        ({"label_time": "id"}, "label_time must name", "id", "TIME"),
        ({"event_ids": ()}, "no event id", "()", "identifies"),
        (
            {"columns": (*GOOD.columns, ColumnSpec("Event_ID", FLOAT))},
            "name of the event's id",
            "event_id",
            "event_ids",
        ),
        (
            {"columns": (*GOOD.columns, ColumnSpec("Amt", FLOAT), ColumnSpec("amt", FLOAT))},
            "declared twice",
            "['Amt', 'amt']",
            "their case",
        ),
        (
            {
                "columns": (
                    *GOOD.columns,
                    ColumnSpec("fraud", INT, label=True),
                    ColumnSpec("chargeback", INT, label=True),
                )
            },
            "one label at most",
            "chargeback",
            "label=True",
        ),
    ],
)
def test_a_schema_that_is_not_well_formed_is_refused(
    change: dict[str, object], message: str, value: str, hint: str
) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        replace(GOOD, **change)
    assert "'log'" in caught.value.what
    assert value in caught.value.what.split("(was ")[1]
    assert hint in caught.value.hint


@pytest.mark.parametrize("bound", [np.int64(0), np.float32(0), Decimal(0), nan, inf, True, "0"])
def test_bounds_are_finite_numbers_of_python(bound: Any) -> None:  # noqa: ANN401 - of any type
    for low, high in ((bound, 1), (0, bound)):
        with pytest.raises(
            DefinitionError, match="'amt': a bound is a finite int or float"
        ) as caught:
            ColumnSpec("amt", FLOAT, low=low, high=high)
        assert repr(bound) in caught.value.what


@pytest.mark.parametrize(("low", "high"), [(0.0, None), (None, 0.0), (1.0, 0.0)])
def test_bounds_are_two_and_in_order(low: float | None, high: float | None) -> None:
    with pytest.raises(DefinitionError, match="'amt': bounds must be two") as caught:
        ColumnSpec("amt", FLOAT, low=low, high=high)
    assert f"low={low}, high={high}" in caught.value.what
    assert "neither" in caught.value.hint


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_instants_are_of_the_years_that_dates_have(unit: TimeUnit) -> None:
    ticks = TICKS_PER_SECOND[unit]
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001 - naive, as its ends are
    second = timedelta(seconds=1)
    first = (datetime.min - epoch) // second * ticks  # noqa: DTZ901 - see above
    last = ((datetime.max - epoch) // second + 1) * ticks - 1  # noqa: DTZ901 - see above
    schema = replace(GOOD, time_unit=unit)
    assert (schema.instants[0], schema.instants[-1]) == (first, last)
    assert (schema.by_name["t"].low, schema.by_name["t"].high) == (first, last)
    assert schema.by_name["id"].low is None
    assert replace(schema, time_unit="s").by_name["t"].low == first // ticks
    # What a schema says more narrowly stays.
    time = ColumnSpec("t", TIME, required=True, low=0, high=1e300)
    assert replace(schema, columns=(time,)).by_name["t"] == replace(time, high=last)


def test_money_has_no_more_decimals_than_exact_means_can_hold() -> None:
    ColumnSpec("amt", money_type(9))
    with pytest.raises(DefinitionError, match="'amt': money has 0 to 9 decimals") as caught:
        ColumnSpec("amt", money_type(10))
    assert caught.value.what.endswith("(was 10)")


@pytest.mark.parametrize(
    ("column", "summable"),
    [
        (ColumnSpec("x", INT, low=0, high=EXACT_LIMIT), True),
        (ColumnSpec("x", INT, low=0, high=EXACT_LIMIT + 1), False),
        (ColumnSpec("x", INT, low=-EXACT_LIMIT - 1, high=0), False),
        (ColumnSpec("x", INT), False),
        (ColumnSpec("x", BOOL), True),
        (ColumnSpec("x", FLOAT, low=0, high=1), False),
        (ColumnSpec("x", money_type(2), low=0, high=10_000_000), True),
        (ColumnSpec("x", money_type(3), low=0, high=10_000_000), False),
    ],
)
def test_exact_sums_need_bounds_in_minor_units(column: ColumnSpec, summable: bool) -> None:  # noqa: FBT001 - an expected value
    assert column.is_summable is summable


def test_ticks_per_second() -> None:
    ticks = [replace(POS, time_unit=unit).ticks_per_second for unit in ("s", "ms", "us")]
    assert ticks == [1, 1_000, 1_000_000]


def test_the_label_is_found() -> None:
    assert POS.label == "is_fraud"
    assert GOOD.label is None


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "\0", "a\x85b", "a\u2028b", "a\udfff"])
def test_names_with_control_characters_are_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match="name of a column has no control") as caught:
        ColumnSpec(name, TEXT)
    assert caught.value.what.endswith(f"(was {name!r})")
    assert "one line" in caught.value.hint
    with pytest.raises(DefinitionError, match="name of a schema has no control"):
        replace(GOOD, name=name)
    with pytest.raises(DefinitionError, match="name of an event id has no control"):
        replace(GOOD, event_ids=("id", name))
    ColumnSpec("Betrag in €", TEXT)
