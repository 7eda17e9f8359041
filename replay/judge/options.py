"""What a judge is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from replay.judge.faults import Fault


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m replay.judge``; its help says what each does.

    ``rate`` is None for as fast as clients read, ``events`` for all of the file; ``key`` is that of
    ``X-API-Key``.
    """

    file: str
    key: bytes = field(repr=False)
    scratch: Path
    rate: float | None = 50.0
    deadline: float = 30.0
    faults: Mapping[str, Fault] = field(default_factory=dict)
    seed: int = 0
    events: int | None = None
    strings: bool = False
    ids: bool = True
    resumes: bool = True
    host: str = "127.0.0.1"
    port: int = 8765
    tls: bool = False
    ca_out: Path | None = None
    open_score: bool = True
    until_done: bool = False
    quiet: bool = True
    json: bool = False
