"""What a comparison is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from engine.arguments import LEAP
from engine.catalog import notebook
from engine.definition import FeatureSet


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m engine.skew``; its help says what each does."""

    inputs: tuple[str, ...]
    scratch: Path
    memory: int
    features: FeatureSet = notebook
    engines: tuple[str, ...] | None = None
    sample: int | None = None
    leap: int | None = LEAP  # seconds; None to believe every clock
    threads: int = 1
    quiet: bool = True
    json: bool = False
