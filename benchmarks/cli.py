"""The command line of the benchmarks: its first word chooses the suite, which reads the rest."""

import sys
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.compare import DifferenceError
from benchmarks.suites import SUITES, load_suite
from engine.command import EXIT_DONE, Parser, run_command

EXIT_DIFFERENT: Final = 1

_DESCRIPTION = """\
Measure this project on simulated data. A suite first compares what it is going to time with the
reference backend, bit by bit, and refuses to time values that differ; that of the judge compares
what came with the file, that of the live scorer what it decided with a replay. That of the handbook
measures how well features detect, on the data of the Fraud Detection Handbook."""

_EPILOG = """\
exit codes: 0 measured, 1 a value differs from the reference, 2 refused or failed with a message,
130 interrupted, 143 terminated

examples:
  python -m benchmarks build --help
  python -m benchmarks build --rows 10_000_000 --threads 2
  python -m benchmarks engines --rows 1_000_000 --cards 1_000,100_000,1_000_000
  python -m benchmarks handbook handbook.parquet
  python -m benchmarks state --cards 1_000 --days 60"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    code = EXIT_DONE

    def prepare() -> Callable[[], None]:
        chosen = _parser().parse_args(words[:1])
        measure = load_suite(chosen.suite).prepare(words[1:])

        def work() -> None:
            nonlocal code
            try:
                measure()
            except DifferenceError as difference:
                sys.stderr.write(f"not measured: {difference}\n")
                code = EXIT_DIFFERENT

        return work

    return run_command(prepare) or code


def _parser() -> Parser:
    parser = Parser("python -m benchmarks", _DESCRIPTION, _EPILOG)
    parser.add_argument("suite", choices=tuple(SUITES), help="what to measure; each has a --help")
    return parser
