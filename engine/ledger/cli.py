"""The command line of the ledger: export, show, retain."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from engine.arguments import instant, span, threads
from engine.command import EXIT_CODES, Parser, run_command
from engine.ledger.options import FORMS, ExportOptions, RetainOptions
from engine.process import settle_in

_DESCRIPTION = """\
Export, show or shorten the ledger of the live scorer, which may go on deciding meanwhile."""

_EPILOG = f"""\
{EXIT_CODES}

examples:
  python -m engine.ledger show live.db
  python -m engine.ledger export live.db --out august --since 2025-08-01 --until 2025-08-31
  python -m engine.ledger export live.db --as log --out log.parquet
  python -m engine.ledger retain live.db --keep 90d

python -m engine.ledger COMMAND --help says more about each."""

_EXPORT: Final = """\
Export a ledger as Parquet.

As decisions, it is what python -m replay records: python -m replay.questions asks a folder of it.
Decisions that no model made have no score; they are left out, and counted, unless --fallbacks.

As a log, it holds the events in the order in which they came, with the labels that were told by
now: an input of python -m engine.build, engine.retrain and replay, which read the very values that
were scored.

What comes while it is being exported is left for the next time. Memory does not grow with the
ledger."""

_RETAIN: Final = """\
Remove what came longer ago than --keep: events, decisions, replies, explanations and labels, and
what was put into quarantine.

Nothing is removed whose flag is pending. An event that comes again is known as long as it is kept,
and at least a day. The file does not get smaller; its free room is written on again."""

_SHOW: Final = """\
Show what is in a ledger: how many decisions, what came of the flags, models, size."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    prepare: Callable[[argparse.Namespace], Callable[[], None]] = parsed.prepare
    return prepare(parsed)


def _prepare_export(parsed: argparse.Namespace) -> Callable[[], None]:
    options = ExportOptions(
        ledger=Path(parsed.ledger),
        out=Path(parsed.out),
        form=parsed.form,
        since=instant(parsed.since, "--since"),
        until=instant(parsed.until, "--until"),
        fallbacks=parsed.fallbacks,
        overwrite=parsed.overwrite,
        quiet=parsed.quiet,
        json=parsed.json,
    )
    _settle(parsed)
    from engine.ledger.job import export  # noqa: PLC0415 - after polars' threads are set
    from engine.ledger.text import exported_text  # noqa: PLC0415 - the same

    def work() -> None:
        exported = export(options)
        _say(parsed, exported.summary(), exported_text(exported))

    return work


def _prepare_retain(parsed: argparse.Namespace) -> Callable[[], None]:
    options = RetainOptions(
        ledger=Path(parsed.ledger),
        keep=span(parsed.keep, "--keep"),
        quiet=parsed.quiet,
        json=parsed.json,
    )
    from engine.ledger.job import remove_old, removed_json  # noqa: PLC0415 - after the command line
    from engine.ledger.text import removed_text  # noqa: PLC0415 - the same

    def work() -> None:
        removed = remove_old(options)
        _say(parsed, removed_json(options, removed), removed_text(removed))

    return work


def _prepare_show(parsed: argparse.Namespace) -> Callable[[], None]:
    from engine.ledger.text import shown_text  # noqa: PLC0415 - after the command line
    from engine.live.ledger.described import described  # noqa: PLC0415 - the same
    from engine.live.ledger.reader import reading  # noqa: PLC0415 - the same

    def work() -> None:
        with reading(Path(parsed.ledger)) as reader:
            shown = described(reader)
        _say(parsed, shown, shown_text(shown))

    return work


def _say(parsed: argparse.Namespace, content: dict[str, Any], text: str) -> None:
    if parsed.json:
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
    elif not parsed.quiet:
        sys.stdout.write(text)


def _settle(parsed: argparse.Namespace) -> None:
    # polars reads it once, when it is imported: everything that imports polars comes after.
    os.environ.setdefault("POLARS_MAX_THREADS", str(threads(parsed.threads)))
    settle_in()


def _parser() -> Parser:
    parser = Parser("python -m engine.ledger", _DESCRIPTION, _EPILOG)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_export(commands)
    show = _add(commands, "show", "say what is in it", _SHOW, _prepare_show)
    show.set_defaults(quiet=False)
    retain = _add(commands, "retain", "remove what is old", _RETAIN, _prepare_retain)
    retain.add_argument(
        "--keep", required=True, metavar="SPAN", help="how long to keep, such as 90d; 1d at least"
    )
    retain.add_argument(
        "--quiet", action="store_true", help="no progress, and no summary unless --json"
    )
    return parser


def _add_export(commands: Any) -> None:  # noqa: ANN401 - argparse does not name its type
    add = _add(commands, "export", "write it as Parquet", _EXPORT, _prepare_export).add_argument
    add(
        "--out",
        required=True,
        metavar="DIR|FILE",
        help="folder for parts, or one file that ends in .parquet; made if need be",
    )
    add(
        "--as",
        dest="form",
        default=FORMS[0],
        choices=FORMS,
        help="what it is exported as (default: %(default)s)",
    )
    add("--since", default=None, metavar="AT", help="the earliest arrival, UTC: 2025-08-01T12:00")
    add("--until", default=None, metavar="AT", help="the latest one, included")
    add("--fallbacks", action="store_true", help="decisions that no model made too")
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--overwrite", action="store_true", help="replace an earlier export")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")


def _add(
    commands: Any,  # noqa: ANN401 - argparse does not name its type
    name: str,
    short: str,
    description: str,
    prepare: Callable[[argparse.Namespace], Callable[[], None]],
) -> Parser:
    parser: Parser = commands.add_parser(
        name, help=short, description=description, epilog=EXIT_CODES
    )
    parser.add_argument("ledger", metavar="LEDGER", help="the file that the live scorer writes")
    parser.add_argument("--json", action="store_true", help="print it as JSON on standard output")
    parser.set_defaults(prepare=prepare)
    return parser
