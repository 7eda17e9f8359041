"""What a build is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from engine.arguments import LEAP
from engine.catalog import notebook
from engine.definition import FeatureSet


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m engine.build``; its help says what each does."""

    inputs: tuple[str, ...]
    out: Path
    features: FeatureSet = notebook
    engine: str = "polars"
    threads: int = 1
    master: str | None = None  # of the engine spark; None for this machine's threads
    memory: int = 2**30
    state: Path | None = None
    leap: int | None = LEAP  # seconds, of the state; None to believe every clock
    strict: bool = False
    overwrite: bool = False
    explain: bool = False
    quiet: bool = True
    json: bool = False
