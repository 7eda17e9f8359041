"""The feature sets that come with the project."""

from engine.catalog.notebook import notebook
from engine.definition import FeatureSet
from engine.errors import DefinitionError

SETS = {features.name: features for features in (notebook,)}


def load_feature_set(name: str) -> FeatureSet:
    """The feature set of that name."""
    if name not in SETS:
        raise DefinitionError(
            f"no such feature set (was {name!r})", hint=f"there are {', '.join(SETS)}"
        )
    return SETS[name]


__all__ = ["SETS", "load_feature_set", "notebook"]
