"""Where the query's events come from: a folder of files, or Kafka.

Whatever the source, its rows are texts of JSON lines, see ``lines``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.backends.spark.session import quiet
from engine.errors import InputError
from engine.live_spark.lines import Line, written

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

TEXTS: Final = "value binary"
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

    @property
    def told(self) -> str:
        """Where events come from, as it is noted and told."""
        return f"--files {self.folder}"


@dataclass(frozen=True, slots=True)
class Kafka:
    """Topics of Kafka, whose values are the events' JSON.

    Events of a micro-batch are in the order of their timestamps, topics, partitions and offsets.

    Parameters
    ----------
    options
        As Spark's Kafka source takes them.
    secrets
        Values of them that must not be said.
    """

    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def told(self) -> str:
        """Where events come from, as it is noted and told; of topics Spark itself notes places."""
        return "--kafka"

    def shown(self, text: str) -> str:
        """A text without the values that must not be said."""
        for secret in filter(None, self.secrets):
            text = text.replace(secret, "***")
        return text


def events_of(session: "SparkSession", source: Files | Kafka) -> "DataFrame":
    """The rows of a source.

    Raises
    ------
    InputError
        If Spark lacks what reads it.
    """
    if isinstance(source, Files):
        rows = session.readStream.format("text").option("wholetext", "true")
        rows = rows.option("maxFilesPerTrigger", source.most)
        # Once it is decided on and committed, nobody needs it any more.
        found = rows.option("cleanSource", "delete").load(str(source.folder))
        # What is no text at all is as good a line that cannot be read as others.
        return found.select(found["value"].cast("binary").alias("value"))
    from pyspark.errors import PySparkException  # noqa: PLC0415 - only where there is Spark
    from pyspark.sql import functions as of  # noqa: PLC0415 - as above

    try:
        read = session.readStream.format(_KAFKA).options(**source.options).load()
    except PySparkException as error:
        raise InputError(
            f"--kafka: Spark cannot read it (was: {source.shown(str(error).splitlines()[0])})",
            hint=f"start with spark-submit --packages {_PACKAGE}:VERSION, the version being Spark's"
            ", or correct the options",
        ) from error
    at = of.unix_micros("timestamp").alias("at")
    wanted = read.select("value", "topic", "partition", "offset", at)
    with quiet():
        return wanted.mapInArrow(texts_of, TEXTS)


def texts_of(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Rows of Kafka as texts of lines, one of as many as come at once."""
    import pyarrow as pa  # noqa: PLC0415 - only where there is Spark

    for batch in batches:
        columns = batch.to_pydict()
        names = ("offset", "at", "value", "topic", "partition")
        values = zip(*(columns[name] for name in names), strict=True)
        lines = [
            # One without a value is no event: as one that cannot be read.
            Line(offset, at, (value or b"").decode(errors="replace"), "", at, topic, partition)
            for offset, at, value, topic, partition in values
        ]
        yield pa.RecordBatch.from_pydict({"value": [written(lines)]})
