"""What a retraining is asked to do."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m engine.retrain``; its help says what each does."""

    features: Path
    runs: Path
    champion: Path | None = None
    id: str | None = None
    days: int = 28
    until: date | None = None
    metric: str = "average_precision"
    margin: float = 0.005
    resamples: int = 1_000
    seed: int = 42
    threads: int = 1
    report: bool = True
    dry_run: bool = False
    quiet: bool = True
    json: bool = False
