"""The questions there are: SQL files whose headers say what they answer and what they take.

A header's first line is ``-- name: title``. Its variables stand below ``-- variables:``, each on a
line ``--   name    what it is (default: …)``; one without a default has to be given.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

from engine.errors import InputError

QUESTIONS: Final = Path(__file__).parents[2] / "sql" / "questions"

_TITLE: Final = re.compile(r"-- ([a-z_]+): (\S.*)")
_VARIABLES: Final = "-- variables:"
_VARIABLE: Final = re.compile(r"--   ([a-z_]+) +(\S.*)")
_DEFAULT: Final = re.compile(r" ?\(default: (.+)\)$")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a question.

    Parameters
    ----------
    name
        Its name.
    says
        What it is.
    default
        What it is unless it is given, in words; None if it has to be given.
    """

    name: str
    says: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Parameters
    ----------
    name
        The name of its file.
    title
        The question in words.
    variables
        What it takes.
    sql
        The text of the file.
    """

    name: str
    title: str
    variables: tuple[Variable, ...]
    sql: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The variables that have to be given."""
        return tuple(variable.name for variable in self.variables if variable.default is None)

    @property
    def takes(self) -> frozenset[str]:
        """All variables."""
        return frozenset(variable.name for variable in self.variables)


def read_questions(folder: Path = QUESTIONS) -> tuple[Question, ...]:
    """The questions of a folder: those to a ledger first, by name.

    Raises
    ------
    InputError
        If there is none, or the header of one cannot be read.
    """
    found = [_question(path) for path in sorted(folder.glob("*.sql"))]
    if not found:
        raise InputError(
            f"no questions there (was {str(folder)!r})",
            hint="run it from a checkout of the project, whose sql/questions holds them",
        )
    return tuple(sorted(found, key=lambda question: (question.needs != ("ledger",), question.name)))


def named(questions: Sequence[Question], names: Sequence[str]) -> tuple[Question, ...]:
    """The questions of these names, in their order.

    Raises
    ------
    InputError
        If there is no such question.
    """
    by_name = {question.name: question for question in questions}
    for name in names:
        if name not in by_name:
            raise InputError(
                f"--question: no such question (was {name!r})",
                hint=f"one of {', '.join(by_name)}; --list says what they ask",
            )
    return tuple(by_name[name] for name in dict.fromkeys(names))


def _question(path: Path) -> Question:
    sql = path.read_text("utf-8")
    lines = sql.splitlines()
    title = _TITLE.fullmatch(lines[0]) if lines else None
    if title is None or title[1] != path.stem or _VARIABLES not in lines:
        raise InputError(
            f"{path}: its header does not say what it asks (was {lines[0] if lines else ''!r})",
            hint=f"begin it with '-- {path.stem}: …?', and name its variables below '{_VARIABLES}'",
        )
    rest = map(_VARIABLE.fullmatch, lines[lines.index(_VARIABLES) + 1 :])
    variables = [_variable(found[1], found[2]) for found in takewhile(bool, rest) if found]
    return Question(path.stem, title[2], tuple(variables), sql)


def _variable(name: str, says: str) -> Variable:
    default = _DEFAULT.search(says)
    return Variable(
        name,
        says if default is None else says[: default.start()],
        None if default is None else default[1],
    )
