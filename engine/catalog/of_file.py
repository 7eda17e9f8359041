"""A feature set of somebody's own, from the Python file that defines it."""

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Final

from engine.definition import FeatureSet
from engine.errors import DefinitionError

_SUFFIX: Final = ".py"
_MODULE: Final = "sentinelpos_user_set"  # what the file's module is called while it runs


def is_file(name: str) -> bool:
    """Whether a feature set is named by its file."""
    return name.partition(f"{_SUFFIX}:")[1] != "" or name.endswith(_SUFFIX)


def set_of_file(name: str) -> FeatureSet:
    """The feature set of a file: of the name after the colon, or without one the only one there.

    The file is run, as Python runs a script, with what lies beside it to be imported. Nobody but
    who names it on a command line has that done: what was built with its set carries the
    definitions along (``engine.catalog.told``).

    Raises
    ------
    DefinitionError
        If there is no such file or set, or the file fails; then with its line.
    """
    before, colon, wanted = name.partition(f"{_SUFFIX}:")
    path = Path(before + _SUFFIX) if colon else Path(name)
    made = vars(_run(path))
    if wanted:
        found = made.get(wanted)
        if not isinstance(found, FeatureSet):
            was = "nothing" if wanted not in made else f"a {type(found).__name__}"
            raise DefinitionError(
                f"{path}: {wanted} is no feature set (was {was})", hint=_hint(path, made)
            )
        return found
    sets = _sets(made)
    if len(sets) != 1:
        raise DefinitionError(
            f"{path}: which feature set is meant is not said (was {len(sets)} of them)",
            hint=_hint(path, made),
        )
    (only,) = sets.values()
    return only


def _run(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise DefinitionError(
            f"{path}: there is no such file (was asked for a feature set)",
            hint="name a Python file and the set in it, such as my_features.py:my_set",
        )
    module = importlib.util.module_from_spec(spec)
    beside = str(path.resolve().parent)
    sys.path.insert(0, beside)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f"{error.filename or path}, line {error.lineno}"
        raise DefinitionError(
            f"{where}: not Python (was: {error.msg})", hint="mend that line"
        ) from error
    except DefinitionError as error:
        raise DefinitionError(f"{_place(path, error)}: {error.what}", hint=error.hint) from error
    except Exception as error:
        raise DefinitionError(
            f"{_place(path, error)}: the file fails (was {type(error).__name__}: {error})",
            hint="mend that line",
        ) from error
    finally:
        sys.path.remove(beside)
    return module


def _place(path: Path, error: BaseException) -> str:
    """The last line of the file that an error came through, with what stands there."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if Path(frame.filename) == path]
    if not mine:
        return str(path)
    return f"{path}, line {mine[-1].lineno}"


def _sets(made: dict[str, object]) -> dict[str, FeatureSet]:
    return {name: one for name, one in made.items() if isinstance(one, FeatureSet)}


def _hint(path: Path, made: dict[str, object]) -> str:
    sets = _sets(made)
    if not sets:
        return "make one there with engine.definition.feature_set(…)"
    return f"name one of: {', '.join(f'{path}:{name}' for name in sets)}"
