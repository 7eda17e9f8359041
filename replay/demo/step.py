"""What the steps of the demo share: where its files are, and what a step is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import RenderableType

from engine.build.outputs import FEATURES
from replay.simulate import Settings

_ROWS_PER_CARD: Final = 100
_DAYS: Final = 60
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Demo:
    """What the steps share: how large it is, where its files are, how wide the screen is."""

    rows: int
    out: Path
    threads: int
    width: int

    @property
    def settings(self) -> Settings:
        """What is simulated."""
        cards = max(1, self.rows // _ROWS_PER_CARD)
        return Settings(rows=self.rows, cards=cards, days=_DAYS, seed=_SEED)

    @property
    def transactions(self) -> Path:
        """The simulated transactions, a pipe-delimited file."""
        return self.out / "transactions.csv"

    @property
    def results(self) -> Path:
        """The folder with what ``engine.build`` makes of them."""
        return self.out / "features"

    @property
    def runs(self) -> Path:
        """The folder of trained runs."""
        return self.out / "runs"

    @property
    def features(self) -> Path:
        """The table of features."""
        return self.results / FEATURES


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the demo. Steps hand nothing on but files.

    Parameters
    ----------
    title
        What it does.
    run
        Does it, and yields what to print.
    command
        What to type for the same, line by line.
    files
        What it leaves behind, and what that is.
    """

    title: str
    run: Callable[[Demo], Iterable[RenderableType]]
    command: Callable[[Demo], Sequence[str]] = lambda _demo: ()
    files: Callable[[Demo], Sequence[tuple[Path, str]]] = lambda _demo: ()
