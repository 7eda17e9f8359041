"""What a build is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from engine.arguments import LEAP


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m engine.build``; its help says what each does."""

    inputs: tuple[str, ...]
    out: Path
    set: str = "notebook"
    engine: str = "polars"
    threads: int = 1
    memory: int = 2**30
    state: Path | None = None
    leap: int | None = LEAP  # seconds, of the state; None to believe every clock
    strict: bool = False
    overwrite: bool = False
    explain: bool = False
    quiet: bool = True
    json: bool = False
