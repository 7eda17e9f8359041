"""What the workers have to know."""

from dataclasses import dataclass
from pathlib import Path


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
