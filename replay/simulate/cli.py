"""The command line of the simulator."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

import polars as pl

from replay.simulate.progress import Meter
from replay.simulate.settings import Settings, SimulateError
from replay.simulate.stream import Simulation
from replay.simulate.write import PARQUET, WriteError, check_output, write_chunks

EXIT_FAILED = 1
EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130

_DESCRIPTION = """\
Write a training file of simulated card transactions with labelled fraud.

Customers, merchants, daily rhythm, bursts and same-second ties are invented; stolen cards, card
testing, compromised merchants and slow skimming hide among the ordinary purchases of the same
cards. Equal options give an equal file. Memory does not grow with --rows."""

_EPILOG = """\
examples:
  python -m replay.simulate --rows 1000000 --cards 10000 --seed 1 --out train.parquet
  python -m replay.simulate --rows 200000 --drift 0.8 --out drifting.csv
  python -m replay.simulate --rows 1000000 --cards 1 --days 1 --out hot_card.parquet"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors look like all others of this project."""

    def error(self, message: str) -> NoReturn:
        raise SimulateError(
            "cannot read the command line", self.prog, message, "see --help for the options"
        )


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = _Parser(
        prog="python -m replay.simulate",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Returns
    -------
    int
        0 if the file was written, 1 if writing failed, 2 if the options were refused, 130 if
        interrupted. In all but the first case no file is left or changed.
    """
    try:
        options = _parser().parse_args(argv)
        settings = _settings(options)
        out = Path(options.out)
        check_output(out, overwrite=options.overwrite)
        with Meter(settings.rows, quiet=options.quiet) as meter:
            summary = _run(settings, out, meter)
    except WriteError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    except SimulateError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_REFUSED
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: no file was written\n")
        return EXIT_INTERRUPTED
    if options.json:
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    elif not options.quiet:
        sys.stdout.write(_as_text(summary))
    return 0


def _run(settings: Settings, out: Path, meter: Meter) -> dict[str, object]:
    simulation = Simulation(settings)
    rows = fraud = 0

    def done(chunk: pl.DataFrame) -> None:
        nonlocal rows, fraud
        rows += chunk.height
        fraud += int(chunk["is_fraud"].sum())
        meter.advance(chunk.height)

    write_chunks(simulation.chunks(encoded=out.suffix == PARQUET), out, done)
    return {
        "out": str(out),
        "bytes": out.stat().st_size,
        "rows": rows,
        "cards": settings.cards,
        "seed": settings.seed,
        "start": settings.start.isoformat(),
        "days": settings.days,
        "drift": settings.drift,
        "fraud_rows": fraud,
        "fraud_share": fraud / rows,
        "fraud_rows_by_behaviour": simulation.plan.fraud_rows(),
        "seconds": round(meter.seconds, 3),
        "rows_per_second": round(meter.rows_per_second),
    }


def _as_text(summary: dict[str, object]) -> str:
    behaviours = summary["fraud_rows_by_behaviour"]
    assert isinstance(behaviours, dict)  # noqa: S101  tells the type checker what _run put there
    fraud = summary["fraud_rows"]
    lines = [
        f"{summary['out']}: {summary['rows']:,} rows",
        f"{summary['cards']:,} cards, {summary['days']:,} days from {summary['start']}",
        f"fraud: {fraud:,} rows ({summary['fraud_share']:.3%})",
        *(f"  {name.replace('_', ' '):<22}{n:>12,}" for name, n in behaviours.items()),
        f"{summary['seconds']:.1f} s, {summary['rows_per_second']:,} rows/s",
    ]
    return "\n".join(lines) + "\n"


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
        raise SimulateError(
            "cannot read a whole number", option, repr(text), "write digits, such as 1000000"
        ) from error


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise SimulateError(
            "cannot read a number", option, repr(text), "write a number, such as 0.01"
        ) from error


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SimulateError(
            "cannot read a day", option, repr(text), "write YYYY-MM-DD, such as 2025-01-01"
        ) from error
