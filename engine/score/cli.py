"""The command line of the scoring."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.arguments import amount, cards_per_day, resamples, seed, threads, whole
from engine.command import EXIT_CODES, Parser, run_command
from engine.process import settle_in

_DESCRIPTION = """\
Score events with a trained run; where they are labelled, say how good the scores are.

INPUT is a build's folder or its features.parquet, or a raw log, any mix of files, folders and
patterns as for python -m engine.build, whose features are computed first. Such a log is its own
history: its first events have none."""

_EPILOG = f"""\
--out holds event_id, cc_num, unix_time, is_fraud if there are labels, null where there is none,
score, probability, flagged (1 or 0) and reasons, in words, of the flagged.

{EXIT_CODES}

examples:
  python -m engine.score features --run runs/current
  python -m engine.score new.csv --run runs/current --out scores.parquet"""

_MOST_REASONS: Final = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    count = threads(parsed.threads)
    # polars reads it once, when it is imported: everything that imports polars comes after.
    os.environ.setdefault("POLARS_MAX_THREADS", str(count))
    settle_in()
    from engine.score.job import score  # noqa: PLC0415 - see above
    from engine.score.options import Options  # noqa: PLC0415 - see above
    from engine.score.text import scoring_json, scoring_text  # noqa: PLC0415 - see above

    cost = parsed.alert_cost
    options = Options(
        inputs=tuple(parsed.inputs),
        run=Path(parsed.run),
        out=None if parsed.out is None else Path(parsed.out),
        reasons=whole(parsed.reasons, "--reasons", 0, _MOST_REASONS),
        alert_cost=None if cost is None else amount(cost, "--alert-cost"),
        cards_per_day=cards_per_day(parsed.cards_per_day),
        resamples=resamples(parsed.resamples),
        seed=seed(parsed.seed),
        threads=count,
        overwrite=parsed.overwrite,
        quiet=parsed.quiet,
        json=parsed.json,
    )

    def work() -> None:
        scoring = score(options)
        if options.json:
            sys.stdout.write(json.dumps(scoring_json(scoring), indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(scoring_text(scoring))

    return work


def _parser() -> Parser:
    parser = Parser("python -m engine.score", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="features, or a log")
    add("--run", required=True, metavar="RUN", help="a run's folder, such as runs/current")
    add("--out", default=None, metavar="FILE", help="Parquet file for the scores")
    add("--reasons", default="3", metavar="N", help="reasons of each flagged event (default: 3)")
    add(
        "--alert-cost",
        default=None,
        metavar="AMOUNT",
        help="what a false alert costs (default: as in training)",
    )
    add("--cards-per-day", default="10", metavar="K", help="of card precision@k (default: 10)")
    add("--resamples", default="200", metavar="N", help="draws for intervals (default: 200)")
    add("--seed", default="42", metavar="N", help="of these draws (default: 42)")
    add("--threads", default=None, metavar="N", help="threads (default: all processors)")
    add("--overwrite", action="store_true", help="replace the file of --out")
    add("--quiet", action="store_true", help="no progress, and no summary unless --json")
    add("--json", action="store_true", help="print the summary as JSON on standard output")
    return parser
