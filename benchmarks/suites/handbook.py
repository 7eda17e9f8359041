"""The table of the Fraud Detection Handbook, reproduced, and set beside features of our own."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.handbook.book import book
from benchmarks.handbook.check import check_features
from benchmarks.handbook.columns import HANDBOOK
from benchmarks.handbook.models import BOOKS
from benchmarks.handbook.own import own
from benchmarks.handbook.protocol import Told, require_folds
from benchmarks.handbook.tables import as_array, read_events
from benchmarks.handbook.trials import BOOK, LIGHTGBM, OWN, Trials
from benchmarks.kept import keep
from benchmarks.machine import commit, machine
from benchmarks.options import RESULTS, command_of
from benchmarks.progress import say
from benchmarks.suites.handbook_page import as_text
from engine.backends import load_backend
from engine.clock import elapsed, utc_date
from engine.command import Parser
from engine.definition import fingerprint
from engine.errors import InputError
from engine.events.inputs import InputFile, find_inputs
from engine.events.parquet import check_parquet
from engine.versions import versions

SETS: Final = {BOOK: book, OWN: own}

_LIBRARIES: Final = ("numpy", "polars", "scikit-learn", "lightgbm")
_FILE: Final = "handbook.parquet"

_DESCRIPTION = """\
Reproduce the table of the Fraud Detection Handbook from its simulated data, then compare its inputs
with features of our own on four weekly folds. Both sets are written in the language of definitions
and built by the polars backend; before anything is trained, the features of some customers and
terminals are compared with the reference backend, bit by bit."""

_EPILOG = """\
what is done
  The book's models are fitted as the book fits them, on its first week. The parameters of LightGBM
  are chosen for each set on the book's four validation folds, by the best mean rank over the three
  figures; these folds end before the first test. Then every model is tried on the four folds of
  test. Seeds are fixed: each run finds the same.

example:
  python -m benchmarks handbook handbook.parquet"""


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    parser = Parser("python -m benchmarks handbook", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("file", metavar="FILE", help="the book's simulated transactions, as Parquet")
    add("--results", default=RESULTS, type=Path, metavar="FOLDER", help="for handbook-N.json")
    add("--json", action="store_true", help="print the results as JSON")
    parsed = parser.parse_args(argv)
    file = _parquet_file(parsed.file)
    header = check_parquet(file, HANDBOOK, tuple(HANDBOOK.by_name))
    return partial(
        keep,
        "handbook",
        header.rows or 0,
        parsed.results,
        f"{command_of('handbook', {})} {_FILE}",
        partial(measure, file.path),
        as_text,
        as_json=parsed.json,
    )


def _parquet_file(named: str) -> InputFile:
    """The one Parquet file that is named, or lies in a folder that is."""
    found = find_inputs([named])
    if len(found) != 1 or found[0].kind != "parquet":
        raise InputError(
            f"{named}: not one Parquet file (was {', '.join(str(each.path) for each in found)})",
            hint="name the book's simulated transactions, as one Parquet file",
        )
    return found[0]


def measure(file: Path) -> dict[str, Any]:
    """Check, try, and return everything that is kept.

    Raises
    ------
    InputError
        If the file cannot be read, or its events do not reach the folds.
    DifferenceError
        If a feature is not what the reference computes.
    """
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    began = elapsed()
    events = read_events(file)
    protocol = Told.of(events)
    require_folds(protocol, str(file))
    told: dict[str, Any] = {}
    arrays = {}
    for name, features in SETS.items():
        say(f"building {name}: {len(features.names)} features")
        started = elapsed()
        built = load_backend("polars").compute(features, events)
        told[name] = {
            "feature_set": features.name,
            "fingerprint": fingerprint(features),
            "features": len(features.names),
            "build_seconds": elapsed() - started,
            "values_equal_to_the_reference": check_features(features, events, built),
        }
        arrays[name] = as_array(built)
    trials = Trials(protocol, arrays)
    baseline = trials.baseline()
    rows = [trials.prequential(BOOK, name, model) for name, model in BOOKS.items()]
    for name in SETS:
        model, tried = trials.chosen(name)
        told[name] |= {"tried_on_validation": tried, "chosen": asdict(model)}
        rows.append(trials.prequential(name, LIGHTGBM, model))
    return around | {
        "versions": versions(_LIBRARIES),
        "inputs": {"rows": len(events), "frauds": int(events["TX_FRAUD"].sum())},
        "sets": told,
        "baseline": baseline,
        "folds": rows,
        "seconds": elapsed() - began,
    }
