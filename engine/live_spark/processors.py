"""The two stateful operators: the one who orders events, and those who hold parts of the state.

pyspark makes an operator anew for each task, in a worker process that it uses again. What takes
long to read stays in that process: the run, and the states that were worked on there last.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from engine.live_spark.deciding import Arrived, Model, Verdict
from engine.live_spark.journal import Held, Kept, Store, begin, done, up_to_date
from engine.live_spark.orders import Ordered, read
from engine.live_spark.part import Part
from engine.live_spark.sequencing import Sequencer
from engine.live_spark.stores import SparkStore
from engine.model.loading import load_run
from engine.model.run import Run

ORDERED: Final = "bucket int, place int, sequence long, arrival long, order binary"
VERDICTS: Final = (
    "sequence long, arrival long, event_id string, event string, features binary, score double, "
    "flagged int, fallback string, reason string, observed int"
)
_MOST_HELD: Final = 256

State = TypeVar("State", bound=Kept)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the workers have to know.

    Parameters
    ----------
    run
        The folder of the run, where each worker can read it.
    sha256
        Of the run's model: a worker that has read another reads anew.
    buckets
        Among how many parts the state is divided.
    lateness, leap
        As for ``OnlineFeatures``.
    first
        The place of the first event of all.
    """

    run: Path
    sha256: str
    buckets: int
    lateness: int
    leap: int | None
    first: int


@lru_cache(maxsize=2)
def _run_of(plan: Plan) -> Run:
    return load_run(plan.run)


@lru_cache(maxsize=2)
def _model_of(plan: Plan) -> Model:
    return Model(_run_of(plan))


class _InMemory(Generic[State]):
    """The states that a worker process has worked on last, by what it was and for which key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[tuple[Plan, int], Held[State]] = OrderedDict()

    def taken(self, plan: Plan, key: int, store: Store, new: Callable[[], State]) -> Held[State]:
        """A state up to date. It is out of here until it is put back: what fails is not used."""
        held = self._held.pop((plan, key), None)
        if held is None or not up_to_date(store, held):
            held = Held(new())
            up_to_date(store, held)
        return held

    def put_back(self, plan: Plan, key: int, held: Held[State]) -> None:
        """Keep a state that is as the store has it."""
        self._held[plan, key] = held
        while len(self._held) > self._most:
            self._held.popitem(last=False)


_sequencers: Final = _InMemory[Sequencer](1)
_parts: Final = _InMemory[Part](_MOST_HELD)


class _Operator(StatefulProcessor):
    """What both have in common: a journal, which may begin with a snapshot."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Tell Spark of the state; on the driver it is told alone."""
        self._store = SparkStore(handle)

    def handleInitialState(  # noqa: N802 - pyspark's name
        self,
        key: Any,  # noqa: ANN401 - pyspark's
        initialState: Any,  # noqa: ANN401, N803 - pyspark's
        timerValues: Any,  # noqa: ANN401, ARG002, N803 - pyspark's
    ) -> None:
        """Begin with a snapshot."""
        del key
        begin(self._store, bytes(initialState.whole))

    def close(self) -> None:
        """There is nothing to close."""


class Sequencing(_Operator):
    """Takes all events that came, and gives orders."""

    def handleInputRows(  # noqa: N802 - pyspark's name
        self,
        key: Any,  # noqa: ANN401 - pyspark's
        rows: Iterator[Any],
        timerValues: Any,  # noqa: ANN401, ARG002, N803 - pyspark's
    ) -> Iterator[Row]:
        """Put a micro-batch into its order; the key is the same for all."""
        del key
        plan = self._plan
        held = _sequencers.taken(plan, 0, self._store, self._new)
        came = sorted(rows, key=attrgetter("rank", "partition", "offset"))
        ordered = held.state.take([(row.arrival, row.event and bytes(row.event)) for row in came])
        done(self._store, held, held.state.entry())
        _sequencers.put_back(plan, 0, held)
        return (Row(**one._asdict()) for one in ordered)

    def _new(self) -> Sequencer:
        plan = self._plan
        return Sequencer(
            _run_of(plan).features,
            lateness=plan.lateness,
            leap=plan.leap,
            buckets=plan.buckets,
            first=plan.first,
        )


class Deciding(_Operator):
    """Takes the orders of a bucket, and gives verdicts."""

    def handleInputRows(  # noqa: N802 - pyspark's name
        self,
        key: Any,  # noqa: ANN401 - pyspark's
        rows: Iterator[Any],
        timerValues: Any,  # noqa: ANN401, ARG002, N803 - pyspark's
    ) -> Iterator[Row]:
        """Follow the orders of a micro-batch; the key is the bucket."""
        plan, [bucket] = self._plan, key
        held = _parts.taken(plan, bucket, self._store, self._new)
        came = sorted(rows, key=attrgetter("place"))
        arrived = [Arrived(row.sequence, row.arrival, read(bytes(row.order))) for row in came]
        verdicts, entry = _model_of(plan).decide(held.state, arrived)
        if entry is not None:
            done(self._store, held, entry)
        _parts.put_back(plan, bucket, held)
        return (Row(**one._asdict()) for one in verdicts)

    def _new(self) -> Part:
        return Part(_run_of(self._plan).features, lateness=self._plan.lateness)


if (Ordered._fields, Verdict._fields) != tuple(
    tuple(column.split()[0] for column in columns.split(", ")) for columns in (ORDERED, VERDICTS)
):
    raise AssertionError("the columns between the operators are not those that they give")
