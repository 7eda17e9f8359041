"""What a comparison is asked to do."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m engine.compare``; its help says what each does."""

    run: Path
    baseline: Path
    features: Path
    baseline_features: Path | None = None  # None for the same
    start: date | None = None
    until: date | None = None
    test_part: bool = False
    alert_cost: float | None = None
    cards_per_day: int = 10
    resamples: int = 200
    seed: int = 42
    threads: int = 1
    quiet: bool = True
    json: bool = False
