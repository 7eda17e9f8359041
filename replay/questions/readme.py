"""``python -m replay.questions.readme README.md``: write the list of questions into the README."""

import sys
from collections.abc import Sequence
from typing import Final

from engine.events.rewrite import rewrite_command
from engine.marks import between_marks
from replay.questions.read import read_questions

BEGIN: Final = "<!-- questions:begin -->"
END: Final = "<!-- questions:end -->"


def questions_table() -> str:
    """Markdown: a row for each question, from the headers of their files."""
    rows = [
        (
            f"[`{question.name}`](sql/questions/{question.name}.sql)",
            question.title,
            ", ".join(f"`{name}`" for name in question.needs),
            ", ".join(f"`{variable.name}`" for variable in question.variables if variable.default),
        )
        for question in read_questions()
    ]
    header = (("question", "asks", "needs", "takes"), ("---",) * 4)
    return "\n".join(f"| {' | '.join(row)} |" for row in (*header, *rows))


def with_questions(text: str) -> str:
    """A text with the list of questions between its marks.

    Raises
    ------
    InputError
        If the marks are not there, once each and in order.
    """
    return between_marks(text, BEGIN, END, questions_table(), "the questions")


def main(argv: Sequence[str] | None = None) -> int:
    """Write the list into a file and return an exit code."""
    return rewrite_command(
        argv,
        "python -m replay.questions.readme",
        "Write what there is to ask into FILE, between its marks.",
        with_questions,
    )


if __name__ == "__main__":
    sys.exit(main())
