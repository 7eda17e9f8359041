"""Fewer of a table's features, as if it had been built with a set of these alone.

What else is known of its events stays, amounts among it, whichever feature told them.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from engine.catalog import option_of
from engine.definition import FeatureSet, fingerprint, identity
from engine.errors import InputError
from engine.model.features_file import FeatureTable


def set_without(features: FeatureSet, names: Container[str]) -> FeatureSet:
    """The features of a set but for some, in its order and under its name."""
    kept = tuple(feature for feature in features.features if feature.name not in names)
    return replace(features, features=kept)


def narrowed(table: FeatureTable, features: FeatureSet) -> FeatureTable:
    """A table of fewer features.

    Parameters
    ----------
    table
        The table.
    features
        A set of features of the table's, in any order.
    """
    if features == table.features:
        return table
    places = [table.features.names.index(name) for name in features.names]
    return replace(table, features=features, values=table.values.columns(places))


def without(table: FeatureTable, patterns: Sequence[str]) -> FeatureTable:
    """A table without the features that ``--without`` names.

    Parameters
    ----------
    table
        The table.
    patterns
        Names, or patterns of names with ``*`` and ``?``.

    Raises
    ------
    InputError
        If one matches nothing, or nothing is left.
    """
    names = table.features.names
    left_out = set[str]()
    for pattern in patterns:
        found = {name for name in names if fnmatchcase(name, pattern)}
        if not found:
            raise InputError(
                f"--without: {table.name} has no such feature (was {pattern!r})",
                hint=f"it has those of {table.features.name}, which features.json beside it names",
            )
        left_out |= found
    if len(left_out) == len(names):
        raise InputError(
            f"--without: leaves nothing to learn from (was {','.join(patterns)!r})",
            hint="leave out fewer features",
        )
    return narrowed(table, set_without(table.features, left_out))


def table_for(table: FeatureTable, features: FeatureSet, wanted_by: str) -> FeatureTable:
    """A table with the features that a run takes, in its order.

    Parameters
    ----------
    table
        A table that was built with the set, or with one that has all its features.
    features
        The set.
    wanted_by
        Who takes them, such as ``the run was trained on``.

    Raises
    ------
    InputError
        If the table lacks a feature, or has another under its name.
    """
    there = {feature.name: feature for feature in table.features.features}
    chosen = tuple(there[name] for name in features.names if name in there)
    if fingerprint(replace(table.features, features=chosen)) != fingerprint(features):
        raise InputError(
            f"{table.path}: not the features that {wanted_by} "
            f"(was {table.features.name}, {_lacking(features, there)})",
            hint=f"build them with python -m engine.build {option_of(features)}",
        )
    return narrowed(table, features)


def _lacking(features: FeatureSet, there: Container[str]) -> str:
    lacking = [name for name in features.names if name not in there]
    if not lacking:
        return f"with other definitions than those of {identity(features)}"
    more = f" and {len(lacking) - 1:,} more" if len(lacking) > 1 else ""
    return f"without {lacking[0]}{more} of {features.name}"
