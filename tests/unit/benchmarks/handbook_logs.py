"""Small logs like the handbook's, and the file of one."""

from datetime import UTC, datetime
from typing import Final

import numpy as np
import polars as pl

from benchmarks.handbook.columns import DAY

START: Final = int(datetime(2018, 4, 1, tzinfo=UTC).timestamp())
WEEK: Final = 7 * DAY


def raw_log(rows: int, *, days: int, customers: int = 6, terminals: int = 4) -> pl.DataFrame:
    """A log as the book's file holds it.

    Many instants are at the ends of others' windows, to the second and beside it, and several
    events share theirs, with their customer and with their terminal.
    """
    draw = np.random.default_rng(7)
    whole_days = draw.integers(0, days, rows) * DAY
    seconds = draw.choice([0, 1, DAY - 1, 12 * 3_600, 7 * 3_600 - 1, 7 * 3_600], rows)
    fraud = draw.random(rows) < 0.2
    cents = draw.integers(1, 20_000, rows) * np.where(fraud, 3, 1)
    log = pl.DataFrame(
        {
            "TX_DATETIME": START + whole_days + seconds,
            "CUSTOMER_ID": draw.integers(0, customers, rows),
            "TERMINAL_ID": draw.integers(0, terminals, rows),
            "TX_AMOUNT": cents / 100,
            "TX_FRAUD": fraud.astype(np.int64),
        }
    )
    in_order = log.sort("TX_DATETIME", maintain_order=True).with_row_index("TRANSACTION_ID")
    return in_order.with_columns(pl.from_epoch("TX_DATETIME").cast(pl.Datetime("ns")))
