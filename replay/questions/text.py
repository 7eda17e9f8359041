"""Answers as tables and as JSON, and what there is to ask."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.words import counted
from replay.questions.answer import Answer, Answers
from replay.questions.read import Question

_INDENT: Final = "  "
_NATURAL: Final = 10_000  # columns: as wide as it gets


def answers_text(answers: Answers, width: int | None = None) -> str:
    """Answers as tables, a line for each row, which ends at ``width`` columns if there is one."""
    lines = list(_head(answers))
    for answer in answers.answers:
        question = answer.question
        lines += ["", f"{question.name}: {question.title}", *_table(answer, width)]
    if answers.unasked:
        lines.append("")
        for question in answers.unasked:
            needs = " and ".join(question.needs)
            lines.append(f"not asked: {question.name}, which needs {needs}")
    return "\n".join(lines).lstrip("\n") + "\n"


def content_of(answers: Answers) -> dict[str, Any]:
    """The same for programs: times as text, UTC, numbers as they are, what is not known as null."""
    ledger = answers.ledger
    return {
        "ledger": None if ledger is None else str(ledger.folder),
        "complete": None if ledger is None else ledger.complete,
        **{name: _plain(value) for name, value in answers.counts.items()},
        **dict.fromkeys(("since", "until")),
        **answers.span,
        "found": any(answer.has_found for answer in answers.answers),
        "questions": [
            {
                "name": answer.question.name,
                "title": answer.question.title,
                "rows": [
                    dict(zip(answer.columns, map(_plain, row), strict=True)) for row in answer.rows
                ],
            }
            for answer in answers.answers
        ],
        "unasked": {question.name: list(question.needs) for question in answers.unasked},
    }


def list_text(questions: Sequence[Question]) -> str:
    """What there is to ask, and what each question takes."""
    lines: list[str] = []
    for question in questions:
        lines.append(f"{question.name}: {question.title}")
        width = max(len(variable.name) for variable in question.variables)
        for variable in question.variables:
            default = "needed" if variable.default is None else f"default: {variable.default}"
            lines.append(f"  {variable.name:{width}}  {variable.says} ({default})")
    return "\n".join(lines) + "\n"


def list_content(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "name": question.name,
            "title": question.title,
            "variables": [
                {"name": each.name, "says": each.says, "default": each.default}
                for each in question.variables
            ],
        }
        for question in questions
    ]


def _head(answers: Answers) -> Iterator[str]:
    ledger, counts = answers.ledger, answers.counts
    if ledger is None:
        return
    yield (
        f"{ledger.folder}: {counted(counts['decisions'], 'decision')}, "
        f"{counted(counts['alerts'], 'alert')}, arrived {counts['first']} to {counts['last']} UTC"
    )
    if "labelled" in counts:
        yield f"{counts['labelled']:,} of them have a label"
    if answers.span:
        span = " ".join(f"{name} {instant}" for name, instant in answers.span.items())
        yield f"asked of what arrived {span} UTC"
    if not ledger.complete:
        yield "its replay has not ended: these are the decisions that it has recorded by now"


def _table(answer: Answer, width: int | None) -> Iterator[str]:
    if not answer.rows:
        yield f"{_INDENT}nothing"
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, column in zip(answer.columns, zip(*answer.rows, strict=True), strict=True):
        is_text = any(isinstance(value, str) for value in column)
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    for row in answer.rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    drawn = StringIO()
    Console(file=drawn, width=_NATURAL).print(table)
    for drawn_row in drawn.getvalue().splitlines():
        line = f"{_INDENT}{drawn_row}".rstrip()
        yield line if width is None or len(line) <= width else f"{line[: width - 1]}…"


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4f}"
        case Decimal():
            return f"{value:,}"
        case _:
            # A log may hold anything, also what would move the cursor.
            return "".join(sign if sign.isprintable() else "\ufffd" for sign in str(value))


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case datetime():
            return value.isoformat(" ")
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
