"""What becomes of detection when the mix of categories drifts: a feature set beside ``notebook``.

The simulator moves the mix from the first day to the last, and some categories are left out of all
that a model learns from: they appear on the first day of the test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.kept import measure_and_keep
from benchmarks.machine import commit, machine
from benchmarks.measure import LEAST_REPEATS
from benchmarks.options import RESULTS, Common, cache_folder, command_of, set_named
from benchmarks.progress import say
from benchmarks.simulated import Workspace
from benchmarks.tables import aligned
from engine.arguments import SET_HELP, threads, whole
from engine.build.job import build
from engine.build.options import Options as BuildOptions
from engine.catalog import load_feature_set, notebook, told_of
from engine.clock import utc_date
from engine.command import Parser
from engine.compare.job import BASELINE, RUN, compare
from engine.compare.options import Options as CompareOptions
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.model.figures_text import figure_text
from engine.model.split import SplitOptions, midnight
from engine.train.job import train
from engine.train.options import Options as TrainOptions
from engine.versions import versions
from replay.simulate import Settings
from replay.simulate.job import simulate_to_file

FIRST: Final = date(2025, 1, 1)
DAYS: Final = 180
VALIDATION_FROM: Final = FIRST + timedelta(days=108)
TEST_FROM: Final = FIRST + timedelta(days=144)
NEW: Final = ("digital_goods", "food_delivery", "travel")  # categories of the test alone
DRIFT: Final = 0.8
SHOWN: Final = {
    "average precision": "average_precision",
    "ROC-AUC": "roc_auc",
    "F1 at the threshold": "at_threshold.f1",
}

_ROWS_PER_CARD: Final = 150
_LIBRARIES: Final = ("numpy", "polars", "lightgbm")
# Fewer have hardly any fraud in the weeks of validation and of test.
_LEAST_ROWS: Final = 20_000
_MOST_ROWS: Final = 100_000_000
_DESCRIPTION = f"""\
Train on a feature set and on notebook, and compare them on weeks in which categories appear that
neither has seen: {", ".join(NEW)}.
The mix of the others drifts from the first day to the last."""
_EPILOG = """\
example:
  python -m benchmarks drift --rows 1_000_000"""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    features: FeatureSet
    rows: int
    common: Common

    @property
    def sets(self) -> dict[str, FeatureSet]:
        """What is held against what."""
        return {RUN: self.features, BASELINE: notebook}


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what measures, prints and keeps the results."""
    parser = Parser("python -m benchmarks drift", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("--set", default="pos", metavar="SET", help=f"{SET_HELP} (%(default)s)")
    add("--rows", default="1_000_000", metavar="N", help="events simulated (%(default)s)")
    add("--seed", default="0", metavar="S", help="seed of the simulator (%(default)s)")
    add("--threads", default="2", metavar="T", help="threads (%(default)s)")
    add(
        "--dir", default=cache_folder(), type=Path, metavar="FOLDER", help="for files (%(default)s)"
    )
    add("--results", default=RESULTS, type=Path, metavar="FOLDER", help="for drift-N.json")
    add("--json", action="store_true", help="print the results as JSON")
    parsed = parser.parse_args(argv)
    common = Common(
        seed=whole(parsed.seed, "--seed", 0, 2**64 - 1),
        threads=threads(parsed.threads),
        repeats=LEAST_REPEATS,
        folder=parsed.dir.absolute(),
        results=parsed.results,
        json=parsed.json,
    )
    rows = whole(parsed.rows, "--rows", _LEAST_ROWS, _MOST_ROWS)
    features = load_feature_set(parsed.set)
    if features == notebook:
        raise InputError(
            f"--set: the very set that another is held against (was {parsed.set!r})",
            hint="name another, such as pos",
        )
    options = Options(features, rows, common)
    numbers = {"--set": set_named(parsed.set), "--rows": rows, "--seed": common.seed}
    return partial(
        measure_and_keep,
        "drift",
        rows,
        common,
        command_of("drift", numbers),
        partial(measure, options),
        as_text,
    )


def measure(options: Options, space: Workspace) -> dict[str, Any]:
    """Simulate, build, train and compare; everything that is kept."""
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    log = space.scratch / "log.parquet"
    inputs = _simulate(options, log)
    runs = {name: _train(options, space, log, name) for name in options.sets}
    say("comparing")
    found = compare(
        CompareOptions(
            run=runs[RUN],
            baseline=runs[BASELINE],
            features=space.scratch / RUN,
            baseline_features=space.scratch / BASELINE,
            threads=options.common.threads,
        )
    )
    return around | {
        "versions": versions(_LIBRARIES),
        "inputs": inputs,
        "sets": {
            name: told_of(features) | {"features": len(features.names)}
            for name, features in options.sets.items()
        },
        "comparison": found.paired,
    }


def _simulate(options: Options, log: Path) -> dict[str, Any]:
    """A log in which some categories begin with the test; what is to be said of it."""
    settings = Settings(
        rows=options.rows,
        cards=max(1, options.rows // _ROWS_PER_CARD),
        seed=options.common.seed,
        start=FIRST,
        days=DAYS,
        drift=DRIFT,
    )
    say(f"simulating {settings.rows:,} rows of {settings.cards:,} cards")
    simulate_to_file(settings, log, quiet=True)
    events = pl.read_parquet(log)
    is_new = pl.col("category").cast(pl.String).is_in(NEW)
    events = events.filter(~is_new | (pl.col("unix_time") >= midnight(TEST_FROM)))
    events.write_parquet(log)
    tested = events.filter(pl.col("unix_time") >= midnight(TEST_FROM))
    return {
        "simulated": settings.rows,
        "cards": settings.cards,
        "seed": settings.seed,
        "days": settings.days,
        "drift": settings.drift,
        "rows": len(events),
        "new_categories": list(NEW),
        "test_from": TEST_FROM.isoformat(),
        "of_new_categories_in_test": tested.select(is_new.mean()).item(),
    }


def _train(options: Options, space: Workspace, log: Path, name: str) -> Path:
    """Build a set and train on it: the folder of the run."""
    features, count = options.sets[name], options.common.threads
    say(f"building {features.name}")
    built = space.scratch / name
    build(BuildOptions(inputs=(str(log),), out=built, features=features, threads=count))
    say(f"training on {features.name}")
    return train(
        TrainOptions(
            features=built,
            out=space.scratch / "runs",
            id=name,
            split=SplitOptions(validation_from=VALIDATION_FROM, test_from=TEST_FROM),
            resamples=0,
            threads=count,
            report=False,
            make_current=False,
        )
    ).run.path


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: the command, what it printed, and where that is kept."""
    printed = f"```console\n$ {results['command']}\n{as_text(results)}```"
    return f"{printed}\n\nHere is [every figure]({file})."


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    inputs, compared = results["inputs"], results["comparison"]
    names = [results["sets"][name]["feature_set"] for name in (RUN, BASELINE)]
    rows = [("", *names, "difference")]
    for words, figure in SHOWN.items():
        told = compared["figures"][figure]
        cells = ((RUN, "{:.3f}"), (BASELINE, "{:.3f}"), ("difference", "{:+.4f}"))
        rows.append((words, *(figure_text(told[name], form).strip() for name, form in cells)))
    new = ", ".join(inputs["new_categories"])
    share = f"{inputs['of_new_categories_in_test']:.0%}"
    lines = [
        f"{inputs['rows']:,} events of {inputs['cards']:,} cards in {inputs['days']} days",
        f"{share} of those from {inputs['test_from']} on, and none before, are of {new}",
        f"judged by {compared['events']:,} events, {compared['fraud']:,} fraud; in brackets 95 %",
        f"of {compared['intervals']['resamples']} draws of as many cards",
        "",
        *aligned(rows),
    ]
    return "\n".join(lines) + "\n"
