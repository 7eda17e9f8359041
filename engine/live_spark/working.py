"""What the operators do, in the process of a worker, which is used again for other tasks.

What takes long to read stays in that process: the run, and the states that were worked on there
last.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, Generic, TypeVar

from engine.live_spark.deciding import Model
from engine.live_spark.deciding import written as written_verdicts
from engine.live_spark.journal import Held, Kept, Store, done, up_to_date
from engine.live_spark.lines import in_order
from engine.live_spark.orders import read, written
from engine.live_spark.part import Part
from engine.live_spark.plan import Plan
from engine.live_spark.sequencing import Sequencer
from engine.model.loading import load_run
from engine.model.run import Run
from engine.process import manage_collector

_MOST_HELD: Final = 256

State = TypeVar("State", bound=Kept)


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


def ordered(plan: Plan, store: Store, texts: Iterable[bytes | str]) -> list[tuple[int, bytes]]:
    """The orders for each bucket, of the events of a micro-batch.

    Of one without events each bucket gets none: who is to follow orders reads then what it needs.
    """

    def new() -> Sequencer:
        return Sequencer(
            _run_of(plan).features,
            lateness=plan.lateness,
            leap=plan.leap,
            buckets=plan.buckets,
            first=plan.first,
        )

    held = _sequencers.taken(plan, 0, store, new)
    lines = in_order(texts)
    if not lines:
        _sequencers.put_back(plan, 0, held)
        return [(bucket, written([])) for bucket in range(plan.buckets)]
    found = held.state.take(lines)
    done(store, held, held.state.entry())
    _sequencers.put_back(plan, 0, held)
    return [(bucket, written(orders)) for bucket, orders in found.items()]


def decided(plan: Plan, bucket: int, store: Store, orders: Iterable[bytes]) -> bytes:
    """The verdicts of a bucket, on the events of a micro-batch."""
    held = _parts.taken(
        plan, bucket, store, lambda: Part(_run_of(plan).features, lateness=plan.lateness)
    )
    given = [order for content in orders for order in read(content)]
    verdicts, entry = _model_of(plan).decide(held.state, given)
    if entry is not None:
        done(store, held, entry)
    _parts.put_back(plan, bucket, held)
    return written_verdicts(verdicts)


@lru_cache(maxsize=2)
def _run_of(plan: Plan) -> Run:
    return load_run(plan.run)


@lru_cache(maxsize=2)
def _model_of(plan: Plan) -> Model:
    return Model(_run_of(plan))
