"""Small simulated logs, built, as most tests of models begin."""

from pathlib import Path

import numpy as np
import polars as pl

from engine.catalog import notebook
from engine.model.feature_values import FeatureValues
from engine.model.features_file import FeatureTable
from replay.simulate import Settings, simulate
from unit.build.cases import built, write


def simulated(rows: int = 6_000, *, days: int = 40, seed: int = 3) -> pl.DataFrame:
    """Transactions of 60 cards with much fraud."""
    settings = Settings(rows=rows, cards=60, days=days, seed=seed, fraud_rate=0.1)
    return pl.concat(simulate(settings))


def build_features(out: Path, events: pl.DataFrame) -> Path:
    """A build's folder."""
    built(out, [write(events, out.parent / f"{out.name}.csv")])
    return out


def table_of(times: list[int], labels: list[int], cards: list[int] | None = None) -> FeatureTable:
    """A table of which only times, labels and cards matter."""
    codes = np.array(cards or [0] * len(times), dtype=np.int64)
    return FeatureTable(
        path=Path("features.parquet"),
        features=notebook,
        values=FeatureValues(np.zeros((len(times), len(notebook.names)))),
        event_ids=pl.Series([str(place) for place in range(len(times))]),
        cards=codes.astype(np.uint64),
        card_codes=codes,
        times=np.array(times, dtype=np.int64),
        labels=np.array(labels, dtype=np.int8),
        unlabelled=0,
        amounts=None,
    )
