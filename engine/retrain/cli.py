"""The command line of the retraining."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.arguments import amount, day, resamples, seed, threads, whole
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.process import settle_in

_DESCRIPTION = """\
Train a challenger on fresh labels, and put it in use if it is better than the champion.

The champion is the run that DIR/current leads to. The challenger is trained with its settings
(kind of model, split, label delay, rule for the threshold, calibration, seed), on all that is
older than the days by which both are judged. Those are the newest whose labels are known: they end
by the champion's label delay before FEATURES does. Neither run has learnt from them.

FEATURES is a folder that python -m engine.build made, or the features.parquet in it, with labels.
Events without one are counted: neither run is judged by them, nor the challenger trained on them.

The challenger is promoted, which is to let DIR/current lead to it, if two things hold on these
days: its --metric is higher by at least --margin, and the interval of that difference, over draws
of cards (of days for cards.precision), lies above 0, at least ten of them with fraud. Else what is
in use stays so, as it does where DIR/current leads to another run than the champion: that one was
not compared. The challenger's run is there either way."""

_EPILOG = f"""\
writes into DIR/ID, beside what python -m engine.train writes:
  decision.json   promote or keep, the reasons, every figure of both, drift
  retrain.html    the same to be read

drift is how far features and score have moved since the champion was trained, as population
stability index: below 0.1 stable, from 0.1 on moderate, from 0.25 on shifted; no verdict of
events or cards so few that chance may do it, nor of hour and weekday of less than a week. It
decides nothing.

{EXIT_CODES}
0 is a decision, either way; --json tells which

examples:
  python -m engine.retrain features --runs runs
  python -m engine.retrain features --runs runs --metric money.caught_share --margin 0.01
  python -m engine.retrain features --runs runs --dry-run --json"""

_LEAST_DRAWS: Final = 40  # one of them below the interval, one above
_MOST_DAYS: Final = 10_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    count = threads(parsed.threads)
    # polars reads it once, when it is imported: everything that imports polars comes after.
    os.environ.setdefault("POLARS_MAX_THREADS", str(count))
    settle_in()
    from engine.retrain.decision import METRICS  # noqa: PLC0415 - see above
    from engine.retrain.job import retrain  # noqa: PLC0415 - see above
    from engine.retrain.options import Options  # noqa: PLC0415 - see above
    from engine.retrain.text import retraining_json, retraining_text  # noqa: PLC0415 - see above

    if parsed.metric not in METRICS:
        raise InputError(
            f"--metric: not a figure to decide by (was {parsed.metric!r})",
            hint=f"give one of {', '.join(METRICS)}",
        )
    margin = amount(parsed.margin, "--margin")
    if margin >= 1:
        raise InputError(
            f"--margin: figures are shares of 1 (was {parsed.margin!r})",
            hint="give one such as 0.005",
        )
    options = Options(
        features=Path(parsed.features),
        runs=Path(parsed.runs),
        champion=None if parsed.champion is None else Path(parsed.champion),
        id=parsed.id,
        days=whole(parsed.days, "--days", 1, _MOST_DAYS),
        until=day(parsed.until, "--until"),
        metric=parsed.metric,
        margin=margin,
        resamples=resamples(parsed.resamples, _LEAST_DRAWS),
        seed=seed(parsed.seed),
        threads=count,
        report=not parsed.no_report,
        dry_run=parsed.dry_run,
        quiet=parsed.quiet,
        json=parsed.json,
    )

    def work() -> None:
        retraining = retrain(options)
        if options.json:
            sys.stdout.write(json.dumps(retraining_json(retraining), indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(retraining_text(retraining))

    return work


def _parser() -> Parser:
    parser = Parser("python -m engine.retrain", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("features", metavar="FEATURES", help="a build's folder, or its features.parquet")
    add("--runs", required=True, metavar="DIR", help="folder of runs, with a champion in use")
    add("--champion", default=None, metavar="RUN", help="another run than DIR/current")
    add("--id", default=None, metavar="ID", help="the new run's name (default: time and model)")
    add(
        "--days",
        default="28",
        metavar="N",
        help="by how many of the newest labelled days both are judged (default: %(default)s)",
    )
    add(
        "--until",
        default=None,
        metavar="DATE",
        help="first day that is not judged by any more, UTC, instead of the label delay's",
    )
    add(
        "--metric",
        default="average_precision",
        metavar="FIGURE",
        help="what is decided by (default: %(default)s)",
    )
    add(
        "--margin",
        default="0.005",
        metavar="M",
        help="by how much it has to be higher, as a share of 1 (default: %(default)s)",
    )
    add(
        "--resamples",
        default="1000",
        metavar="N",
        help="draws for the intervals, at least 40 (default: %(default)s)",
    )
    add("--seed", default="42", metavar="N", help="of these draws (default: %(default)s)")
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--no-report", action="store_true", help="leave out the challenger's report.html and plots")
    add("--dry-run", action="store_true", help="decide, and leave DIR/current as it is")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")
    add("--json", action="store_true", help="print the decision as JSON on standard output")
    return parser
