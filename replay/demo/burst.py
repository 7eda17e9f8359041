"""What a fraud looks like: a card's transactions around it, with some of their features."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl
from rich.console import RenderableType

from engine.definition.personal import masked
from replay.demo.screen import WIDTH, new_table
from replay.demo.step import Demo, Step

# What of a card is shown: the end of its ordinary life, then the fraud.
_ROWS_BEFORE: Final = 2
_ROWS_AFTER: Final = 8
_BURST_SECONDS: Final = 3_600

_MERCHANT: Final = "merchant"  # shown where there is room
# Of a transaction: what is above the column, whether it is text, and how a value is written.
_COLUMNS: Final[tuple[tuple[str, type, Callable[[dict[str, Any]], str]], ...]] = (
    ("time (UTC)", str, lambda row: f"{datetime.fromtimestamp(row['unix_time'], UTC):%m-%d %T}"),
    (_MERCHANT, str, lambda row: str(row["merchant"])[:20]),
    ("amount", float, lambda row: f"{row['amt']:,.2f}"),
    ("velocity\n_15m", int, lambda row: str(row["velocity_15m"])),
    ("unique_\nmerchants\n_15m", int, lambda row: str(row["unique_merchants_15m"])),
    ("user_mean\n_amt_24h", float, lambda row: f"{row['user_mean_amt_24h']:,.2f}"),
    ("amt_z\n_user", float, lambda row: f"{row['amt_z_user']:z,.1f}"),
    ("time_since\n_last_s", float, lambda row: f"{row['time_since_last_s']:,.0f}"),
    ("is_\nfraud", int, lambda row: str(row["is_fraud"])),
)


def _show(demo: Demo) -> Iterator[RenderableType]:
    burst = _burst(demo)
    if burst is None:
        yield "There is no fraud among so few transactions: give --rows more."
        return
    card = str(burst["cc_num"][0])
    yield (
        f"Card {masked(card)}. Each feature looks at what came before its transaction, never after."
    )
    table = new_table()
    shown = [column for column in _COLUMNS if column[0] != _MERCHANT or demo.width >= WIDTH]
    for header, kind, _ in shown:
        table.add_column(header, justify="left" if kind is str else "right", no_wrap=True)
    for row in burst.iter_rows(named=True):
        cells = [cell(row) for _, _, cell in shown]
        table.add_row(*cells, style="red" if row["is_fraud"] else None)
    yield table


def _burst(demo: Demo) -> pl.DataFrame | None:
    """A card's transactions around the fraud at the most merchants; None if there is no fraud."""
    features = pl.scan_parquet(demo.features)
    rank = ("unique_merchants_15m", "velocity_15m", "unix_time", "cc_num")
    peak = (
        features.filter(pl.col("is_fraud") == 1)
        .select(rank)
        .sort(rank, descending=[True, True, False, False])
        .head(1)
        .collect()
    )
    if not len(peak):
        return None
    at = peak["unix_time"][0]
    card = features.filter(pl.col("cc_num") == peak["cc_num"][0]).collect()
    in_burst = (card["is_fraud"] == 1) & card["unix_time"].is_between(at - _BURST_SECONDS, at)
    first = in_burst.arg_true()[0]
    shown = card[max(0, first - _ROWS_BEFORE) : first + _ROWS_AFTER]
    raw = (
        pl.scan_csv(
            demo.transactions,
            separator="|",
            quote_char=None,
            infer_schema=False,
        )
        .select(
            pl.col("trans_num").alias("event_id"),
            pl.col("amt").cast(pl.Float64),
            # Every merchant's name begins like this; it says nothing of the transaction.
            pl.col("merchant").str.strip_prefix("fraud_"),
        )
        .filter(pl.col("event_id").is_in(shown["event_id"].to_list()))
        .collect()
    )
    return shown.join(raw, on="event_id", maintain_order="left")


BURST: Final = Step("A fraud, as the features see it", _show)
