"""The command line of the training."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.arguments import (
    amount,
    cards_per_day,
    day,
    names,
    resamples,
    seed,
    shares,
    span,
    threads,
)
from engine.clock import utc_second
from engine.command import EXIT_CODES, Parser, run_command
from engine.process import settle_in

if TYPE_CHECKING:
    from engine.model.split import SplitOptions

_DESCRIPTION = """\
Train a model on a build's features, choose its threshold, and say how good it is.

FEATURES is a folder that python -m engine.build made, or the features.parquet in it. The model
learns from the past, its threshold is chosen on later days, and it is judged on the last ones.
Events without a label are left out of all three, and counted."""

_EPILOG = f"""\
writes into DIR/ID, a folder that appears only when it is complete:
  model.pkl               a joblib pickle with predict_proba, for scikit-learn alone
  model.txt               of LightGBM: its own text
  anomaly.pkl             of --anomaly: the isolation forest
  encoding.json           of a set with text features: the codes that stand for texts
  features.json           the features' names, in order
  threshold.json          the threshold, how it was chosen, and from scores to probabilities
  metrics.json            every figure, with intervals
  ablation.json           of --ablation: what each family of features adds, with intervals
  report.html             all of it as a page to read or print, which loads nothing
  plots/*.png             its plots
  manifest.json           fingerprint, SHA-256 of each file, versions, data, options
and lets DIR/current lead to it.

rules for --threshold:
  max-f1                the highest F1
  precision=P           the highest recall with at least that precision
  recall=R              the fewest alerts with at least that recall
  alerts-per-day=N      as many alerts as that, at most
  cost                  the least money: a missed fraud costs its amount, a false alert --alert-cost

{EXIT_CODES}

examples:
  python -m engine.train features --out runs
  python -m engine.train features --out runs --threshold alerts-per-day=100
  python -m engine.train features --out runs --without 'gender_*,age' --ablation
  python -m engine.train features --out runs --model random_forest --split random"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    count = threads(parsed.threads)
    # polars reads it once, when it is imported: everything that imports polars comes after.
    os.environ.setdefault("POLARS_MAX_THREADS", str(count))
    settle_in()
    from engine.model.threshold import read_rule  # noqa: PLC0415 - see above
    from engine.train.job import train  # noqa: PLC0415 - see above
    from engine.train.options import Options  # noqa: PLC0415 - see above
    from engine.train.text import training_text  # noqa: PLC0415 - see above

    begun = seed(parsed.seed)
    options = Options(
        features=Path(parsed.features),
        out=Path(parsed.out),
        id=f"{utc_second():%Y%m%dT%H%M%SZ}-{parsed.model}" if parsed.id is None else parsed.id,
        without=() if parsed.without is None else names(parsed.without),
        model=parsed.model,
        split=_split(parsed, begun),
        rule=read_rule(parsed.threshold),
        alert_cost=amount(parsed.alert_cost, "--alert-cost"),
        calibration=parsed.calibration,
        cards_per_day=cards_per_day(parsed.cards_per_day),
        resamples=resamples(parsed.resamples),
        anomaly=parsed.anomaly,
        ablation=parsed.ablation,
        seed=begun,
        threads=count,
        report=not parsed.no_report,
        overwrite=parsed.overwrite,
        make_current=not parsed.keep_current,
        quiet=parsed.quiet,
        json=parsed.json,
    )

    def work() -> None:
        training = train(options)
        if options.json:
            content = {
                "run": str(training.run.path),
                "report": None if training.report is None else str(training.report),
                "manifest": training.run.manifest,
                "threshold": training.thresholds,
                "metrics": training.metrics,
                "ablation": training.ablation,
                "seconds": {stage: round(spent, 3) for stage, spent in training.seconds.items()},
            }
            sys.stdout.write(json.dumps(content, indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(training_text(training))

    return work


def _parser() -> Parser:
    parser = Parser("python -m engine.train", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("features", metavar="FEATURES", help="a build's folder, or its features.parquet")
    add("--out", required=True, metavar="DIR", help="folder of runs; made if need be")
    add("--id", default=None, metavar="ID", help="the run's name (default: the time and the model)")
    add(
        "--model",
        default="lightgbm",
        choices=("lightgbm", "random_forest"),
        help="what is trained (default: %(default)s); random_forest is the notebook's",
    )
    add(
        "--without",
        default=None,
        metavar="NAME,…",
        help="features to leave out, by their names or patterns such as 'velocity_*'",
    )
    add(
        "--split",
        default="time",
        choices=("time", "random", "time+cards"),
        help="how events are split (default: %(default)s); time+cards: each part on its own cards",
    )
    add(
        "--label-delay",
        default="7d",
        metavar="SPAN",
        help="how long until a label is known (default: %(default)s); as much lies between parts, "
        "and at the end of the log as much is left out unless --until says otherwise",
    )
    add(
        "--shares",
        default="60,20,20",
        metavar="A,B,C",
        help="per cent of the time for training, validation and test (default: %(default)s)",
    )
    for name, words in (
        ("--start", "first day to learn from"),
        ("--validation-from", "first day of validation"),
        ("--test-from", "first day of test"),
        ("--until", "first day that is not used any more"),
    ):
        add(name, default=None, metavar="DATE", help=f"{words}, UTC, as 2025-09-01")
    add("--threshold", default="max-f1", metavar="RULE", help="see below (default: %(default)s)")
    add(
        "--alert-cost",
        default="5",
        metavar="AMOUNT",
        help="what a false alert costs, in the currency of amounts (default: %(default)s)",
    )
    add(
        "--calibration",
        default="platt",
        choices=("platt", "isotonic", "none"),
        help="from scores to probabilities (default: %(default)s)",
    )
    add(
        "--cards-per-day",
        default="10",
        metavar="K",
        help="of card precision@k, of a split's sample as many fewer (default: %(default)s)",
    )
    add(
        "--resamples",
        default="200",
        metavar="N",
        help="draws for intervals, 0 for none (default: %(default)s)",
    )
    add(
        "--anomaly",
        action="store_true",
        help="give the model one more input, how unusual an event is by an isolation forest of the "
        "training part, and train it without too, to say whether that helped",
    )
    add(
        "--ablation",
        action="store_true",
        help="say what each family of features adds, by training once without it and once with it "
        "alone",
    )
    add("--seed", default="42", metavar="N", help="of all that is drawn (default: %(default)s)")
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--no-report", action="store_true", help="leave out report.html and the plots")
    add("--overwrite", action="store_true", help="replace a run of that name")
    add("--keep-current", action="store_true", help="leave DIR/current as it is")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")
    add("--json", action="store_true", help="print all of it as JSON on standard output")
    return parser


def _split(parsed: argparse.Namespace, seed: int) -> "SplitOptions":
    from engine.model.split import SplitOptions  # noqa: PLC0415 - imports polars

    learnt, chosen, judged = shares(parsed.shares, "--shares", 3)
    return SplitOptions(
        kind=parsed.split,
        shares=(learnt, chosen, judged),
        label_delay=span(parsed.label_delay, "--label-delay"),
        start=day(parsed.start, "--start"),
        validation_from=day(parsed.validation_from, "--validation-from"),
        test_from=day(parsed.test_from, "--test-from"),
        until=day(parsed.until, "--until"),
        seed=seed,
    )
