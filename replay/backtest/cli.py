"""The command line of ``python -m replay.backtest``."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.arguments import (
    SET_HELP,
    amount,
    cards_per_day,
    day,
    leap,
    resamples,
    seed,
    span,
    threads,
    whole,
)
from engine.catalog import load_feature_set
from engine.command import EXIT_FOUND, OTHER_EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.process import settle_in

if TYPE_CHECKING:
    from engine.model.threshold import Rule
    from replay.backtest.options import Contender, Windows
    from replay.backtest.policies import Policy

_DESCRIPTION: Final = """\
Test a model on a past that it has not seen: train on a window of the log, wait until its labels
are known, test on the next window, roll on. With --run one model is tested that is there already.

FILE is a log, any mix of files, folders and patterns as for python -m engine.build, whose features
are computed once for all folds; or, to be tested in the vectorised way, the folder of a build.

There are two ways, which decide alike: all events of a fold at once (vectorised), and one after the
other through the code that runs live (--event-driven). --check goes both ways and compares every
decision: the bits of the score, the flag, and what the policy makes of it."""

_EPILOG: Final = f"""\
A model learns from events whose labels are known when its test begins: those older by --delay. Its
threshold is chosen on the tail of the training window, again a delay after what is learnt from.

what becomes of a flag, over all folds:
  --budget N       at most N alerts a UTC day, in order; the rest of that day nothing is flagged.
                   Unless told otherwise the threshold is the one that would have used it up on
                   validation
  --block pool     a flagged card is blocked for good, its later events are left out of account
  --block saved    the same, and their fraud counts as money saved
  --reviews N      at most N cards are looked at a UTC day, in order; other alerts do nothing
What is attempted on a blocked card stays in the history that features see.

champion against challenger: --against-run or --against-threshold, or both, name a second contender;
both are judged by the same events, with intervals for the difference.

writes into DIR: backtest.json, runs/ (of the folds), the decisions as Parquet, report.html and
results.json; a backtest that was stopped goes on where it was, with the same command.

exit codes: 0 done, {EXIT_FOUND} --check has found a decision that differs, {OTHER_EXIT_CODES}

examples:
  python -m replay.backtest log.parquet --out backtest
  python -m replay.backtest log.parquet --train 90d --delay 7d --test 28d --budget 20 --block saved
  python -m replay.backtest log.parquet --check
  python -m replay.backtest log.parquet --run runs/new --against-run runs/current"""

_SCORE: Final = re.compile(r"0?\.[0-9]{1,17}|[01]", re.ASCII)
_MOST: Final = 10**9
_MOST_BATCH: Final = 1_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], int]:
    parsed = _parser().parse_args(argv)
    count = threads(parsed.threads)
    # polars reads it once, when it is imported: everything that imports polars comes after.
    os.environ.setdefault("POLARS_MAX_THREADS", str(count))
    settle_in()
    from engine.model.threshold import Rule  # noqa: PLC0415 - see above
    from replay.backtest.job import backtest  # noqa: PLC0415 - see above
    from replay.backtest.options import Options, Training  # noqa: PLC0415 - see above
    from replay.backtest.text import backtest_text  # noqa: PLC0415 - see above

    policy = _policy(parsed)
    contenders = _contenders(parsed)
    rule = contenders[0].threshold
    if not isinstance(rule, Rule):
        rule = (
            Rule("max-f1")
            if policy.budget is None
            else Rule("alerts-per-day", float(policy.budget))
        )
    options = Options(
        inputs=tuple(parsed.inputs),
        contenders=contenders,
        features=None if parsed.set is None else load_feature_set(parsed.set),
        windows=_windows(parsed),
        start=day(parsed.start, "--from"),
        until=day(parsed.until, "--until"),
        training=Training(parsed.model, rule, parsed.calibration),
        policy=policy,
        mode="check" if parsed.check else "event-driven" if parsed.event_driven else "vectorised",
        order=parsed.order,
        leap=leap(parsed.leap),
        batch=whole(parsed.batch, "--batch", 1, _MOST_BATCH),
        alert_cost=amount(parsed.alert_cost, "--alert-cost"),
        cards_per_day=cards_per_day(parsed.cards_per_day),
        resamples=resamples(parsed.resamples),
        seed=seed(parsed.seed),
        threads=count,
        out=None if parsed.out is None else Path(parsed.out),
        overwrite=parsed.overwrite,
        quiet=parsed.quiet,
        json=parsed.json,
    )

    def work() -> int:
        done = backtest(options)
        if options.json:
            told = {**done.content, "played": done.played(), "seconds": round(done.seconds, 3)}
            sys.stdout.write(json.dumps(told, indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(backtest_text(done))
        return EXIT_FOUND if done.differing else 0

    return work


def _parser() -> Parser:
    parser = Parser("python -m replay.backtest", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("inputs", nargs="+", metavar="FILE", help="a log, or the folder of a build")
    for name, default, words in (
        ("--train", "28d", "what a fold may learn from, validation included"),
        ("--delay", "7d", "until a label is known"),
        ("--test", "7d", "what a fold is judged by; after it the next one begins"),
    ):
        add(name, default=default, metavar="SPAN", help=f"{words} (default: {default})")
    add(
        "--validation",
        default=None,
        metavar="SPAN",
        help="tail of --train to choose the threshold on (default: a quarter of what --delay "
        "leaves of it)",
    )
    add("--from", dest="start", default=None, metavar="DATE", help="first day of the first test")
    add(
        "--until",
        default=None,
        metavar="DATE",
        help="first day that is not tested any more, UTC, within the log (default: --delay before "
        "its end)",
    )
    add("--run", default=None, metavar="RUN", help="test this run; nothing is trained")
    add(
        "--threshold",
        default=None,
        metavar="T",
        help="a score such as 0.5, or a rule as for python -m engine.train (default: max-f1, with "
        "--budget the one that uses it up; of a --run its own)",
    )
    add("--against-run", default=None, metavar="RUN", help="the champion, a run that is there")
    add("--against-threshold", default=None, metavar="T", help="the champion's, as --threshold")
    add(
        "--model",
        default="lightgbm",
        choices=("lightgbm", "random_forest"),
        help="what is trained (default: %(default)s)",
    )
    add(
        "--calibration",
        default="platt",
        choices=("platt", "isotonic", "none"),
        help="from scores to probabilities (default: %(default)s)",
    )
    add(
        "--set",
        default=None,
        metavar="SET",
        help=f"{SET_HELP} (default: that of a build or a run, of a log notebook)",
    )
    add("--budget", default=None, metavar="N", help="alerts a UTC day (default: any number)")
    add(
        "--block",
        default="none",
        choices=("none", "pool", "saved"),
        help="whether a flagged card is blocked, and what follows counts as (default: %(default)s)",
    )
    add("--reviews", default=None, metavar="N", help="cards looked at a UTC day (default: all)")
    add("--event-driven", action="store_true", help="through the code that runs live")
    add("--check", action="store_true", help="both ways; exit code 1 if a single decision differs")
    add(
        "--order",
        default="refuse",
        choices=("refuse", "event-time"),
        help="a log out of time order, or with arrival_time, which is not looked at: refuse it, or "
        "put it in order (default: %(default)s)",
    )
    add(
        "--leap",
        default="none",
        metavar="T",
        help="event by event: how far an event may lie from those before it and its clock be "
        "believed. Features that are computed at once believe every clock, so that with another "
        "than none --check says what it changes (default: %(default)s)",
    )
    add(
        "--batch",
        default="512",
        metavar="N",
        help="events that the model scores at once, event by event; no decision depends on it "
        "(default: %(default)s)",
    )
    add("--alert-cost", default="5", metavar="AMOUNT", help="of a false alert (default: 5)")
    add("--cards-per-day", default="10", metavar="K", help="of card precision@k (default: 10)")
    add("--resamples", default="200", metavar="N", help="draws for intervals (default: 200)")
    add("--seed", default="42", metavar="N", help="of all that is drawn (default: 42)")
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--out", default=None, metavar="DIR", help="folder for the results; made if need be")
    add("--overwrite", action="store_true", help="replace a backtest that is there")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")
    add("--json", action="store_true", help="print the results as JSON on standard output")
    return parser


def _windows(parsed: argparse.Namespace) -> "Windows":
    from replay.backtest.options import Windows  # noqa: PLC0415 - imports polars

    tail = parsed.validation
    return Windows(
        train=_days(parsed.train, "--train"),
        delay=_days(parsed.delay, "--delay"),
        test=_days(parsed.test, "--test"),
        validation=None if tail is None else _days(tail, "--validation"),
    )


def _days(text: str, option: str) -> int:
    from engine.model.split import DAY  # noqa: PLC0415 - imports polars

    seconds = span(text, option)
    if seconds % DAY:
        raise InputError(
            f"{option}: folds are of whole UTC days (was {text!r})", hint="give one such as 7d"
        )
    return seconds


def _policy(parsed: argparse.Namespace) -> "Policy":
    from replay.backtest.policies import Policy  # noqa: PLC0415 - imports numpy

    budget, reviews = parsed.budget, parsed.reviews
    return Policy(
        budget=None if budget is None else whole(budget, "--budget", 1, _MOST),
        blocking=parsed.block,
        reviews=None if reviews is None else whole(reviews, "--reviews", 1, _MOST),
    )


def _contenders(parsed: argparse.Namespace) -> "tuple[Contender, ...]":
    from replay.backtest.options import (  # noqa: PLC0415 - imports polars
        ALONE,
        CHALLENGER,
        CHAMPION,
        Contender,
    )

    def contender(name: str, run: str | None, option: str, text: str | None) -> Contender:
        threshold = None if text is None else _threshold(text, option, has_run=run is not None)
        return Contender(name, None if run is None else Path(run), threshold)

    against, other = parsed.against_run, parsed.against_threshold
    if against is None and other is None:
        return (contender(ALONE, parsed.run, "--threshold", parsed.threshold),)
    return (
        contender(CHALLENGER, parsed.run, "--threshold", parsed.threshold),
        contender(CHAMPION, against or parsed.run, "--against-threshold", other),
    )


def _threshold(text: str, option: str, *, has_run: bool) -> "Rule | float":
    from engine.model.threshold import read_rule  # noqa: PLC0415 - imports numpy

    if _SCORE.fullmatch(text):
        return float(text)
    if has_run:
        raise InputError(
            f"{option}: a run that is there has chosen its threshold by its own rule, on days "
            f"that may not be of this log (was {text!r})",
            hint="give a score such as 0.5, or leave it out",
        )
    try:
        return read_rule(text)
    except InputError as error:
        raise InputError(
            error.what.replace("--threshold", option, 1), hint=f"{error.hint}; or a score, as 0.5"
        ) from error
