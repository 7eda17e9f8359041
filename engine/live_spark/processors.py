"""The two stateful operators: the one who orders events, and those who hold parts of the state.

pyspark makes an operator anew for each task, and on the driver only to learn of its state: what
they work with is imported when there is work.
"""

from collections.abc import Iterator
from typing import Any, Final

from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from engine.live_spark.journal import begin
from engine.live_spark.plan import Plan
from engine.live_spark.stores import SparkStore

ORDERED: Final = "bucket int, orders binary"
VERDICTS: Final = "verdicts binary"


class _Operator(StatefulProcessor):  # type: ignore[misc,unused-ignore] # untyped where it is not installed
    """What both have in common: a journal, which may begin with a snapshot."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Tell Spark of the state."""
        self._store = SparkStore(handle)

    def handleInitialState(  # noqa: N802 - pyspark's name
        self,
        key: Any,  # noqa: ANN401, ARG002 - pyspark's
        initialState: Any,  # noqa: ANN401, N803 - pyspark's
        timerValues: Any,  # noqa: ANN401, ARG002, N803 - pyspark's
    ) -> None:
        """Begin with a snapshot."""
        begin(self._store, bytes(initialState.whole))

    def close(self) -> None:
        """There is nothing to close; the worker goes on to other tasks."""


class Sequencing(_Operator):
    """Takes all events that came, and gives orders."""

    def handleInputRows(  # noqa: N802 - pyspark's name
        self,
        key: Any,  # noqa: ANN401, ARG002 - pyspark's
        rows: Iterator[Any],
        timerValues: Any,  # noqa: ANN401, ARG002, N803 - pyspark's
    ) -> Iterator[Row]:
        """Put a micro-batch into its order; the key is the same for all."""
        from engine.live_spark.working import ordered  # noqa: PLC0415 - see the top

        found = ordered(self._plan, self._store, [bytes(row.value) for row in rows])
        return iter([Row(bucket=bucket, orders=orders) for bucket, orders in found])


class Deciding(_Operator):
    """Takes the orders of a bucket, and gives verdicts."""

    def handleInputRows(  # noqa: N802 - pyspark's name
        self,
        key: Any,  # noqa: ANN401 - pyspark's
        rows: Iterator[Any],
        timerValues: Any,  # noqa: ANN401, ARG002, N803 - pyspark's
    ) -> Iterator[Row]:
        """Follow the orders of a micro-batch; the key is the bucket."""
        from engine.live_spark.working import decided  # noqa: PLC0415 - see the top

        orders = [bytes(row.orders) for row in rows]
        return iter([Row(verdicts=decided(self._plan, key[0], self._store, orders))])
