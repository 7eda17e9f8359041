"""Feature sets as JSON and back, whatever they are; what is none is refused in words."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.definitions import feature_sets
from conformance.logs import UNITS, schema_in
from engine.catalog import SETS
from engine.definition import POS, FeatureSet, column, feature, feature_set, fingerprint, key
from engine.definition.schema import TimeUnit
from engine.definition.written import FORMAT, as_json, of_json
from engine.errors import DefinitionError

ODD: list[Any] = [None, True, -1, 0.5, "", "x", [], {}, ["literal", "int", 1.0], ["call", "no", []]]


def again(features: FeatureSet) -> FeatureSet:
    return of_json(json.loads(json.dumps(as_json(features), allow_nan=False)))


@pytest.mark.parametrize("name", sorted(SETS))
def test_the_catalogs_sets_come_back(name: str) -> None:
    found = again(SETS[name])
    assert found == SETS[name]
    assert fingerprint(found) == fingerprint(SETS[name])


@given(data=st.data(), unit=st.sampled_from(UNITS))
def test_sets_that_nobody_wrote_come_back(data: DataObject, unit: TimeUnit) -> None:
    features = data.draw(feature_sets(schema_in(unit)))
    found = again(features)
    assert found == features
    assert fingerprint(found) == fingerprint(features)


def test_literals_stay_what_they_are() -> None:
    values = (1, 1.0, True, -0.0, 5e-324, 2**63 - 1, "1", 'quoted " and \n')
    features = [
        feature(
            f"f{place}",
            column("city").fill(value) if isinstance(value, str) else column("lat") * value,
            "a literal",
        )
        for place, value in enumerate(values)
        if not isinstance(value, bool)
    ]
    made = feature_set("literals", POS, features)
    assert again(made) == made


def places_in(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Where something stands in JSON."""
    yield path
    inner = content.items() if isinstance(content, dict) else ()
    inner = enumerate(content) if isinstance(content, list) else inner
    for name, part in inner:
        yield from places_in(part, (*path, name))


@given(data=st.data())
def test_what_somebody_changed_is_a_set_or_is_refused_in_words(data: DataObject) -> None:
    content = as_json(data.draw(feature_sets(schema_in("s"))))
    place = data.draw(st.sampled_from(list(places_in(content))))
    odd = data.draw(st.sampled_from(ODD))
    if not place:
        content = odd
    else:
        inner: Any = content
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = odd
    with suppress(DefinitionError):
        found = of_json(content)
        assert again(found) == found


def test_what_is_nested_without_end_is_refused() -> None:
    content = as_json(SETS["notebook"])
    deep: list[Any] = ["column", "lat"]
    for _ in range(100_000):
        deep = ["call", "abs", deep]
    content["features"][0][1] = deep
    with pytest.raises(DefinitionError, match="not a written feature set"):
        of_json(content)


@pytest.mark.parametrize(
    ("place", "odd"),
    [
        (("format",), True),
        (("name",), 1),
        (("schema", "event_ids"), "trans_num"),
        (("schema", "columns", 0, "scale"), 1.0),
        (("schema", "columns", 0, "scale"), float("inf")),
        (("schema", "columns", 0, "required"), 1),
        (("schema", "columns", 1, "low"), "a"),
        (("schema", "columns", 1, "low"), [0]),
        (("schema", "columns", 1, "low"), float("nan")),
        (("schema", "columns", 1, "low"), False),
        (("features", 0, 0), 1),
        (("features", 0, 2), None),
        (("features", 0, 1, 4), 900_000_000.7),
        (("features", 0, 1, 4), "900000000"),
        (("features", 0, 1, 5), False),
    ],
)
def test_what_is_of_another_type_is_refused(place: tuple[Any, ...], odd: object) -> None:
    count = feature("count", key("cc_num").last(minutes=15).count(), "card's events in 15 min")
    content = as_json(feature_set("small", POS, [count]))
    assert content["features"][0][1][4] == 900_000_000
    inner: Any = content
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = odd
    with pytest.raises(DefinitionError):
        of_json(content)


def test_another_format_is_refused() -> None:
    content = as_json(SETS["notebook"]) | {"format": FORMAT + 1}
    with pytest.raises(DefinitionError, match="a format that this code does not know"):
        of_json(content)
