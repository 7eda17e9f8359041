"""What each backend supports of the language: everything but the gaps declared here.

``python -m engine.backends.support README.md`` writes the table into the README, between its marks.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.backends import BACKENDS
from engine.definition.aggregates import AGGREGATES
from engine.definition.functions import FUNCTIONS
from engine.events.rewrite import rewrite_command
from engine.marks import between_marks

Kind = Literal["aggregate", "function"]
Reason = Literal["not_yet", "not_upstream", "never"]

BEGIN: Final = "<!-- support:begin -->"
END: Final = "<!-- support:end -->"
_WORDS: Final[dict[Reason, str]] = {
    "not_yet": "not yet",
    "not_upstream": "not upstream",
    "never": "never",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of the language that a backend does not support, and refuses.

    Parameters
    ----------
    backend
        The backend.
    kind, name
        An aggregate or a function, by its name.
    reason
        ``not_yet``: it could be written; ``not_upstream``: the engine below lacks what it takes;
        ``never``: it is against what the backend is.
    note
        Why, in a sentence for the README.
    """

    backend: str
    kind: Kind
    name: str
    reason: Reason
    note: str


# Strict: a test fails where a gap names what does not exist, or what works after all.
GAPS: Final[tuple[Gap, ...]] = ()


def support_table(gaps: Sequence[Gap] = GAPS) -> str:
    """Markdown: a table of the aggregates, one of the functions, and a note for each gap."""
    declared = {(gap.backend, gap.kind, gap.name): gap for gap in gaps}

    def cells(kind: Kind, name: str) -> Iterator[str]:
        for backend in BACKENDS:
            gap = declared.get((backend, kind, name))
            yield "yes" if gap is None else _WORDS[gap.reason]

    aggregates = [
        (
            _code(spec.name),
            spec.value,
            "null" if spec.empty is None else str(spec.empty),
            spec.algebra.value,
            *cells("aggregate", spec.name),
        )
        for spec in AGGREGATES.values()
        if not spec.internal
    ]
    functions = [
        (
            _code(spec.name),
            spec.formula,
            "null" if spec.propagates_null else "as it says",
            *cells("function", spec.name),
        )
        for spec in FUNCTIONS.values()
        if not spec.internal
    ]
    lines = [
        *_table(("aggregate", "value", "if empty", "algebra", *BACKENDS), aggregates),
        "",
        *_table(("function", "value", "of a null", *BACKENDS), functions),
        *(
            f"\n{gap.backend} has no {gap.kind} `{gap.name}` ({_WORDS[gap.reason]}): {gap.note}"
            for gap in gaps
        ),
    ]
    return "\n".join(lines)


def with_table(text: str) -> str:
    """A text with the table between its marks.

    Raises
    ------
    InputError
        If the marks are not there, once each and in order.
    """
    return between_marks(text, BEGIN, END, support_table(), "the table")


def _code(name: str) -> str:
    return f"`{name}`"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (header, ("---",) * len(header), *rows):
        # A bar would end the cell: |a| is written as an entity.
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the table into a file and return an exit code."""
    return rewrite_command(
        argv,
        "python -m engine.backends.support",
        "Write what each backend supports into FILE, between its marks.",
        with_table,
    )


if __name__ == "__main__":
    sys.exit(main())
