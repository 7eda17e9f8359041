"""The feature sets that laws and comparisons are told over, by name.

``broad`` is drawn in parts: each example is cheap, and the parts of many examples are the whole.
``test_edge_tables.py`` computes it as a whole.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.broad import broad
from conformance.definitions import definitions, set_of
from conformance.logs import over, schema_in
from engine.catalog import notebook
from engine.definition import FeatureSet
from engine.definition.schema import TimeUnit

_STRIDES: Final = (17, 23, 29, 37)

Drawn = Callable[[DataObject, TimeUnit], FeatureSet]


def _notebook(_data: DataObject, unit: TimeUnit) -> FeatureSet:
    return over(schema_in(unit), notebook)


def _part_of_broad(data: DataObject, unit: TimeUnit) -> FeatureSet:
    whole = broad(unit)
    stride = data.draw(st.sampled_from(_STRIDES), label="one feature of broad in")
    start = data.draw(st.integers(0, stride - 1), label="beginning with")
    return replace(whole, features=whole.features[start::stride])


def _made_up(data: DataObject, unit: TimeUnit) -> FeatureSet:
    # As nodes, so that what a failure prints can be pasted into a test.
    schema = schema_in(unit)
    return set_of(schema, data.draw(definitions(schema), label="definitions"))


SETS: Final[dict[str, Drawn]] = {
    "notebook": _notebook,
    "part of broad": _part_of_broad,
    "made up": _made_up,
}
