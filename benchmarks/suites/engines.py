"""How fast the engines are: in batch side by side on one file, and online, event by event.

Side by side, every engine builds the same file as people run it, in processes of their own, in
turns. Online, a process takes a state from a file, as a server does when it starts, and serves the
events that follow: throughput, latency, memory per card. One card with all the events tells
whether an event's time depends on the card's history.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from benchmarks.builds import run_build, without
from benchmarks.compare import DifferenceError, Expectations, check_all
from benchmarks.kept import measure_and_keep
from benchmarks.machine import commit, machine
from benchmarks.measure import Run, in_turns, run_module
from benchmarks.online.serve import MANAGED, PYTHON
from benchmarks.progress import say
from benchmarks.simulated import Workspace
from benchmarks.suites.engines_options import SET, Hot, Online, Options, read_options
from benchmarks.suites.engines_results import RESIDENT, as_text, run_name, summary
from engine.backends import usual_backends
from engine.build.outputs import FEATURES
from engine.catalog import load_feature_set
from engine.clock import utc_date
from engine.definition import FeatureSet
from engine.skew.engines import REFERENCE
from engine.skew.job import find_skew
from engine.skew.options import Options as SkewOptions

CHECKED_ROWS: Final = 20_000  # against the reference, and of what is served online
ENGINES: Final = tuple(name for name in usual_backends() if name != REFERENCE)

_SKEW_MEMORY: Final = 2**32


def prepare(argv: Sequence[str]) -> Callable[[], None]:
    """Read the options, and return what checks, measures, prints and keeps the results."""
    return partial(_main, read_options(argv))


def _main(options: Options) -> None:
    measure_and_keep(
        "engines",
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
        If a value differs: of an engine from the reference or from another engine's, or of what is
        served online from what a batch computes.
    """
    around = {"date": utc_date().isoformat(), "commit": commit(), "machine": machine()}
    features = load_feature_set(SET)
    batch = _SideBySide(options, space, features)
    batch.check()
    cards = [_Cards(online, options, space) for online in options.online]
    hot = [_HotCard(card, options, space) for card in options.hot]
    for case in cards:
        case.check()
    for one in hot:
        one.check()

    runs = {
        "batch": in_turns(options.common.repeats, batch.processes()),
        "online": in_turns(
            options.common.repeats,
            {name: run for case in cards for name, run in case.processes().items()},
        ),
        "hot": in_turns(options.common.repeats, {case.name: case.serve for case in hot}),
    }
    report = next(iter(runs["batch"].values()))[0].printed
    return around | {
        "versions": report["versions"],
        "feature_set": {"name": SET, "fingerprint": report["fingerprint"]},
        "threads": options.common.threads,
        "repeats": options.common.repeats,
        "inputs": {
            "batch": batch.described(),
            "online": {str(case.cards): case.described() for case in cards},
            "hot": {case.name: case.described() for case in hot},
        },
        "summary": summary(runs, options.usual.rows, [case.cards for case in cards]),
        "runs": {
            part: {name: [_kept(run) for run in done] for name, done in named.items()}
            for part, named in runs.items()
        },
    }


class _SideBySide:
    """One file, and its builds by every engine."""

    def __init__(self, options: Options, space: Workspace, features: FeatureSet) -> None:
        self._simulated = options.usual
        self._threads = options.common.threads
        self._folder = space.scratch / "build"
        self._scratch = space.scratch
        self._file = space.provide(options.usual, threads=options.common.threads)
        expectations = Expectations(self._file, features)
        first = expectations.of_first_rows(CHECKED_ROWS)
        self._expected = [first, *expectations.of_some_keys()]

    def check(self) -> None:
        """Hold every engine to the first of them, every value of the file."""
        say(f"comparing {', '.join(ENGINES)}: every value of {self._simulated.rows:,} rows")
        options = SkewOptions(
            inputs=(str(self._file),),
            scratch=self._scratch,
            memory=_SKEW_MEMORY,
            features=load_feature_set(SET),
            engines=ENGINES,
            threads=self._threads,
        )
        found = find_skew(options)
        for (name, engine), difference in found.settled.items():
            if difference.different:
                raise DifferenceError(
                    f"feature {name!r} of {engine} differs from {ENGINES[0]} "
                    f"(was {difference.different:,} of {found.events:,} events; "
                    "`python -m engine.skew` shows the first)"
                )

    def processes(self) -> Mapping[str, Callable[[], Run]]:
        """What is timed, by the engines' names."""
        return {engine: partial(self._build, engine) for engine in ENGINES}

    def described(self) -> dict[str, Any]:
        """What is kept about it."""
        return self._simulated.described() | {
            "bytes": self._file.stat().st_size,
            "equal_to_the_reference": [expected.what for expected in self._expected],
            "equal_to_each_other": list(ENGINES),
        }

    def _build(self, engine: str) -> Run:
        """Build, check the output, and remove it before the disk is busy with it."""
        run = run_build(self._file, self._folder, self._threads, features=SET, engine=engine)
        output = self._folder / FEATURES
        check_all(
            self._expected, output, run.printed["rows"]["written"], self._simulated.rows, of=engine
        )
        return without(output, run)


class _Cards:
    """Events of so many cards, and the state that they find."""

    def __init__(self, online: Online, options: Options, space: Workspace) -> None:
        self._online = online
        self._threads = options.common.threads
        self._file = space.provide(online.simulated, threads=options.common.threads)
        self._state = space.scratch / f"{self.cards}.state"
        self._made: dict[str, Any] = {}

    @property
    def cards(self) -> int:
        """How many cards there are."""
        return self._online.simulated.cards

    def check(self) -> None:
        """Make the state, and compare what is served next with what a batch computes."""
        say(f"{self.cards:,} cards: making the state of {self._online.warm_rows:,} events")
        args = ["--set", SET, "--input", str(self._file), "--state", str(self._state)]
        args += ["--rows", str(self._online.warm_rows)]
        checked = min(CHECKED_ROWS, 2 * self._online.events)
        args += ["--check", str(checked)]
        made = run_module("benchmarks.online.warm", args, threads=self._threads).printed
        _refuse(made.pop("difference"), f"{self.cards:,} cards")
        self._made = made | {"equal_to_polars": f"the {checked:,} events after it"}

    def processes(self) -> Mapping[str, Callable[[], Run]]:
        """What is timed, by name."""
        return {
            run_name(self.cards, MANAGED): partial(self._serve, MANAGED),
            run_name(self.cards, PYTHON): partial(self._serve, PYTHON),
            run_name(self.cards, RESIDENT): self._resident,
        }

    def described(self) -> dict[str, Any]:
        """What is kept about it."""
        return self._online.simulated.described() | {
            "state": self._made,
            "served": "each run takes the state from its file, then serves the events after it: "
            f"{self._online.events:,} timed in batches, {self._online.events:,} one by one",
        }

    def _serve(self, collector: str) -> Run:
        args = ["--set", SET, "--input", str(self._file), "--state", str(self._state)]
        args += ["--first", str(self._online.warm_rows), "--events", str(self._online.events)]
        args += ["--collector", collector]
        return run_module("benchmarks.online.serve", args, threads=1)

    def _resident(self) -> Run:
        args = ["--set", SET, "--state", str(self._state)]
        return run_module("benchmarks.online.resident", args, threads=1)


class _HotCard:
    """All events of one card."""

    def __init__(self, hot: Hot, options: Options, space: Workspace) -> None:
        self.name = hot.name
        self._hot = hot
        file = space.provide(hot.simulated, threads=options.common.threads)
        self._args = ["--set", SET, "--input", str(file), "--faster", str(hot.faster)]

    def check(self) -> None:
        """Compare what is served with what a batch computes."""
        say(f"one card, {self.name}: comparing with {ENGINES[0]}")
        run = run_module(
            "benchmarks.online.hot", [*self._args, "--check", str(CHECKED_ROWS)], threads=1
        )
        _refuse(run.printed["difference"], f"one card, {self.name}")

    def serve(self) -> Run:
        """Serve them."""
        return run_module("benchmarks.online.hot", self._args, threads=1)

    def described(self) -> dict[str, Any]:
        """What is kept about it."""
        return self._hot.simulated.described() | {"faster": self._hot.faster}


def _refuse(difference: str | None, where: str) -> None:
    if difference is not None:
        raise DifferenceError(f"{where}: {difference}")


def _kept(run: Run) -> dict[str, Any]:
    printed = dict(run.printed)
    kept = {
        "work_seconds": run.work_seconds,
        "wall_seconds": run.wall_seconds,
        "cpu_seconds": run.cpu_seconds,
        "peak_bytes": run.peak_bytes,
    }
    if "output_bytes" in printed:  # a build
        rows = printed["rows"]["written"]
        more = {"rows": rows, "output_bytes": printed["output_bytes"], "stages": printed["seconds"]}
    else:
        del printed["seconds"]
        more = printed
    return kept | more
