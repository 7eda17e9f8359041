"""``python -m benchmarks.live.spark_parts``: what the stream on Spark computes, without Spark.

The functions that Spark's tasks call, in one process and one thread, on stores that are a
dictionary: micro-batches are put into order, decided on bucket by bucket, and recorded in an
outbox. Before anything is timed, the first decisions are compared with those of a single running
set over the same events.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.compare import DifferenceError
from benchmarks.live.lines_of import micro_batches
from benchmarks.live.stored import Stored
from benchmarks.online.log import EventLog
from engine.arguments import whole
from engine.backends.online.compile import compile_online
from engine.backends.online.snapshot import restore
from engine.backends.online.state import State, read_state
from engine.clock import elapsed
from engine.command import Parser, run_command
from engine.decide.decider import Decider
from engine.definition import FeatureSet
from engine.events.disk import scratch_folder
from engine.live.deadlines import Deadlines
from engine.live.ledger.rows import packed
from engine.live.making import Manner
from engine.live.opening import open_ledger
from engine.live_spark.deciding import Verdict, read
from engine.live_spark.job import model_of
from engine.live_spark.journal import begin
from engine.live_spark.plan import Plan
from engine.live_spark.recording import Recording
from engine.live_spark.splitting import parts_of, sequencer_of
from engine.live_spark.working import decided, ordered
from engine.model.loading import load_run
from engine.model.run import Run
from engine.process import settle_in

_MOST: Final = 100_000_000
_DEADLINE: Final = 30.0
_CHECKED: Final = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is measured.

    Parameters
    ----------
    stream, events
        The file, and how many of its events.
    run, state
        What the scorer begins with.
    batch
        Events of a micro-batch.
    buckets
        Among how many parts the state is divided.
    """

    stream: Path
    events: int
    run: Path
    state: Path
    batch: int
    buckets: int


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.live.spark_parts", "Time the stream's parts.", "")
    add = parser.add_argument
    add("--stream", required=True, type=Path, metavar="FILE", help="the events")
    add("--events", required=True, metavar="N", help="how many of them")
    add("--run", required=True, type=Path, metavar="DIR", help="the run")
    add("--state", required=True, type=Path, metavar="FILE", help="the online state")
    add("--batch", required=True, metavar="N", help="events of a micro-batch")
    add("--buckets", required=True, metavar="N", help="parts of the state")
    options = parser.parse_args(argv)
    asked = Asked(
        stream=options.stream,
        events=whole(options.events, "--events", 1, _MOST),
        run=options.run,
        state=options.state,
        batch=whole(options.batch, "--batch", 1, _MOST),
        buckets=whole(options.buckets, "--buckets", 1, _MOST),
    )

    def work() -> None:
        settle_in()
        sys.stdout.write(json.dumps(parts(asked)) + "\n")

    return work


def parts(asked: Asked) -> dict[str, Any]:
    """Check, time, and return what is kept.

    Raises
    ------
    DifferenceError
        If an event was not decided on as by a single running set.
    """
    run = load_run(asked.run)
    state = read_state(run.features, asked.state)
    checked = check(asked, run, state)
    work = _Work(asked, run, state)
    with scratch_folder(asked.stream.parent) as scratch:
        seconds, events = _timed(asked, work, run, scratch)
    return {
        "events": events,
        "batch": asked.batch,
        "buckets": asked.buckets,
        "compared_with_one_set": checked,
        "cards": work.cards,
        "state_bytes": {"sequencing": work.begun[0], "deciding": work.begun[1]},
        "appended_bytes": {
            "sequencing": work.sequencer.appended,
            "deciding": sum(each.appended for each in work.parts.values()),
        },
        "snapshot_bytes": {
            "sequencing": work.sequencer.snapshots - work.begun[0],
            "deciding": sum(each.snapshots for each in work.parts.values()) - work.begun[1],
        },
        "written_for_events": work.events,
        "seconds": seconds | {"total": sum(seconds.values())},
    }


def check(asked: Asked, run: Run, state: State) -> int:
    """Compare the first decisions with those of a single running set, bit by bit.

    Returns
    -------
    int
        How many were compared.

    Raises
    ------
    DifferenceError
        Naming the first event that differs.
    """
    count = min(asked.events, _CHECKED)
    work = _Work(asked, run, state)
    found: list[Verdict] = []
    for texts in micro_batches(asked.stream, count, asked.batch):
        for content in work.decide(work.order(texts)):
            found += read(content)
    found.sort(key=lambda verdict: verdict.sequence)
    told = ((one.event_id, one.features, one.score) for one in found)
    one_set = _by_one_set(asked, run, count)
    for place, (ours, theirs) in enumerate(zip(told, one_set, strict=True)):
        # Features are bytes, and a score is a float that no model gives as NaN.
        if ours != theirs:
            raise DifferenceError(
                f"event {place:,} is decided on otherwise in parts (was {ours[0]!r}, score "
                f"{ours[2]!r}, not {theirs[2]!r} as by one running set)"
            )
    return count


def _by_one_set(
    asked: Asked, run: Run, count: int
) -> Iterator[tuple[str | None, bytes | None, float | None]]:
    online = restore(run.features, asked.state)
    decider = Decider(run, online, most_reasons=0)
    log = EventLog(asked.stream, run.features)
    for rows in log.batches(online.columns, 0, count):
        values = decider.values_of([online.observe_row(row) for row in rows])
        scores, _ = decider.judge(values)
        for row, features, score in zip(rows, packed(values), scores.tolist(), strict=True):
            yield str(row[0]), features, score


class _Work:
    """What Spark's tasks do, on stores of this process."""

    def __init__(self, asked: Asked, run: Run, state: State) -> None:
        standing = state.standing
        model = model_of(run)
        self._plan = Plan(
            asked.run.resolve(), model.sha256, asked.buckets, standing.lateness, standing.leap, 0
        )
        self.sequencer, self.parts = Stored(), {n: Stored() for n in range(asked.buckets)}
        begin(self.sequencer, sequencer_of(run.features, state))
        for bucket, content in parts_of(run.features, state, asked.buckets).items():
            begin(self.parts[bucket], content)
        self.cards = _cards(run.features, state)
        self.begun = (
            self.sequencer.snapshots,
            sum(each.snapshots for each in self.parts.values()),
        )
        self.events = 0

    def order(self, texts: Sequence[str]) -> list[tuple[int, bytes]]:
        """What the sequencer makes of a micro-batch."""
        return ordered(self._plan, self.sequencer, texts)

    def decide(self, orders: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """What the buckets make of it, one after the other."""
        return [decided(self._plan, at, self.parts[at], [content]) for at, content in orders]


def _cards(features: FeatureSet, state: State) -> int:
    """How many keys the state has of the columns that part it."""
    keys = [each.source for each in compile_online(features).keys]
    return len(state.tables[f"keys{min(keys, key=lambda key: len(key.key)).number}"])


def _timed(asked: Asked, work: _Work, run: Run, scratch: Path) -> tuple[dict[str, float], int]:
    """Seconds of each part, and of how many events: those after the first micro-batch.

    With the first, the tasks read the run and the states, as they do once after a start.
    """
    seconds = {"sequencing": 0.0, "deciding": 0.0, "recording": 0.0}
    events = 0
    with open_ledger(run.features, scratch / "outbox.db", None) as ledger:
        recording = Recording(ledger, ledger.enrol(model_of(run)), Manner(), Deadlines(_DEADLINE))
        for texts in micro_batches(asked.stream, asked.events, asked.batch):
            began = elapsed()
            orders = work.order(texts)
            in_order = elapsed()
            contents = work.decide(orders)
            decided_on = elapsed()
            found = recording.record([one for content in contents for one in read(content)])
            recorded = elapsed()
            if work.events:
                seconds["sequencing"] += in_order - began
                seconds["deciding"] += decided_on - in_order
                seconds["recording"] += recorded - decided_on
                events += found.decided
            work.events += found.decided
    return seconds, events


if __name__ == "__main__":
    sys.exit(main())
