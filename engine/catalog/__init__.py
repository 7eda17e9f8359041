"""The feature sets that come with the project."""

from engine.catalog.notebook import notebook
from engine.definition import FeatureSet
from engine.errors import DefinitionError

_SETS = {features.name: features for features in (notebook,)}


def load_feature_set(name: str) -> FeatureSet:
    """The feature set of that name."""
    if name not in _SETS:
        raise DefinitionError(
            f"no such feature set (was {name!r})", hint=f"there are {', '.join(_SETS)}"
        )
    return _SETS[name]


__all__ = ["load_feature_set", "notebook"]
