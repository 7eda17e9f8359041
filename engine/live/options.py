"""What a live scorer is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the API listens.

    Parameters
    ----------
    host, port
        The address.
    token
        What who asks has to show; None for nothing.
    """

    host: str
    port: int
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of ``python -m engine.live``; the table in ``settings`` says what each is.

    Spans are in seconds; ``leap`` is None to believe every clock, ``listen`` to serve nothing.
    """

    stream: str
    flag: str
    key: str = field(repr=False)
    run: Path
    ledger: Path
    state: Path | None
    warm: Path | None
    accept_gap: bool
    deadline: float
    post: Literal["all", "fraud"]
    fallback: int
    ca_file: Path | None
    insecure: bool
    listen: Listen | None
    leap: int | None
    stall: float
    queue: int
    batch: int
    connections: int
    snapshot_every: int
    reasons: int
    grace: float
