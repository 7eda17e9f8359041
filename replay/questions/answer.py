"""Questions asked of DuckDB, and what it answers."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from engine.backends.duckdb.database import in_memory, interruptible
from engine.errors import InputError
from engine.events.disk import own_folder, scratch_folder
from replay.ledger_files import LedgerFiles, find_ledger
from replay.questions.options import Options
from replay.questions.read import Question, named, read_questions
from replay.questions.sources import find_features, find_labels

_FOUND: Final = "found"  # the column with which an audit says that a row is a fault
_SPAN: Final = ("since", "until")
_BY_OPTION: Final = ("ledger", "labels", "features", *_SPAN)
# What there is in a ledger; with labels, how many of its decisions they tell of.
_COUNT: Final = """\
SELECT
    count(*) AS decisions,
    count_if(flagged = 1)::BIGINT AS alerts,
    make_timestamp(min(arrival_time) * 1_000_000) AS first,
    make_timestamp(max(arrival_time) * 1_000_000) AS last
FROM read_parquet(getvariable('ledger'))"""
_LABELLED: Final = """\
SELECT count(*)
FROM read_parquet(getvariable('ledger'))
WHERE event_id IN (
    SELECT event_id FROM read_parquet(getvariable('labels')) WHERE is_fraud IS NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question.

    Parameters
    ----------
    question
        The question.
    columns
        The names of its columns.
    rows
        Values of DuckDB as Python has them.
    """

    question: Question
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def has_found(self) -> bool:
        """Whether it is an audit's, and tells of a fault."""
        if _FOUND not in self.columns:
            return False
        place = self.columns.index(_FOUND)
        return any(row[place] for row in self.rows)


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of asking.

    Parameters
    ----------
    ledger
        The ledger that was asked; None if none was.
    counts
        How many ``decisions`` and ``alerts`` it holds, from ``first`` to ``last`` arrival, and with
        labels how many are ``labelled``; empty without a ledger.
    answers
        The answers, in the order of the questions.
    unasked
        The questions that need what was not given.
    span
        ``since`` and ``until``, as far as they were given, as text.
    """

    ledger: LedgerFiles | None
    counts: Mapping[str, Any]
    answers: tuple[Answer, ...]
    unasked: tuple[Question, ...]
    span: Mapping[str, str]


def ask(options: Options) -> Answers:
    """Ask questions.

    Raises
    ------
    SentinelError
        If something was refused, or could not be answered.
    """
    questions = read_questions()
    ledger = None if options.ledger is None else find_ledger(options.ledger)
    with scratch_folder(Path(tempfile.gettempdir())) as scratch:
        variables = _variables(options, ledger, scratch)
        asked, unasked = _asked(questions, options, variables)
        spill = own_folder(scratch)
        with in_memory(threads=options.threads, scratch=spill) as connection:
            for name, value in variables.items():
                connection.execute(f"SET VARIABLE {name} = ?", [value])
            counts = {} if ledger is None else _counts(connection, ledger, options)
            answers = tuple(_answer(connection, question) for question in asked)
    span: dict[str, str] = {name: variables[name] for name in _SPAN if name in variables}
    return Answers(ledger, counts, answers, unasked, span)


def _variables(options: Options, ledger: LedgerFiles | None, scratch: Path) -> dict[str, Any]:
    for name in options.variables:
        if name in _BY_OPTION:
            raise InputError(
                f"--var: this has a way of its own to be given (was {name!r})",
                hint="LEDGER comes first; see --help for --labels, --features, --since and --until",
            )
    made: dict[str, Any] = dict(options.variables)
    if ledger is not None:
        made["ledger"] = list(map(str, ledger.parts))
    if options.labels is not None:
        made["labels"] = list(map(str, find_labels(options.labels, scratch)))
    if options.features is not None:
        made["features"] = list(map(str, find_features(options.features)))
    for name, at in zip(_SPAN, (options.since, options.until), strict=True):
        if at is not None:
            made[name] = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
    return made


def _asked(
    questions: Sequence[Question], options: Options, variables: Mapping[str, Any]
) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """The questions that are asked, and those that cannot be, for what they need is not given."""
    chosen = named(questions, options.names) if options.names else tuple(questions)
    every = frozenset[str]().union(*(question.takes for question in chosen))
    for name in options.variables:
        if name not in every:
            raise InputError(
                f"--var: no question that is asked takes it (was {name!r})",
                hint="--list says what each takes",
            )
    lacking = [question for question in chosen if not set(question.needs) <= variables.keys()]
    if lacking and (options.names or len(lacking) == len(chosen)):
        raise _lacks(lacking[0], variables)
    return tuple(q for q in chosen if q not in lacking), tuple(lacking)


def _lacks(question: Question, variables: Mapping[str, Any]) -> InputError:
    lacking = [name for name in question.needs if name not in variables]
    ways = {"ledger": "name the ledger's folder first", "features": "add --features BUILD"}
    hints = [ways.get(name, f"add --var {name}=FILE") for name in lacking]
    return InputError(
        f"{question.name}: cannot be asked without {' and '.join(lacking)} "
        f"(was {', '.join(variables) or 'nothing given'})",
        hint=", and ".join(hints),
    )


def _counts(
    connection: duckdb.DuckDBPyConnection, ledger: LedgerFiles, options: Options
) -> dict[str, Any]:
    columns, (row,) = _run(connection, _COUNT, str(ledger.folder))
    counts = dict(zip(columns, row, strict=True))
    if options.labels is not None:
        _, ((counts["labelled"],),) = _run(connection, _LABELLED, options.labels)
        if not counts["labelled"]:
            raise InputError(
                f"--labels: none is of an event of this ledger (was {options.labels!r})",
                hint="name the log that was replayed, with labels, or a build of it",
            )
    return counts


def _answer(connection: duckdb.DuckDBPyConnection, question: Question) -> Answer:
    columns, rows = _run(connection, question.sql, question.name)
    return Answer(question, columns, tuple(rows))


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, called: str
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    def work() -> Iterator[Any]:
        relation = connection.sql(sql)
        return iter((tuple(relation.columns), relation.fetchall()))

    try:
        columns, rows = interruptible(connection, work)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{called}: cannot be answered (was: {reason})",
            hint="look at what is given; --list says what each question takes",
        ) from error
    return columns, rows
