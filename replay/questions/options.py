"""The options of asking questions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What ``python -m replay.questions`` is asked to do.

    Parameters
    ----------
    ledger
        The folder of a ledger; None to ask only what needs none.
    labels
        A build, or a log, whose labels tell which events were fraud.
    features
        A build, or a Parquet file of features.
    names
        The questions; empty for all for which there is what they need.
    since, until
        Seconds since 1970 UTC, of arrival, both included.
    variables
        Other variables of the questions, as text.
    threads
        How many threads may compute.
    json
        Print JSON.
    """

    ledger: Path | None = None
    labels: str | None = None
    features: Path | None = None
    names: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    threads: int = 1
    json: bool = False
