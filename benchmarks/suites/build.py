"""How fast ``python -m engine.build`` is: against reading and writing alone, and on one hot card.

``work`` is what counts: the seconds of the work itself, by the processes' own clocks, without
starting Python and importing libraries, which both do and which small inputs would drown in.
Processor time and peak memory are the whole process's, as the kernel accounts for them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.builds import run_build, without
from benchmarks.compare import Expectations, Expected, check_all
from benchmarks.floor import CHUNK_ROWS
from benchmarks.kept import measure_and_keep
from benchmarks.machine import commit, machine
from benchmarks.measure import Run, in_turns, run_module
from benchmarks.options import Common, add_common, command_of, read_common, set_named
from benchmarks.progress import say
from benchmarks.simulated import Simulated, Workspace
from benchmarks.suites.build_results import (
    BUILD,
    FLOOR,
    HOT,
    NOTEBOOK,
    as_text,
    summary,
)
from engine.arguments import SET_HELP, whole
from engine.build.outputs import FEATURES
from engine.catalog import load_feature_set
from engine.clock import utc_date
from engine.command import Parser
from engine.definition import FeatureSet
from engine.sink import write_frames

CHECKED_ROWS: Final = 20_000
CHECKED_ROWS_OF_ALL: Final = 2_000  # where a key is shared by many cards, or by all
CHECKED_HOT_ROWS: Final = 2_000  # the reference looks at every earlier row of the card

# Of a sample's rows the floor writes the last: those before lack a past that most rows have.
_SAMPLE_ROWS: Final = 2 * CHUNK_ROWS
_MOST_ROWS: Final = 10_000_000_000
_MOST_CARDS: Final = 10_000_000
_DAYS: Final = 366

_DESCRIPTION = """\
Time the build of a feature set over simulated Parquet files: one of many cards and a year, and one
of a single card and day. The floor, reading the same columns and writing as many of the same
columns, is timed in turns with it, and so is the build of notebook if the set is another.

A sample is built first and compared with the reference backend; later every timed output is."""

_EPILOG = """\
The simulated files are removed at the end unless --keep; those found in --dir are used and stay.
10,000,000 rows need 2.5 GB there.

example:
  python -m benchmarks build --rows 10_000_000 --cards 33000 --threads 2 --repeats 5
  python -m benchmarks build --set pos"""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    features: FeatureSet
    named: str  # as --set has it
    usual: Simulated
    hot: Simulated
    common: Common

    @property
    def is_notebook(self) -> bool:
        """Whether the set is the one that others are compared with."""
        return self.features.name == NOTEBOOK

    @property
    def suite(self) -> str:
        """What the results are called."""
        return "build" if self.is_notebook else f"build-{self.features.name}"

    @property
    def command(self) -> str:
        """What measures the same again."""
        numbers: dict[str, object] = {} if self.is_notebook else {"--set": set_named(self.named)}
        numbers |= {
            "--rows": self.usual.rows,
            "--cards": self.usual.cards,
            "--hot-rows": self.hot.rows,
            "--seed": self.common.seed,
            "--threads": self.common.threads,
            "--repeats": self.common.repeats,
        }
        return command_of("build", numbers)


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    return partial(_main, _options(argv))


def _main(options: Options) -> None:
    measure_and_keep(
        options.suite,
        options.usual.rows,
        options.common,
        options.command,
        partial(measure, options),
        as_text,
    )


def measure(options: Options, space: Workspace) -> dict[str, Any]:
    """Check and time, and return everything that is kept.

    Raises
    ------
    DifferenceError
        If a value differs from the reference, in a sample or in an output that was timed.
    """
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    features = options.features
    checked = CHECKED_ROWS if options.is_notebook else CHECKED_ROWS_OF_ALL
    threads, named = options.common.threads, options.named
    usual = _Input(options.usual, space, threads, features, named, checked)
    hot = _Input(options.hot, space, threads, features, named, CHECKED_HOT_ROWS)
    timed = {BUILD: partial(usual.build, space.scratch / "usual")}
    sizes = {BUILD: len(features.names)}
    if not options.is_notebook:
        other = load_feature_set(NOTEBOOK)
        compared = _Input(options.usual, space, threads, other, NOTEBOOK, CHECKED_ROWS)
        timed = {NOTEBOOK: partial(compared.build, space.scratch / NOTEBOOK)} | timed
        sizes[NOTEBOOK] = len(other.names)
    say("comparing with the reference")
    rows_of = usual.check_sample(space.scratch / "sample")
    hot.check_sample(space.scratch / "hot sample")

    floor = partial(usual.floor, space.scratch / "floor.parquet", rows_of)
    floor()  # untimed: the input comes from the disk once, for nobody's account
    runs = in_turns(
        options.common.repeats,
        {
            FLOOR: floor,
            **timed,
            HOT: partial(hot.build, space.scratch / "hot"),
        },
    )
    report = runs[BUILD][0].printed
    return around | {
        "versions": report["versions"],
        "feature_set": {
            "name": features.name,
            "features": len(features.names),
            "fingerprint": report["fingerprint"],
        },
        "threads": options.common.threads,
        "repeats": options.common.repeats,
        "inputs": {"usual": usual.described(), "one hot card": hot.described()},
        "columns_written": {
            name: str(dtype) for name, dtype in pl.read_parquet_schema(rows_of).items()
        },
        "summary": summary(runs, options.usual.rows, options.hot.rows, sizes),
        "runs": {name: [_kept(run) for run in done] for name, done in runs.items()},
    }


class _Input:
    """A simulated file, what its build has to write, and the processes that are timed on it."""

    def __init__(
        self,
        simulated: Simulated,
        space: Workspace,
        threads: int,
        features: FeatureSet,
        named: str,
        rows: int,
    ) -> None:
        self._simulated = simulated
        self._threads = threads
        self._named = named
        self._file = space.provide(simulated, threads=threads)
        expectations = Expectations(self._file, features)
        self._columns = expectations.columns_read
        self._first = expectations.of_first_rows(rows)
        # A single card's rows are all the rows there are, too many for the reference.
        whole = expectations.of_some_keys() if simulated.cards > 1 else []
        self._expected: list[Expected] = [self._first, *whole]

    def check_sample(self, folder: Path) -> Path:
        """Build the first rows, check them, and return the output."""
        source = folder.with_suffix(".parquet")
        rows = min(self._simulated.rows, _SAMPLE_ROWS)
        write_frames([pl.scan_parquet(self._file).head(rows).collect()], source)
        run = run_build(source, folder, self._threads, features=self._named)
        check_all([self._first], folder / FEATURES, run.printed["rows"]["written"], rows)
        return folder / FEATURES

    def build(self, folder: Path) -> Run:
        """Build, check the output, and remove it before the disk is busy with it."""
        run = run_build(self._file, folder, self._threads, features=self._named)
        output = folder / FEATURES
        written = run.printed["rows"]["written"]
        check_all(self._expected, output, written, self._simulated.rows)
        return without(output, run)

    def floor(self, out: Path, rows_of: Path) -> Run:
        """Read and write as much."""
        files = ["--input", str(self._file), "--rows-of", str(rows_of), "--out", str(out)]
        args = [*files, "--columns", *self._columns]
        return without(out, run_module("benchmarks.floor", args, threads=self._threads))

    def described(self) -> dict[str, Any]:
        """What is kept about it."""
        return self._simulated.described() | {
            "bytes": self._file.stat().st_size,
            "columns_read": self._columns,
            "equal_to_the_reference": [expected.what for expected in self._expected],
        }


def _kept(run: Run) -> dict[str, Any]:
    return {
        "work_seconds": run.work_seconds,
        "wall_seconds": run.wall_seconds,
        "cpu_seconds": run.cpu_seconds,
        "peak_bytes": run.peak_bytes,
        "rows": run.printed["rows"]["written"],
        "output_bytes": run.printed["output_bytes"],
        "stages": run.printed["seconds"],
    }


def _options(argv: Sequence[str]) -> Options:
    parser = Parser("python -m benchmarks build", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("--rows", default="10_000_000", metavar="N", help="rows of the file (%(default)s)")
    add("--cards", default="33_000", metavar="M", help="its cards (%(default)s)")
    add("--set", default=NOTEBOOK, metavar="SET", help=f"{SET_HELP} (%(default)s)")
    add("--hot-rows", default="1_000_000", metavar="N", help="rows of the one card (%(default)s)")
    add_common(parser, "build")
    parsed = parser.parse_args(argv)
    rows = whole(parsed.rows, "--rows", 1, _MOST_ROWS)
    cards = whole(parsed.cards, "--cards", 1, _MOST_CARDS)
    hot_rows = whole(parsed.hot_rows, "--hot-rows", 1, _MOST_ROWS)
    common = read_common(parsed)
    return Options(
        features=load_feature_set(parsed.set),
        named=parsed.set,
        usual=Simulated(rows=rows, cards=cards, days=_DAYS, seed=common.seed),
        hot=Simulated(rows=hot_rows, cards=1, days=1, seed=common.seed),
        common=common,
    )
