"""What files say of the feature set that they were made with, and the set of what they say.

A set that comes with the project is told by its name and fingerprint. Of any other the definitions
are told too, so that it is known again without the file that somebody wrote it in, which nobody
runs a second time.
"""

from collections.abc import Mapping
from typing import Any, Final

from engine.catalog.sets import SETS
from engine.definition import FeatureSet, fingerprint
from engine.definition.nodes import Expression
from engine.definition.written import as_json, of_json
from engine.errors import DefinitionError

DEFINITIONS: Final = "definitions"


def told_of(features: FeatureSet) -> dict[str, Any]:
    """What is to be said of a set."""
    told: dict[str, Any] = {"feature_set": features.name, "fingerprint": fingerprint(features)}
    if SETS.get(features.name) != features:
        told[DEFINITIONS] = as_json(features)
    return told


def set_of(told: Mapping[str, Any]) -> FeatureSet:
    """The set that was told of; that it is the same, the fingerprint has to be asked.

    Raises
    ------
    DefinitionError
        If there is no such set, or what is told is not well formed.
    """
    name = str(told.get("feature_set"))
    definitions = told.get(DEFINITIONS)
    if definitions is None:
        if name not in SETS:
            raise no_such_set(name)
        return SETS[name]
    features = of_json(definitions)
    if features.name != name:
        raise DefinitionError(
            f"the definitions are of another feature set (was {features.name!r}, not {name!r})",
            hint="take the file as it was made",
        )
    return features


def option_of(features: FeatureSet) -> str:
    """How a command line names a set, to be put into a hint."""
    whole = SETS.get(features.name)
    # Some of a set's features, as after a training without the others, are built with all of it.
    if whole is not None and whole.schema == features.schema and _named(features) <= _named(whole):
        return f"--set {features.name}"
    return f"--set FILE.py:NAME, naming the file that defines {features.name}"


def _named(features: FeatureSet) -> set[tuple[str, Expression]]:
    return {(feature.name, feature.expression) for feature in features.features}


def no_such_set(name: str) -> DefinitionError:
    """What to say where no set of that name comes with the project."""
    return DefinitionError(
        f"no such feature set (was {name!r})",
        hint=f"there are {', '.join(SETS)}; one of your own is named by its file, such as "
        f"{_file_meant(name)}",
    )


def _file_meant(name: str) -> str:
    file, colon, wanted = name.partition(":")
    return f"{file}.py:{wanted}" if colon and wanted else "my_features.py:my_set"
