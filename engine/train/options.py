"""What a training is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path

from engine.model.calibration import Method
from engine.model.kinds import Kind
from engine.model.split import SplitOptions
from engine.model.threshold import Rule


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m engine.train``; its help says what each does."""

    features: Path
    out: Path
    id: str
    without: tuple[str, ...] = ()
    model: Kind = "lightgbm"
    split: SplitOptions = field(default_factory=SplitOptions)
    rule: Rule = field(default_factory=lambda: Rule("max-f1"))
    alert_cost: float = 5.0
    calibration: Method = "platt"
    cards_per_day: int = 10
    resamples: int = 200
    anomaly: bool = False
    ablation: bool = False
    seed: int = 42
    threads: int = 1
    report: bool = True
    overwrite: bool = False
    make_current: bool = True
    quiet: bool = True
    json: bool = False
