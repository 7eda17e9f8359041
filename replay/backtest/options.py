"""What a backtest is asked to do."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Literal

from engine.definition import FeatureSet
from engine.model.calibration import Method
from engine.model.kinds import Kind
from engine.model.split import DAY
from engine.model.threshold import Rule
from replay.backtest.policies import Policy
from replay.source import Order

Mode = Literal["vectorised", "event-driven", "check"]
# The two that are held against each other, and what a backtest of one is called.
CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
ALONE: Final = "backtest"


@dataclass(frozen=True, slots=True)
class Windows:
    """How long the windows of a fold are, in seconds: whole days.

    Parameters
    ----------
    train
        What a model may learn from, its validation tail included.
    delay
        Until a label is known: between what is learnt from and test, and before validation.
    test
        What it is judged by; after it the next fold begins.
    validation
        The tail of the training window on which the threshold is chosen; None for a quarter of
        what the delay before it leaves, in whole days.
    """

    train: int = 28 * DAY
    delay: int = 7 * DAY
    test: int = 7 * DAY
    validation: int | None = None


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the one or two that are tested.

    Parameters
    ----------
    name
        What it is called.
    run
        The one model of all folds; None for one that is trained for each fold.
    threshold
        A score, or a rule by which one is chosen on each fold's validation tail; None for the
        run's own.
    """

    name: str
    run: Path | None
    threshold: Rule | float | None


@dataclass(frozen=True, slots=True)
class Training:
    """How a fold's model is trained; ``python -m engine.train --help`` says what each does."""

    model: Kind = "lightgbm"
    rule: Rule = field(default_factory=lambda: Rule("max-f1"))
    calibration: Method = "platt"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``python -m replay.backtest``; its help says what each does."""

    inputs: tuple[str, ...]
    contenders: tuple[Contender, ...] = (Contender(ALONE, None, None),)
    features: FeatureSet | None = None  # the build's own, of a log the notebook's
    windows: Windows = field(default_factory=Windows)
    start: date | None = None
    until: date | None = None
    training: Training = field(default_factory=Training)
    policy: Policy = field(default_factory=Policy)
    mode: Mode = "vectorised"
    order: Order = "refuse"
    leap: int | None = None  # seconds, of what is played back; features of a log believe all clocks
    batch: int = 512
    alert_cost: float = 5.0
    cards_per_day: int = 10
    resamples: int = 200
    seed: int = 42
    threads: int = 1
    out: Path | None = None
    overwrite: bool = False
    quiet: bool = True
    json: bool = False
