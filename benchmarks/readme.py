"""``python -m benchmarks.readme README.md``: write results into the README, between their marks."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.options import RESULTS
from benchmarks.suites.engines_page import page
from engine.command import EXIT_CODES, Parser, run_command
from engine.events.disk import writing
from engine.marks import between_marks

BEGIN: Final = "<!-- engines:begin -->"
END: Final = "<!-- engines:end -->"
# The results that the README shows, as it links them.
SHOWN: Final = "benchmarks/results/engines-1000000.json"


def with_results(text: str) -> str:
    """A text with the results of the engines between their marks.

    Raises
    ------
    InputError
        If the marks are not there, once each and in order.
    """
    results = json.loads((RESULTS / Path(SHOWN).name).read_text("utf-8"))
    return between_marks(text, BEGIN, END, page(results, SHOWN), "the results")


def main(argv: Sequence[str] | None = None) -> int:
    """Write the results into a file and return an exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser(
        "python -m benchmarks.readme",
        "Write the results of `python -m benchmarks engines` into FILE, between their marks.",
        EXIT_CODES,
    )
    parser.add_argument("file", metavar="FILE", help="a text with the marks, such as README.md")
    path = Path(parser.parse_args(argv).file)

    def work() -> None:
        with writing(path):
            path.write_text(with_results(path.read_text("utf-8")), "utf-8")

    return work


if __name__ == "__main__":
    sys.exit(main())
