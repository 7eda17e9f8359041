"""The command line of the comparison."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.arguments import LEAP_TEXT, SET_HELP, leap, threads, whole
from engine.backends import BACKENDS, ONLY_BY_NAME
from engine.catalog import load_feature_set
from engine.command import EXIT_DONE, EXIT_FOUND, OTHER_EXIT_CODES, Parser, run_command
from engine.memory import MEMORY_HELP, memory_size
from engine.process import settle_in
from engine.skew.engines import REFERENCE, REFERENCE_ROWS, parse_engines
from engine.skew.options import Options

_MOST_EVENTS: Final = 2**62

_DESCRIPTION = """\
Compute a log with several engines and compare every value of every feature, bit by bit.

Prints a table of the features: how many values were compared, how many differ, by how much at
most, and the first event at which they do, with both values and the history that explains them.
Null equals null and NaN equals NaN; nothing else is forgiven. A distance is given in ulp, the
number of doubles from one value to the other. Cards are masked, and what a log tells of card
holders is not shown.

LOG is any mix of files, folders and patterns, as python -m engine.build takes them. It is read
once, put in order and kept in scratch files while the engines compute it; memory does not grow
with the number of rows, but for the reference.

If the log is out of order, or rests for longer than --leap, the values above are the settled ones,
of the finished log. What the online engine serves as events arrive, on what has arrived by then, is
compared with those in a table of its own. That skew is caused by lateness, and by clocks that are
not believed, and not by an engine: the exit code ignores it."""

_EPILOG = f"""\
exit codes: 0 no value differs, 1 some settled value does, {OTHER_EXIT_CODES}

examples:
  python -m engine.skew transactions.csv
  python -m engine.skew transactions.csv --engines reference,online --sample 50000
  python -m engine.skew 'logs/2025-*.parquet' --engines polars,online --json"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], int]:
    parsed = _parser().parse_args(argv)
    count = threads(parsed.threads)
    # polars reads it once, when it is imported: everything that imports polars comes after, and a
    # feature set of somebody's own may.
    os.environ.setdefault("POLARS_MAX_THREADS", str(count))
    settle_in()
    options = _options(parsed, count)
    from engine.skew.job import find_skew  # noqa: PLC0415 - see above
    from engine.skew.report import content_of  # noqa: PLC0415 - see above
    from engine.skew.text import text_of  # noqa: PLC0415 - see above

    def work() -> int:
        found = find_skew(options)
        content = content_of(found)
        if options.json:
            sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        elif not options.quiet:
            sys.stdout.write(text_of(content))
        return EXIT_FOUND if found.differ else EXIT_DONE

    return work


def _parser() -> Parser:
    parser = Parser("python -m engine.skew", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("inputs", nargs="+", metavar="LOG", help="files, folders or patterns")
    add("--set", default="notebook", metavar="SET", help=f"{SET_HELP} (default: %(default)s)")
    add(
        "--engines",
        default=None,
        metavar="A,B,…",
        help=f"of {','.join(BACKENDS)}; the first is the one the others are compared with "
        f"(default: all but {', '.join(sorted(ONLY_BY_NAME))}, {REFERENCE} only up to "
        f"{REFERENCE_ROWS:,} events, as its time grows with the square of a key's events)",
    )
    add(
        "--sample",
        default=None,
        metavar="N",
        help="compare about N events: those of some cards, whole, so that what is computed over "
        "cards keeps its values; what is computed over merchants or the whole stream sees the "
        "events of these cards alone, in all engines alike",
    )
    add(
        "--leap",
        default=LEAP_TEXT,
        metavar="T",
        help="of what is served: how far an event may lie from those before it and its clock be "
        "believed; none believes every clock (default: %(default)s)",
    )
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--memory", default=None, metavar="SIZE", help=MEMORY_HELP)
    add(
        "--scratch",
        default=tempfile.gettempdir(),
        metavar="DIR",
        help="folder for scratch files, about 150 bytes per event, for a log out of order about "
        "600 (default: %(default)s)",
    )
    add("--quiet", action="store_true", help="no progress, and no report unless --json")
    add("--json", action="store_true", help="print the report as JSON on standard output")
    return parser


def _options(parsed: argparse.Namespace, count: int) -> Options:
    sample = parsed.sample
    return Options(
        inputs=tuple(parsed.inputs),
        scratch=Path(parsed.scratch),
        memory=memory_size(parsed.memory),
        features=load_feature_set(parsed.set),
        engines=parse_engines(parsed.engines),
        sample=None if sample is None else whole(sample, "--sample", 1, _MOST_EVENTS),
        leap=leap(parsed.leap),
        threads=count,
        quiet=parsed.quiet,
        json=parsed.json,
    )
