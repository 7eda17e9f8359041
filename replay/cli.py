"""The command line of ``python -m replay``."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.arguments import LEAP_TEXT, instant, leap, seconds, seed, span, whole
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.process import settle_in

_DESCRIPTION: Final = """\
Play a log back through the code that runs live: every event is decided on when it arrives, from
what had arrived before it, by the features, model and threshold of a run. Equal logs, runs and
options end in equal digests, at any speed, however often the replay was stopped."""

_EPILOG: Final = f"""\
a replay that was stopped goes on where it was: give the same command again. What is recorded is
computed anew, without the model, and compared to the last bit. One that was begun with --overwrite
goes on without it: with it, it would begin anew.

{EXIT_CODES}

examples:
  python -m replay log.parquet --run runs/current
  python -m replay log.parquet --run runs/current --from 2025-08-01 --ledger august
  python -m replay log.csv --run runs/current --speed 60x
  python -m replay august --run runs/challenger
  python -m replay log.csv --run runs/current --score-time 10ms..90ms --post-time 200ms"""

_SPEED: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)x", re.ASCII)
_DEADLINE: Final = "30s"
_MOST_REASONS: Final = 100
_MOST_BATCH: Final = 1_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    # One event after the other on one core; reading ahead is all that could use a second.
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    settle_in()
    from replay.job import replay  # noqa: PLC0415 - polars reads its threads when it is imported
    from replay.options import Options  # noqa: PLC0415 - the same
    from replay.source import ORDERS  # noqa: PLC0415 - the same
    from replay.text import replay_text  # noqa: PLC0415 - the same
    from replay.timing import MICROSECONDS, Spread, Timing  # noqa: PLC0415 - the same

    if parsed.order not in ORDERS:
        raise InputError(
            f"--order: no such order (was {parsed.order!r})", hint=f"use one of {', '.join(ORDERS)}"
        )
    start, end = instant(parsed.start, "--from"), instant(parsed.end, "--to")
    if start is not None and end is not None and start >= end:
        raise InputError(
            f"--to: not after --from (was {parsed.end!r}, and {parsed.start!r})",
            hint="decisions are made on what arrives from --from on, and before --to",
        )
    drawn = 0 if parsed.seed is None else seed(parsed.seed)
    if parsed.seed is not None and parsed.score_time is None and parsed.post_time is None:
        raise InputError(
            f"--seed: nothing is drawn without --score-time or --post-time (was {parsed.seed!r})",
            hint="add --score-time 10ms..90ms, say, or leave --seed out",
        )
    timing = None
    if any(given is not None for given in (parsed.score_time, parsed.post_time, parsed.deadline)):
        timing = Timing(
            Spread(*_spread(parsed.score_time, "--score-time", MICROSECONDS)),
            Spread(*_spread(parsed.post_time, "--post-time", MICROSECONDS)),
            round(
                seconds(_DEADLINE if parsed.deadline is None else parsed.deadline, "--deadline")
                * MICROSECONDS
            ),
            drawn,
        )
    options = Options(
        inputs=tuple(parsed.inputs),
        run=Path(parsed.run),
        ledger=None if parsed.ledger is None else Path(parsed.ledger),
        speed=_speed(parsed.speed),
        start=start,
        end=end,
        order=parsed.order,
        leap="usual" if parsed.leap is None else leap(parsed.leap),
        feed_lag=span(parsed.feed_lag, "--feed-lag"),
        label_delay=span(parsed.label_delay, "--label-delay"),
        timing=timing,
        reasons=whole(parsed.reasons, "--reasons", 0, _MOST_REASONS),
        batch=whole(parsed.batch, "--batch", 1, _MOST_BATCH),
        overwrite=parsed.overwrite,
        quiet=parsed.quiet,
        json=parsed.json,
    )

    def work() -> None:
        replayed = replay(options)
        if options.json:
            sys.stdout.write(json.dumps(replayed.summary(), indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(replay_text(replayed))

    return work


def _parser() -> argparse.ArgumentParser:
    parser = Parser("python -m replay", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        metavar="LOG",
        help="CSV or Parquet files, folders of them; or the ledger of a replay",
    )
    add("--run", required=True, metavar="RUN", help="folder of the run, such as runs/current")
    add("--ledger", default=None, metavar="DIR", help="folder to record decisions in")
    add(
        "--speed",
        default="max",
        metavar="S",
        help="max, or times as fast as it happened, such as 1x or 60x (default: %(default)s)",
    )
    add(
        "--from",
        dest="start",
        default=None,
        metavar="TIME",
        help="decide on what arrives from then on, UTC; what arrived before is history",
    )
    add("--to", dest="end", default=None, metavar="TIME", help="stop at what arrives then or later")
    add(
        "--order",
        default="refuse",
        metavar="ORDER",
        help="a log out of time order: refuse it, take it for the order of arrival, or put it in "
        "event-time order (default: %(default)s; a log with arrival_time is taken as it arrived)",
    )
    add(
        "--leap",
        default=None,
        metavar="T",
        help="how far an event may lie from those before it and its clock be believed; none "
        f"believes every clock (default: {LEAP_TEXT}, of a ledger that of its recording)",
    )
    add(
        "--feed-lag",
        default="0s",
        metavar="T",
        help="from event to arrival, for logs that do not say (default: %(default)s)",
    )
    add(
        "--label-delay",
        default="7d",
        metavar="T",
        help="from event to label, for feature sets that read labels and logs that do not say "
        "(default: %(default)s)",
    )
    add(
        "--score-time",
        default=None,
        metavar="T",
        help="how long deciding takes, one event after the other, such as 40ms or 10ms..90ms",
    )
    add(
        "--post-time",
        default=None,
        metavar="T",
        help="how long posting a decision takes, likewise, many at once",
    )
    add(
        "--deadline",
        default=None,
        metavar="T",
        help=f"from arrival to when it has to be posted (default: {_DEADLINE})",
    )
    add("--seed", default=None, metavar="N", help="what T..T is drawn from (default: 0)")
    add("--reasons", default="3", metavar="N", help="for a flagged event (default: %(default)s)")
    add(
        "--batch",
        default="512",
        metavar="N",
        help="events that the model scores at once, at most; no decision depends on it "
        "(default: %(default)s)",
    )
    add("--overwrite", action="store_true", help="replace the ledger")
    add("--quiet", action="store_true", help="no progress, and no report unless --json")
    add("--json", action="store_true", help="print the report as JSON on standard output")
    return parser


def _spread(text: str | None, option: str, unit: int) -> tuple[int, int]:
    """The least and the most of a span of time, such as ``40ms`` or ``10ms..90ms``."""
    if text is None:
        return 0, 0
    least, between, most = text.partition("..")
    hint = "give one such as 40ms or 10ms..90ms"
    try:
        low = round(seconds(least, option) * unit)
        high = round(seconds(most, option) * unit) if between else low
    except InputError as error:
        raise InputError(f"{option}: not a span of time (was {text!r})", hint=hint) from error
    if low > high:
        raise InputError(
            f"{option}: the least comes after the most (was {text!r})",
            hint=hint,
        )
    return low, high


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    written = _SPEED.fullmatch(text)
    if written is None or not float(written[1]):
        raise InputError(f"--speed: not a speed (was {text!r})", hint="give max, 1x, 60x or 0.5x")
    return float(written[1])
