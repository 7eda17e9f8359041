"""What fails in a task, in the words of whoever failed, for whoever asked for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from engine.backends.spark.session import words_of
from engine.errors import InputError, OutputError, SentinelError

_MARK: Final = "what a task refuses: "
_TRACEBACK: Final = "Traceback (most recent call last)"
_CAUSE: Final = "Caused by: "
_OUTER: Final = "Job aborted due to stage failure"  # what all failures of tasks are called
_SAME_FOLDER: Final = "see that all of Spark's machines see --out, and that it is the same folder"


class TaskError(Exception):
    """An error of ours on its way out of a task: Spark hands on the text of an error alone."""


@contextmanager
def refusals() -> Iterator[None]:
    """In a task: errors of ours leave it so that :func:`failure_of` knows them again."""
    try:
        yield
    except SentinelError as error:
        told = {"input": isinstance(error, InputError), "what": error.what, "hint": error.hint}
        raise TaskError(_MARK + json.dumps(told)) from None


def failure_of(error: Exception) -> SentinelError:
    """What has failed, of an error that Spark gave, whose process is asked for the words."""
    said = words_of(error)
    with suppress(ValueError):  # there is no mark, or not all that it stands before
        told, _ = json.JSONDecoder().raw_decode(said[said.index(_MARK) + len(_MARK) :])
        kind = InputError if told["input"] else OutputError
        return kind(told["what"], hint=told["hint"])
    return OutputError(
        f"a task of Spark's has failed (was: {_raised(said) or _caused(said)})",
        hint="free some space where it writes; if memory ran out, let fewer tasks run at a time "
        "(--threads); nothing was left behind",
    )


def lost_rows(found: int, rows: int) -> OutputError:
    """That not all was found of the rows that are there."""
    return OutputError(
        f"Spark has lost rows on the way (was {found:,} where {rows:,} were read)",
        hint=_SAME_FOLDER,
    )


def left_at(path: Path) -> Path:
    """Where a task has left something, once it is seen there.

    Raises
    ------
    OutputError
        If it is not.
    """
    if not path.exists():
        raise OutputError(
            f"what a task of Spark's has left is not there (was {path})", hint=_SAME_FOLDER
        )
    return path


def _caused(said: str) -> str:
    """What Java says of it: its causes, those with words first, or the beginning."""
    causes = [line.partition(_CAUSE)[2].strip() for line in said.splitlines() if _CAUSE in line]
    own = [cause for cause in dict.fromkeys(causes) if _OUTER not in cause]
    own.sort(key=lambda cause: ": " not in cause)
    return "; ".join(own or causes[:1] or said.strip().splitlines()[:1]) or "it does not say why"


def _raised(said: str) -> str:
    """What Python says last of an error in a worker."""
    _, found, after = said.rpartition(_TRACEBACK)
    lines = [line for line in after.splitlines()[1:] if line.strip()]
    own = next((at for at, line in enumerate(lines) if not line[0].isspace()), None)
    if not found or own is None:
        return ""
    # Some say what they have to say on lines of their own.
    words = lines[own : own + 2] if lines[own].rstrip().endswith(":") else lines[own : own + 1]
    return " ".join(line.strip() for line in words)
