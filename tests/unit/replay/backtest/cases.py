"""A backtest that has been gone through, and what it was asked."""

from dataclasses import dataclass
from pathlib import Path

from engine.model.split import DAY
from replay.backtest.job import Backtest
from replay.backtest.options import Options, Windows
from replay.backtest.policies import Policy

WINDOWS = Windows(train=10 * DAY, delay=2 * DAY, test=4 * DAY)
# Everything that a policy may do, so tight that all of it happens.
POLICY = Policy(budget=7, blocking="saved", reviews=6)


@dataclass(frozen=True, slots=True)
class Done:
    """A backtest and what it was asked."""

    options: Options
    result: Backtest
    folder: Path

    @property
    def digest(self) -> str:
        return self.result.tested[0].digest
