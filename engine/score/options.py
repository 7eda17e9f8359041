"""What a scoring is asked to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m engine.score``; its help says what each does."""

    inputs: tuple[str, ...]
    run: Path
    out: Path | None = None
    reasons: int = 3
    alert_cost: float | None = None
    cards_per_day: int = 10
    resamples: int = 200
    seed: int = 42
    threads: int = 1
    overwrite: bool = False
    quiet: bool = True
    json: bool = False
