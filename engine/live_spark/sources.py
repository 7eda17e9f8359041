"""Where the query's events come from: a folder of files, or Kafka.

Whatever the source, its rows are ``event`` (the JSON, as bytes), ``arrival`` (when it came, in
microseconds since 1970 UTC) and what tells the order within a micro-batch: by ``rank``, then
``partition``, then ``offset``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LINES: Final = "offset long, arrival long, event string"
_KAFKA: Final = "kafka"
_PACKAGE: Final = "org.apache.spark:spark-sql-kafka-0-10_2.13"


@dataclass(frozen=True, slots=True)
class Files:
    """A folder into which files of JSON lines come, see ``bridge``.

    Parameters
    ----------
    folder
        It.
    most
        How many files a micro-batch takes, at most.
    """

    folder: Path
    most: int = 64


@dataclass(frozen=True, slots=True)
class Kafka:
    """Topics of Kafka, whose values are the events' JSON.

    Events of a micro-batch are in the order of their timestamps, then partitions, then offsets.

    Parameters
    ----------
    options
        As Spark's Kafka source takes them.
    """

    options: Mapping[str, str] = field(default_factory=dict)


def events_of(session: "SparkSession", source: Files | Kafka) -> "DataFrame":
    """The rows of a source.

    Raises
    ------
    InputError
        If Spark lacks what reads it.
    """
    from pyspark.sql import functions as of  # noqa: PLC0415 - only where there is Spark

    if isinstance(source, Files):
        rows = session.readStream.format("json").schema(LINES)
        rows = rows.option("maxFilesPerTrigger", source.most)
        # Once it is decided on and committed, nobody needs it any more.
        rows = rows.option("cleanSource", "delete")
        return rows.load(str(source.folder)).select(
            of.encode("event", "UTF-8").alias("event"),
            "arrival",
            of.lit(0).cast("long").alias("rank"),
            of.lit(0).alias("partition"),
            "offset",
        )
    from pyspark.errors import AnalysisException  # noqa: PLC0415 - as above

    try:
        read = session.readStream.format(_KAFKA).options(**source.options).load()
    except AnalysisException as error:
        raise InputError(
            f"--kafka: Spark cannot read it (was: {str(error).splitlines()[0]})",
            hint=f"start with spark-submit --packages {_PACKAGE}:VERSION, the version being Spark's"
            ", or correct the options",
        ) from error
    at = of.unix_micros("timestamp")
    return read.select(
        of.col("value").alias("event"),
        at.alias("arrival"),
        at.alias("rank"),
        "partition",
        "offset",
    )
