"""A feature set of somebody's own, from the Python file that defines it."""

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from engine.catalog.sets import SETS
from engine.definition import FeatureSet
from engine.definition.verify import verify
from engine.errors import DefinitionError
from engine.interrupts import at_once
from engine.words import said

_SUFFIX: Final = ".py"
_MODULE: Final = "sentinelpos_user_set"  # what the file's module is called while it runs


def is_file(name: str) -> bool:
    """Whether a feature set is named by its file."""
    return f"{_SUFFIX}:" in name or name.endswith(_SUFFIX)


def set_of_file(name: str) -> FeatureSet:
    """The feature set of a file: of the name after the colon, or without one the only one there.

    The file is run, as Python runs a script, with what lies beside it to be imported; what it
    prints goes to standard error. Nobody but who names it on a command line has that done: what was
    built with its set carries the definitions along (``engine.catalog.told``).

    Raises
    ------
    DefinitionError
        If there is no such file or set, the file fails, then with its line, or the set is not well
        formed or has the name of one that comes with the project.
    """
    before, colon, wanted = name.rpartition(f"{_SUFFIX}:")
    path = Path(before + _SUFFIX) if colon else Path(name)
    made = vars(_run(path))
    sets = {name: one for name, one in made.items() if isinstance(one, FeatureSet)}
    if not sets:
        raise DefinitionError(
            f"{path}: there is no feature set in it (was none)",
            hint="make one there with engine.definition.feature_set(…)",
        )
    hint = f"name one of: {', '.join(f'{path}:{name}' for name in sets)}"
    if colon:
        if wanted not in sets:
            was = f"of type {type(made[wanted]).__name__}" if wanted in made else "not there"
            raise DefinitionError(
                f"{path}: no feature set of that name (was {wanted!r}, {was})", hint=hint
            )
        return _checked(path, sets[wanted])
    if len(sets) > 1:
        raise DefinitionError(
            f"{path}: it does not say which feature set is meant (was {len(sets)} of them)",
            hint=hint,
        )
    (only,) = sets.values()
    return _checked(path, only)


def _checked(path: Path, features: FeatureSet) -> FeatureSet:
    try:
        verify(features)
    except DefinitionError as error:  # of a set that was made without feature_set(…)
        raise DefinitionError(f"{path}: {error.what}", hint=error.hint) from error
    taken = {name.lower(): its for name, its in SETS.items()}.get(features.name.lower(), features)
    if taken != features:
        raise DefinitionError(
            f"{path}: a feature set that comes with the project has that name "
            f"(was {features.name!r})",
            hint="give it another name, which messages, results and files tell it by",
        )
    return features


def _run(path: Path) -> ModuleType:
    code = _compiled(path)
    module = ModuleType(_MODULE)
    module.__file__ = str(path)
    try:
        # Not a step of a moment: what the file imports may take long, and what it does for ever.
        with _importable(module, path), at_once(), redirect_stdout(sys.stderr):
            exec(code, vars(module))  # noqa: S102 - who names a file has it run, as a script
    except DefinitionError as error:
        place, _ = _place(path, error)
        raise DefinitionError(f"{place}: {error.what}", hint=error.hint) from error
    except (Exception, SystemExit) as error:
        # Of a file that it imports, not of a text that it has compiled.
        if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_file():
            raise _not_python(Path(error.filename), error) from error
        place, hint = _place(path, error)
        what = "ends the program" if isinstance(error, SystemExit) else "fails"
        was = ": ".join(filter(None, (type(error).__name__, said(error))))
        raise DefinitionError(f"{place}: the file {what} (was {was})", hint=hint) from error
    return module


def _compiled(path: Path) -> CodeType:
    """The file's code, made anew: no earlier file's bytes are run, and none are left beside it."""
    try:
        source = importlib.util.decode_source(path.read_bytes())
        return compile(source, str(path), "exec", dont_inherit=True)
    except FileNotFoundError as error:
        raise DefinitionError(
            f"{path}: there is no such file (was asked for a feature set)",
            hint="name a Python file and the set in it, such as my_features.py:my_set",
        ) from error
    except OSError as error:
        raise DefinitionError(
            f"{path}: cannot be read (was: {error.strerror})", hint="name a Python file"
        ) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _not_python(path, error) from error


def _not_python(file: Path, error: Exception) -> DefinitionError:
    """What to say of a file that cannot be compiled: where, or that it is no text."""
    if isinstance(error, SyntaxError) and error.lineno:
        return DefinitionError(
            f"{file}, line {error.lineno}: not Python (was: {error.msg})", hint="mend that line"
        )
    if isinstance(error, SyntaxError | ValueError):  # bytes that are no text, or a NUL
        return DefinitionError(
            f"{file}: not Python (was: {said(error)})", hint="write it as text in UTF-8"
        )
    return DefinitionError(
        f"{file}: nested too deep for Python (was {type(error).__name__})",
        hint="write what is in many brackets in several steps",
    )


@contextmanager
def _importable(module: ModuleType, path: Path) -> Iterator[None]:
    """Within the block, what lies beside the file is found, and so is the module by its name."""
    beside = str(path.resolve().parent)
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, beside)
    sys.modules[_MODULE] = module
    try:
        yield
    finally:
        del sys.modules[_MODULE]
        sys.path.remove(beside)
        sys.dont_write_bytecode = writes_none


def _place(path: Path, error: BaseException) -> tuple[str, str]:
    """The last line of the file, or of one beside it, that an error came through; and a hint."""
    beside = path.resolve().parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file == path or file.resolve().parent == beside:
            return f"{file}, line {frame.lineno}", "mend that line"
    return str(path), "mend the file"
