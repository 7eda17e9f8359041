"""What a live scorer is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.live.api.options import ApiOptions


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of ``python -m engine.live``; the table in ``settings`` says what each is.

    Spans are in seconds; ``leap`` is None to believe every clock, ``api`` to serve nothing.
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
    leap: int | None
    stall: float
    queue: int
    batch: int
    connections: int
    snapshot_every: int
    reasons: int
    grace: float
    api: ApiOptions | None
