"""The query: events are put into order by one task, and decided on by as many as there are."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.backends.spark.session import quiet
from engine.live_spark.deciding import Verdict, read
from engine.live_spark.plan import Plan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming import StreamingQuery

# The row of what the sequencer begins with; those of parts have their bucket.
SEQUENCER: Final = -1
BEGUN: Final = "bucket int, whole binary"
_EVERY: Final = "every"  # the key that all events have
# What Spark has to be told for the query to keep its state and its pace.
SETTINGS: Final = {
    "spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming"
    ".state.RocksDBStateStoreProvider",
    # What a micro-batch has changed is kept, not all there is; all there is from time to time.
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
    # What is counted with a look-up for each write.
    "spark.sql.streaming.stateStore.rocksdb.trackTotalNumberOfRows": "false",
    # Else the files of a micro-batch are looked at by a job of their own, of as many tasks.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
    # Compiling a plan of a few rows takes longer than working through it.
    "spark.sql.codegen.wholeStage": "false",
    # A query that nothing comes to need not be run.
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
}


def verdicts_of(events: "DataFrame", begun: "DataFrame | None", plan: Plan) -> "DataFrame":
    """Verdicts on events.

    Parameters
    ----------
    events
        As ``sources`` gives them.
    begun
        Snapshots to begin with, by bucket; None to begin with nothing.
    plan
        What the workers have to know.
    """
    from pyspark.sql import functions as of  # noqa: PLC0415 - only where there is Spark

    first = parts = None
    if begun is not None:
        first = begun.where(of.col("bucket") == SEQUENCER).withColumn(_EVERY, of.lit(0))
        first = first.groupBy(_EVERY)
        parts = begun.where(of.col("bucket") != SEQUENCER).groupBy("bucket")
    with quiet():
        from engine.live_spark.processors import (  # noqa: PLC0415 - as above
            ORDERED,
            VERDICTS,
            Deciding,
            Sequencing,
        )

        ordered = (
            events.withColumn(_EVERY, of.lit(0))
            .groupBy(_EVERY)
            .transformWithState(Sequencing(plan), ORDERED, "Append", "None", first)
        )
        return ordered.groupBy("bucket").transformWithState(
            Deciding(plan), VERDICTS, "Append", "None", parts
        )


def start(
    verdicts: "DataFrame",
    checkpoint: str,
    take: Callable[[list[Verdict], int], None],
    trigger: str | None = None,
) -> "StreamingQuery":
    """Start the query.

    Parameters
    ----------
    verdicts
        As ``verdicts_of`` gives them.
    checkpoint
        The folder in which it keeps how far it is, and the state.
    take
        Is handed the verdicts of a micro-batch, in any order, and its number. The same
        micro-batch may come again; the next does not come before this has returned.
    trigger
        From one micro-batch to the next, at least, such as ``1 second``; None for at once.
    """

    def each(frame: "DataFrame", number: int) -> None:
        parts = frame.toArrow()["verdicts"].to_pylist()
        take([verdict for part in parts for verdict in read(part)], number)

    writer = verdicts.writeStream.foreachBatch(each).option("checkpointLocation", checkpoint)
    if trigger is not None:
        writer = writer.trigger(processingTime=trigger)
    return writer.start()
