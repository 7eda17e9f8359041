"""What the live scorer is measured with: a run trained for it, a past, and a stream after it."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

import engine
from benchmarks.builds import run_build
from benchmarks.measure import run_module
from benchmarks.online.log import EventLog
from benchmarks.original.past import make_table
from benchmarks.progress import say
from benchmarks.simulated import Simulated, Workspace
from engine.build.outputs import FEATURES
from engine.catalog import load_feature_set

SET: Final = "notebook"
BOOSTED: Final = "lightgbm"
FOREST: Final = "random_forest"

_SAME_SECOND: Final = 1_000  # events, at most
# What a run depends on.
_CODE: Final = ("backends", "build", "catalog", "definition", "events", "model", "train")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made.

    Parameters
    ----------
    training
        What the runs are trained on.
    log
        The past and the stream.
    warm
        How many of its events are the past; some more if a second has not ended there.
    events
        How many the stream has.
    """

    training: Simulated
    log: Simulated
    warm: int
    events: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """What there is.

    Parameters
    ----------
    log
        The past and the stream, one file.
    past, stream
        The two, files of their own.
    starts
        When the stream's first event happened, which no event of the past did: seconds since 1970.
    state
        The online state after the past.
    table
        The past as the original design keeps it.
    boosted, forest
        The runs of LightGBM and of the original's forest.
    """

    log: Path
    past: Path
    stream: Path
    starts: int
    state: Path
    table: Path
    boosted: Path
    forest: Path


def provide(wanted: Wanted, space: Workspace, threads: int) -> Inputs:
    """Find what was kept, and make the rest."""
    runs = _runs(wanted.training, space, threads)
    log = space.provide(wanted.log, threads=threads)
    past, stream = space.scratch / "past.parquet", space.scratch / "stream.parquet"
    say(f"the state after {wanted.warm:,} events")
    warm, starts = _cut(log, wanted.warm)
    scan = pl.scan_parquet(log)
    scan.slice(0, warm).sink_parquet(past)
    scan.slice(warm, wanted.events).sink_parquet(stream)
    built = space.scratch / "past"
    state = space.scratch / "past.state"
    args = [str(past), "--out", str(built), "--set", SET, "--state", str(state), "--quiet"]
    run_module("engine.build", [*args, "--threads", str(threads), "--json"], threads=threads)
    shutil.rmtree(built)
    table = space.scratch / "table.db"
    make_table(past, table)
    boosted, forest = runs / BOOSTED, runs / FOREST
    return Inputs(log, past, stream, starts, state, table, boosted, forest)


def described(inputs: Inputs, wanted: Wanted) -> dict[str, Any]:
    """What results keep about them."""
    return {
        "training": wanted.training.described(),
        "log": wanted.log.described(),
        "warm": int(pl.scan_parquet(inputs.past).select(pl.len()).collect().item()),
        "events": wanted.events,
        "stream_starts": inputs.starts,
    }


def _cut(log: Path, warm: int) -> tuple[int, int]:
    """Where to cut so that no second is cut in two, at ``warm`` events or as soon after as can be.

    Returns
    -------
    int, int
        How many events are before, and when the first one after happened.
    """
    features = load_feature_set(SET)
    schema = features.schema
    events = EventLog(log, features)
    times = pl.concat(events.frames(warm - 1, min(events.rows - warm + 1, _SAME_SECOND)))
    time = times[schema.event_time]
    place = int((time != time[0]).arg_max() or 0)
    return warm - 1 + place, int(time[place]) // schema.ticks_per_second


def _runs(training: Simulated, space: Workspace, threads: int) -> Path:
    def make(folder: Path) -> None:
        log = space.provide(training, threads=threads)
        built = space.scratch / "training"
        run_build(log, built, threads, features=SET)
        for model in (BOOSTED, FOREST):
            say(f"training {model} on {training.rows:,} events")
            args = [str(built / FEATURES), "--out", str(folder), "--id", model, "--model", model]
            args += ["--label-delay", "0d", "--resamples", "0", "--no-report", "--keep-current"]
            args += ["--threads", str(threads), "--quiet", "--json"]
            run_module("engine.train", args, threads=threads)
        shutil.rmtree(built)

    name = f"{Path(training.file_name).stem}-runs-{_code_digest()}"
    return space.keep(name, make)


def _code_digest() -> str:
    """Some digits that change with the code that builds and trains."""
    digest = hashlib.sha256()
    root = Path(engine.__file__).parent
    for path in sorted(path for part in _CODE for path in (root / part).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
