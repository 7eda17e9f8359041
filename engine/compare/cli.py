"""The command line of the comparison of two runs."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.arguments import amount, cards_per_day, day, resamples, seed, threads
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.process import settle_in

_DESCRIPTION = """\
Compare two trained runs on the same events, which neither has learnt from.

Prints every figure of both and their difference, RUN less BASELINE. Intervals come of drawing
cards anew; for the difference the draws are the same for both runs, so that it shows what is due
to the models and not to the cards.

FEATURES is a folder that python -m engine.build made, or the features.parquet in it, with labels.
Judged by are all its events from where the later of the two test parts begins, to where the later
one ends. A time that a run was trained, or its threshold chosen, on is refused."""

_EPILOG = f"""\
{EXIT_CODES}

examples:
  python -m engine.compare runs/new runs/current features
  python -m engine.compare runs/new runs/current features --from 2025-09-01 --until 2025-09-15
  python -m engine.compare runs/lightgbm runs/forest features --test-part
  python -m engine.compare runs/pos runs/notebook pos --baseline-features notebook"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    count = threads(parsed.threads)
    # polars reads it once, when it is imported: everything that imports polars comes after.
    os.environ.setdefault("POLARS_MAX_THREADS", str(count))
    settle_in()
    from engine.compare.job import compare  # noqa: PLC0415 - see above
    from engine.compare.options import Options  # noqa: PLC0415 - see above
    from engine.compare.text import comparison_json, comparison_text  # noqa: PLC0415 - see above

    cost = parsed.alert_cost
    options = Options(
        run=Path(parsed.run),
        baseline=Path(parsed.baseline),
        features=Path(parsed.features),
        baseline_features=(
            None if parsed.baseline_features is None else Path(parsed.baseline_features)
        ),
        start=day(parsed.start, "--from"),
        until=day(parsed.until, "--until"),
        test_part=parsed.test_part,
        alert_cost=None if cost is None else amount(cost, "--alert-cost"),
        cards_per_day=cards_per_day(parsed.cards_per_day),
        resamples=resamples(parsed.resamples),
        seed=seed(parsed.seed),
        threads=count,
        quiet=parsed.quiet,
        json=parsed.json,
    )
    if options.test_part and (options.start is not None or options.until is not None):
        raise InputError(
            "--test-part: takes no dates (was some)", hint="leave --from and --until out"
        )

    def work() -> None:
        comparison = compare(options)
        if options.json:
            sys.stdout.write(json.dumps(comparison_json(comparison), indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(comparison_text(comparison))

    return work


def _parser() -> Parser:
    parser = Parser("python -m engine.compare", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("run", metavar="RUN", help="a run's folder")
    add("baseline", metavar="BASELINE", help="the folder of the run it is held against")
    add("features", metavar="FEATURES", help="a build's folder, or its features.parquet")
    add(
        "--baseline-features",
        default=None,
        metavar="FEATURES",
        help="of the same events those that BASELINE was trained on, if it is of another feature "
        "set (default: the same FEATURES)",
    )
    add("--from", dest="start", metavar="DATE", help="first day to judge by, UTC, as 2025-09-01")
    add("--until", metavar="DATE", help="first day that is not judged by any more, UTC")
    add(
        "--test-part",
        action="store_true",
        help="judge by the events that are in the test part of both; FEATURES has to be the file "
        "that both were trained on; for runs split at random",
    )
    add(
        "--alert-cost",
        default=None,
        metavar="AMOUNT",
        help="what a false alert costs (default: as in training of RUN)",
    )
    add("--cards-per-day", default="10", metavar="K", help="of card precision@k (default: 10)")
    add(
        "--resamples",
        default="200",
        metavar="N",
        help="draws for intervals, 0 for none (default: 200)",
    )
    add("--seed", default="42", metavar="N", help="of these draws (default: 42)")
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")
    add("--json", action="store_true", help="print the comparison as JSON on standard output")
    return parser
