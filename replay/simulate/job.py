"""A simulation written to a file, and what there is to say about it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from engine.progress import Meter
from replay.simulate.settings import Settings
from replay.simulate.stream import Simulation
from replay.simulate.write import PARQUET, write_chunks


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished simulation: what was asked for, what was written, and how fast."""

    out: str
    bytes: int
    rows: int
    cards: int
    seed: int
    start: str
    days: int
    drift: float
    fraud_rows: int
    fraud_share: float
    fraud_rows_by_behaviour: dict[str, int]
    seconds: float
    rows_per_second: int

    @property
    def content(self) -> dict[str, Any]:
        """The same as ``--json`` prints it."""
        return asdict(self)

    @property
    def text(self) -> str:
        """The same in a few lines."""
        behaviours = self.fraud_rows_by_behaviour.items()
        lines = [
            f"{self.out}: {self.rows:,} rows",
            f"{self.cards:,} cards, {self.days:,} days from {self.start}",
            f"fraud: {self.fraud_rows:,} rows ({self.fraud_share:.3%})",
            *(f"  {name.replace('_', ' '):<22}{count:>12,}" for name, count in behaviours),
            f"{self.seconds:.1f} s, {self.rows_per_second:,} rows/s",
        ]
        return "\n".join(lines) + "\n"


def simulate_to_file(settings: Settings, out: Path, *, quiet: bool) -> Summary:
    """Simulate a stream into a file, replacing what is there.

    Parameters
    ----------
    settings
        What to simulate.
    out
        The file; ``replay.simulate.write.check_output`` says which will do.
    quiet
        Show no progress.

    Raises
    ------
    OutputError
        If the file cannot be written. Then, and after an interrupt, none is left or changed.
    """
    simulation = Simulation(settings)
    fraud = 0

    def done(chunk: pl.DataFrame) -> None:
        nonlocal fraud
        fraud += int(chunk["is_fraud"].sum())
        meter.advance(len(chunk))

    with Meter("simulate", settings.rows, quiet=quiet) as meter:
        rows = write_chunks(simulation.chunks(encoded=out.suffix == PARQUET), out, done)
        return Summary(
            out=str(out),
            bytes=out.stat().st_size,
            rows=rows,
            cards=settings.cards,
            seed=settings.seed,
            start=settings.start.isoformat(),
            days=settings.days,
            drift=settings.drift,
            fraud_rows=fraud,
            fraud_share=fraud / rows,
            fraud_rows_by_behaviour=simulation.plan.fraud_rows(),
            seconds=round(meter.seconds, 3),
            rows_per_second=round(meter.rows_per_second),
        )
