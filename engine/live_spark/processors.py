"""The two stateful operators: the one who orders events, and those who hold parts of the state.

pyspark makes an operator anew for each task, in a worker process that it uses again. What takes
long to read stays in that process: the run, and the states that were worked on there last.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from engine.live_spark.deciding import Model
from engine.live_spark.deciding import written as written_verdicts
from engine.live_spark.journal import Held, Kept, Store, begin, done, up_to_date
from engine.live_spark.lines import in_order
from engine.live_spark.orders import read, written
from engine.live_spark.part import Part
from engine.live_spark.plan import Plan
from engine.live_spark.sequencing import Sequencer
from engine.live_spark.stores import SparkStore
from engine.model.loading import load_run
from engine.model.run import Run
from engine.process import manage_collector

ORDERED: Final = "bucket int, orders binary"
VERDICTS: Final = "verdicts binary"
_MOST_HELD: Final = 256

State = TypeVar("State", bound=Kept)


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
        # pyspark has the collector look at everything after each task: 120 ms of a task of 40.
        manage_collector()


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
        ordered = held.state.take(in_order(row.value for row in rows))
        done(self._store, held, held.state.entry())
        _sequencers.put_back(plan, 0, held)
        return (Row(bucket=bucket, orders=written(some)) for bucket, some in ordered.items())

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
        # One row, as one task orders all events.
        orders = [order for row in rows for order in read(bytes(row.orders))]
        verdicts, entry = _model_of(plan).decide(held.state, orders)
        if entry is not None:
            done(self._store, held, entry)
        _parts.put_back(plan, bucket, held)
        return iter([Row(verdicts=written_verdicts(verdicts))])

    def _new(self) -> Part:
        return Part(_run_of(self._plan).features, lateness=self._plan.lateness)
