"""What is asked of the live scorer on Spark."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.live_spark.sources import Files, Kafka


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom it speaks with itself: a stream that it bridges to files, and who takes flags.

    Parameters
    ----------
    stream, flag
        URLs; None for nobody.
    key
        What ``X-API-Key`` says.
    ca_file
        Certificates to trust, and no others; None for those of the machine.
    insecure
        Whether any certificate is trusted.
    connections
        How many there may be for flags.
    """

    stream: str | None = None
    flag: str | None = None
    key: str = field(default="", repr=False)
    ca_file: Path | None = None
    insecure: bool = False
    connections: int = 64


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where and how Spark works.

    Parameters
    ----------
    master
        Spark's master; None for this machine, or what ``spark-submit`` was told.
    partitions
        How many tasks a micro-batch has, from the first start on; None for as many as there are
        processors.
    buckets
        Among how many parts the state is divided, from the first start on; None for four for each
        task.
    trigger
        From one micro-batch to the next, at least; None for at once.
    """

    master: str | None = None
    partitions: int | None = None
    buckets: int | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of ``python -m engine.live_spark``.

    Parameters
    ----------
    run
        The run that decides.
    outbox
        The ledger into which decisions go before they are posted.
    checkpoint
        Where the query keeps how far it is, and the state: a folder, or what Spark takes for one.
    source
        Where events come from.
    state
        The online state to begin with; None for none.
    outside, cluster
        As they say.
    deadline
        Seconds to answer an event in, from when it came.
    post
        Which decisions are posted.
    fallback
        What is decided where the model cannot.
    leap
        In seconds, as for ``OnlineFeatures``.
    grace
        Seconds to post what was decided, when it is asked to stop.
    """

    run: Path
    outbox: Path
    checkpoint: str
    source: Files | Kafka
    state: Path | None
    outside: Outside
    cluster: Cluster
    deadline: float
    post: Literal["all", "fraud"]
    fallback: int
    leap: int | None
    grace: float
