"""A set with text features, and logs for it: of late texts, of none, and of a person's."""

from pathlib import Path

import polars as pl

from unit.build.cases import build, write
from unit.model.cases import simulated

WORDED = """\
from engine.definition import POS, column, feature, feature_set, key, log1p

card = key("cc_num")
worded = feature_set(
    "worded",
    POS,
    [
        feature("log_amt", log1p(column("amt")), "logarithm of one plus the amount"),
        feature("category", column("category"), "category of the merchant"),
        feature("category_before", card.previous(column("category")), "category before this one"),
        feature("events_15m", card.last(minutes=15).count(), "card's events in 15 minutes"),
        feature("gender", column("gender"), "card holder's gender"),
    ],
)
"""
NAMES = ["log_amt", "category", "category_before", "events_15m", "gender"]
LATE = "crypto_über"  # nobody buys it in the first seven tenths of a log


def worded_log(rows: int = 4_000, *, seed: int = 3) -> pl.DataFrame:
    """A simulated log with a category that only its last events have."""
    late = (pl.int_range(pl.len()) >= 0.7 * pl.len()) & (pl.int_range(pl.len()) % 5 == 0)
    category = pl.when(late).then(pl.lit(LATE)).otherwise(pl.col("category").cast(pl.String))
    return simulated(rows, seed=seed).with_columns(category=category)


def build_worded(folder: Path, log: pl.DataFrame | None = None, name: str = "built") -> Path:
    """A build's folder, its log beside it."""
    file = folder / "worded.py"
    file.write_text(WORDED)
    path = write(worded_log() if log is None else log, folder / f"{name}.csv")
    assert build(folder / name, [path], "--set", f"{file}:worded") == 0
    return folder / name
