"""How the features of fraud differ from those of legitimate transactions, by their means."""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl
from rich.console import RenderableType

from replay.demo.screen import new_table, number
from replay.demo.step import Demo, Step

# Features whose means are compared, in fewer words than their definitions take.
_FEATURES: Final = {
    "velocity_15m": "card's transactions of 15 min before",
    "unique_merchants_15m": "different merchants among these",
    "seen_merchant_before": "share at a merchant of 24 h before",
    "user_merchant_dist_km": "km from the merchant before",
    "is_night": "share from 22:00 to 06:59",
    "log_amt": "logarithm of one plus the amount",
    "user_amt_delta": "amount above the card's mean of 24 h",
    "amt_z_user": "the same in deviations of these",
}


def _compare(demo: Demo) -> Iterator[RenderableType]:
    features = pl.scan_parquet(demo.features)
    compared = pl.col(*_FEATURES)
    spread = features.select(compared.std()).collect().row(0, named=True)
    means = features.group_by("is_fraud").agg(compared.mean()).collect()
    by_label: dict[int, dict[str, Any]] = {row["is_fraud"]: row for row in means.to_dicts()}
    fraud, legitimate = by_label.get(1, {}), by_label.get(0, {})
    table = new_table()
    table.add_column("mean of")
    for column in ("fraud", "legitimate", "apart*"):
        table.add_column(column, justify="right", min_width=10)
    table.add_column("which is")
    for name, words in _FEATURES.items():
        in_fraud, in_legitimate = fraud.get(name), legitimate.get(name)
        apart = None
        if in_fraud is not None and in_legitimate is not None and spread[name]:
            apart = (in_fraud - in_legitimate) / spread[name]
        numbers = (number(in_fraud), number(in_legitimate), number(apart))
        table.add_row(name, *numbers, words)
    yield table
    yield "* the difference, in standard deviations over all transactions"


COMPARED: Final = Step("Fraud and legitimate transactions compared", _compare)
