"""The command line of the build."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.arguments import LEAP_TEXT, SET_HELP, leap, threads
from engine.backends import BACKENDS
from engine.build.options import Options
from engine.catalog import load_feature_set
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.memory import MEMORY_HELP, memory_size
from engine.process import settle_in

_DESCRIPTION = """\
Compute a feature set for every transaction of a log.

INPUT is any mix of pipe- or comma-delimited CSV files (.csv, .txt, also .gz), Parquet files,
folders of these, and glob patterns; their rows, in that order, are the log. A row that cannot be
read is put into quarantine with its reason and the rest is built. Memory does not grow with the
number of rows, but with the engine reference, which holds the log; with the engine online and with
--state it grows with the number of keys."""

_EPILOG = f"""\
writes into DIR:
  features.parquet    event_id, cc_num, unix_time, is_fraud where there is one, then the features,
                      a row for each event in the order of the input; with the engine spark and
                      inputs that are all Parquet a folder of files, part-000000.parquet first
  features.json       the features' names, in order
  build.json          what was read, refused and written, how fast, with what versions
  quarantine.parquet  the rows that were refused: file, line, reason

{EXIT_CODES}

examples:
  python -m engine.build transactions.csv --out features
  python -m engine.build 'logs/2025-*.parquet' late.csv.gz --out features --overwrite
  python -m engine.build transactions.csv --out features --state online.state
  python -m engine.build transactions.csv --out features --explain
  python -m engine.build history.parquet --out features --engine spark --master 'local[2]'"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    count = threads(parsed.threads)
    # polars reads it once, when it is imported: everything that imports polars comes after, and a
    # feature set of somebody's own may.
    os.environ.setdefault("POLARS_MAX_THREADS", str(count))
    settle_in()
    options = _options(parsed, count)
    from engine.build.explain import explain  # noqa: PLC0415 - see above
    from engine.build.job import build  # noqa: PLC0415 - see above

    def work() -> None:
        if options.explain:
            sys.stdout.write(explain(options))
            return
        report = build(options)
        if options.json:
            sys.stdout.write(json.dumps(report.content, indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(report.text)

    return work


def _parser() -> Parser:
    parser = Parser("python -m engine.build", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="files, folders or patterns")
    add("--out", required=True, metavar="DIR", help="folder for the results; made if need be")
    add("--set", default="notebook", metavar="SET", help=f"{SET_HELP} (default: %(default)s)")
    add(
        "--engine",
        default="polars",
        choices=tuple(BACKENDS),
        help="backend that computes it (default: %(default)s); no value depends on it",
    )
    add(
        "--master",
        default=None,
        metavar="URL",
        help="of the engine spark: Spark's master (default: local[N], N being --threads, or what "
        "spark-submit was told); on a cluster all its machines see the inputs and --out by the "
        "same paths, and Python there has this package",
    )
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--memory", default=None, metavar="SIZE", help=MEMORY_HELP)
    add(
        "--state",
        default=None,
        metavar="FILE",
        help="also leave the state that the online engine has after the log, for a warm start",
    )
    add(
        "--leap",
        default=None,
        metavar="T",
        help="of --state: how far an event may lie from those before it and its clock be believed, "
        "now and by whoever goes on from the state; none believes every clock "
        f"(default: {LEAP_TEXT})",
    )
    add("--strict", action="store_true", help="refuse the log if a row cannot be read")
    add("--overwrite", action="store_true", help="replace results that are already there")
    add("--explain", action="store_true", help="say how it would be computed, and stop")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")
    add("--json", action="store_true", help="print build.json on standard output")
    return parser


def _options(parsed: argparse.Namespace, count: int) -> Options:
    if parsed.leap is not None and parsed.state is None:
        raise InputError(
            f"--leap is of --state, and there is none (was {parsed.leap!r})",
            hint="add --state FILE, or leave --leap out",
        )
    if parsed.master is not None and parsed.engine != "spark":
        raise InputError(
            f"--master is of the engine spark (was {parsed.master!r}, engine {parsed.engine!r})",
            hint="add --engine spark, or leave --master out",
        )
    return Options(
        inputs=tuple(parsed.inputs),
        out=Path(parsed.out),
        features=load_feature_set(parsed.set),
        engine=parsed.engine,
        threads=count,
        master=parsed.master,
        memory=memory_size(parsed.memory),
        state=None if parsed.state is None else Path(parsed.state),
        leap=leap(LEAP_TEXT if parsed.leap is None else parsed.leap),
        strict=parsed.strict,
        overwrite=parsed.overwrite,
        explain=parsed.explain,
        quiet=parsed.quiet,
        json=parsed.json,
    )
