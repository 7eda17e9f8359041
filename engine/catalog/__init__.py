"""The feature sets that come with the project, and those of somebody's own."""

from engine.catalog.notebook import notebook
from engine.catalog.of_file import is_file, set_of_file
from engine.catalog.sets import SETS
from engine.catalog.told import no_such_set, option_of, set_of, told_of
from engine.definition import FeatureSet


def load_feature_set(name: str) -> FeatureSet:
    """The feature set that a command line names: by its name, or as ``path/to/file.py:name``.

    Raises
    ------
    DefinitionError
        If there is none, or its file fails.
    """
    if is_file(name):
        return set_of_file(name)
    if name not in SETS:
        raise no_such_set(name)
    return SETS[name]


__all__ = ["SETS", "load_feature_set", "notebook", "option_of", "set_of", "told_of"]
