"""The command line of the questions."""

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.arguments import instant, threads
from engine.command import EXIT_DONE, EXIT_FOUND, OTHER_EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.process import settle_in
from replay.questions.options import Options
from replay.questions.read import read_questions

_VARIABLE: Final = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)

_DESCRIPTION: Final = """\
Ask a ledger the questions of sql/questions: how many alerts there were, of which patterns, who is
exposed, what happened on a card; and audit features for leakage and skew. Each question is a file
of SQL that also runs by itself; --list says what there is to ask, and what each question takes.
Cards are masked to their last four digits."""

_EPILOG: Final = f"""\
exit codes: 0 done, 1 an audit has found something, {OTHER_EXIT_CODES}

examples:
  python -m replay.questions august
  python -m replay.questions august --labels log.parquet --question exposed --since 2025-08-15
  python -m replay.questions august --question card --var card=4077 --json
  python -m replay.questions august --question skew --features features
  python -m replay.questions --question leakage --var whole=features/features.parquet \\
      --var known=known/features.parquet"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], int]:
    parsed = _parser().parse_args(argv)
    options = _options(parsed)
    os.environ.setdefault("POLARS_MAX_THREADS", str(options.threads))
    settle_in()
    from replay.questions.answer import ask  # noqa: PLC0415 - polars reads its threads on import
    from replay.questions.text import (  # noqa: PLC0415 - the same
        answers_text,
        content_of,
        list_content,
        list_text,
    )

    def listed() -> int:
        questions = read_questions()
        if options.json:
            sys.stdout.write(json.dumps(list_content(questions), indent=2) + "\n")
        else:
            sys.stdout.write(list_text(questions))
        return EXIT_DONE

    def work() -> int:
        answers = ask(options)
        if options.json:
            sys.stdout.write(json.dumps(content_of(answers), indent=2, ensure_ascii=False) + "\n")
        else:
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            sys.stdout.write(answers_text(answers, width))
        return EXIT_FOUND if any(each.has_found for each in answers.answers) else EXIT_DONE

    return listed if parsed.list else work


def _parser() -> argparse.ArgumentParser:
    parser = Parser("python -m replay.questions", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("ledger", nargs="?", default=None, metavar="LEDGER", help="the folder of a ledger")
    add(
        "--question",
        action="append",
        default=[],
        metavar="NAME",
        help="ask this one; may be given again (default: all for which there is what they need)",
    )
    add("--labels", default=None, metavar="LOG", help="a log or a build: which events were fraud")
    add("--features", default=None, metavar="BUILD", help="a build, or a Parquet file of features")
    add(
        "--since",
        default=None,
        metavar="TIME",
        help="count what arrived from then on, UTC (default: as each question says)",
    )
    add(
        "--until",
        default=None,
        metavar="TIME",
        help="and until then, included; what is asked of the last hour is asked of the hour before "
        "(default: the latest arrival in the ledger)",
    )
    add(
        "--var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another variable of a question; may be given again",
    )
    add("--list", action="store_true", help="say what there is to ask, and ask nothing")
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--json", action="store_true", help="print the answers as JSON on standard output")
    return parser


def _options(parsed: argparse.Namespace) -> Options:
    options = Options(
        ledger=None if parsed.ledger is None else Path(parsed.ledger),
        labels=parsed.labels,
        features=None if parsed.features is None else Path(parsed.features),
        names=tuple(parsed.question),
        since=instant(parsed.since, "--since"),
        until=instant(parsed.until, "--until"),
        variables=dict(map(_variable, parsed.var)),
        threads=threads(parsed.threads),
        json=parsed.json,
    )
    if options.since is not None and options.until is not None and options.since > options.until:
        raise InputError(
            f"--since: later than --until (was {parsed.since!r} and {parsed.until!r})",
            hint="give the earlier instant first",
        )
    return options


def _variable(text: str) -> tuple[str, str]:
    written = _VARIABLE.fullmatch(text)
    if written is None:
        raise InputError(
            f"--var: not a variable and its value (was {text!r})", hint="give one such as top=10"
        )
    return written[1], written[2]
