"""The command line of the simulator."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from replay.simulate.job import simulate_to_file
from replay.simulate.settings import Settings
from replay.simulate.write import check_output

_DESCRIPTION = """\
Write a training file of simulated card transactions with labelled fraud.

Customers, merchants, daily rhythm, bursts and same-second ties are invented; stolen cards, card
testing, compromised merchants and slow skimming hide among the ordinary purchases of the same
cards. Equal options give an equal file. Memory does not grow with --rows."""

_EPILOG = f"""\
{EXIT_CODES}

examples:
  python -m replay.simulate --rows 1000000 --cards 10000 --seed 1 --out train.parquet
  python -m replay.simulate --rows 200000 --drift 0.8 --out drifting.csv
  python -m replay.simulate --rows 1000000 --cards 1 --days 1 --out hot_card.parquet"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Unless that is 0, no file is left or changed.
    """
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    options = _parser().parse_args(argv)
    settings = _settings(options)
    out = Path(options.out)
    check_output(out, overwrite=options.overwrite)

    def work() -> None:
        summary = simulate_to_file(settings, out, quiet=options.quiet)
        if options.json:
            sys.stdout.write(json.dumps(summary.content, indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(summary.text)

    return work


def _parser() -> Parser:
    default = Settings()
    parser = Parser("python -m replay.simulate", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add(
        "--out",
        required=True,
        metavar="FILE",
        help="file to write: *.csv (pipe-delimited, unquoted) or *.parquet",
    )
    add("--rows", default=str(default.rows), metavar="N", help="events (default: %(default)s)")
    add(
        "--cards",
        default=str(default.cards),
        metavar="M",
        help="cards in the population (default: %(default)s)",
    )
    add("--seed", default=str(default.seed), metavar="S", help="seed (default: %(default)s)")
    add(
        "--start",
        default=default.start.isoformat(),
        metavar="YYYY-MM-DD",
        help="first UTC day (default: %(default)s)",
    )
    add("--days", default=str(default.days), metavar="D", help="days (default: %(default)s)")
    add(
        "--fraud-rate",
        default=str(default.fraud_rate),
        metavar="P",
        help="share of rows that are fraud, 0 to 0.5 (default: %(default)s)",
    )
    add(
        "--drift",
        default=str(default.drift),
        metavar="X",
        help="how far the mix of categories moves over the span, 0 to 1 (default: %(default)s)",
    )
    add("--overwrite", action="store_true", help="replace the file if it exists")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")
    add("--json", action="store_true", help="print the summary as JSON on standard output")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        rows=_whole("--rows", options.rows),
        cards=_whole("--cards", options.cards),
        seed=_whole("--seed", options.seed),
        start=_day("--start", options.start),
        days=_whole("--days", options.days),
        fraud_rate=_number("--fraud-rate", options.fraud_rate),
        drift=_number("--drift", options.drift),
    )


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError(
            f"{option}: cannot read a whole number (was {text!r})",
            hint="write digits, such as 1000000",
        ) from error


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(
            f"{option}: cannot read a number (was {text!r})",
            hint="write a number, such as 0.01",
        ) from error


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option}: cannot read a day (was {text!r})",
            hint="write YYYY-MM-DD, such as 2025-01-01",
        ) from error
