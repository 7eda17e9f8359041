"""What a query's checkpoint is of, and what its state begins with: noted before the first event.

It is a Parquet dataset inside of the checkpoint, as that may be in whatever store Spark has.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from engine.backends.spark.session import waited_for
from engine.errors import InputError
from engine.live_spark.query import BEGUN, SEQUENCER

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FOLDER: Final = "sentinelpos"
_ABOUT: Final = -2


@dataclass(frozen=True, slots=True)
class About:
    """What a checkpoint is of.

    Parameters
    ----------
    feature_set, fingerprint
        The feature set that its state is of.
    outbox
        When the outbox was made, by which it is known.
    buckets, partitions
        Among how many parts the state is divided, and how many tasks work on it.
    source
        Where events come from, as the sources tell.
    lateness, leap
        As for ``OnlineFeatures``.
    first
        The place of the first event.
    has_begun
        Whether the state began with snapshots.
    """

    feature_set: str
    fingerprint: str
    outbox: int
    buckets: int
    partitions: int
    source: str
    lateness: int
    leap: int | None
    first: int
    has_begun: bool


class Checkpoint:
    """What is noted in a checkpoint.

    Parameters
    ----------
    session
        Spark.
    path
        The checkpoint.
    """

    def __init__(self, session: "SparkSession", path: str) -> None:
        self._session = session
        self._path = f"{path.rstrip('/')}/{_FOLDER}"
        self.path = path

    def about(self) -> About | None:
        """What it is of; None if it is new.

        Raises
        ------
        InputError
            If it is none of this project's.
        """
        from pyspark.errors import AnalysisException  # noqa: PLC0415 - only where there is Spark

        try:
            found = waited_for(
                lambda: self._all().where(f"bucket = {_ABOUT}").select("whole").collect()
            )
        except AnalysisException as error:
            if error.getCondition() == "PATH_NOT_FOUND":
                return None
            raise InputError(
                f"--checkpoint: cannot be read (was: {str(error).splitlines()[0]})",
                hint="name a new folder, or one that this command has made",
            ) from error
        if not found and not (self._has(f"{_FOLDER}/_SUCCESS") or self._has("offsets")):
            return None  # somebody was killed while it was noted, and nothing has begun
        if len(found) != 1:
            raise InputError(
                f"--checkpoint: what it is of is not noted in it once (was {len(found)} times in "
                f"{self._path})",
                hint="name a new folder, or one that this command has made",
            )
        return msgspec.json.decode(bytes(found[0].whole), type=About)

    def note(self, about: About, wholes: dict[int, bytes]) -> None:
        """Note what it is of, and the snapshots to begin with, by bucket."""
        rows = [(_ABOUT, msgspec.json.encode(asdict(about))), *wholes.items()]
        frame = self._session.createDataFrame(rows, BEGUN)
        write = frame.coalesce(1).write.mode("overwrite")
        waited_for(lambda: write.parquet(self._path))

    def begun(self) -> "DataFrame":
        """The snapshots to begin with."""
        return self._all().where(f"bucket >= {SEQUENCER}")

    def _has(self, name: str) -> bool:
        """Whether there is such a file or folder, in whatever store it is."""
        context = self._session.sparkContext
        assert context._jvm is not None  # noqa: S101, SLF001 - pyspark has no way to ask a store
        path = context._jvm.org.apache.hadoop.fs.Path(f"{self.path.rstrip('/')}/{name}")  # noqa: SLF001
        return bool(path.getFileSystem(context._jsc.hadoopConfiguration()).exists(path))  # noqa: SLF001

    def _all(self) -> "DataFrame":
        return self._session.read.schema(BEGUN).parquet(self._path)
