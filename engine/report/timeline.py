"""How flags did in each day and each week of a time."""

from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.model.metrics import Scored

Every = Literal["1d", "1w"]
_COUNTS: Final = ("events", "fraud", "alerts", "caught")


def by_period(
    scored: Scored, flagged: NDArray[np.bool_], span: tuple[int, int], every: Every
) -> pl.DataFrame:
    """Figures of each UTC day, or of each week from Monday.

    Parameters
    ----------
    scored
        The events, all of them within ``span``.
    flagged
        bool, which of them were flagged.
    span
        Seconds since 1970 UTC, from the first to before the last: each period that it touches has
        a row, whether or not anything happened.
    every
        ``1d`` or ``1w``.

    Returns
    -------
    polars.DataFrame
        ``from`` and ``until``, UTC without a zone; ``events``, ``fraud``, ``alerts`` and
        ``caught`` (fraud that was flagged); ``precision``, null where there are no alerts, and
        ``recall``, null where there is no fraud; ``money`` and ``money_caught``, of fraud and of
        what of it was flagged, null where nobody knows amounts.
    """
    fraud = scored.labels == 1
    amounts = np.zeros(len(fraud)) if scored.amounts is None else scored.amounts
    events = pl.DataFrame(
        {
            "from": pl.from_epoch(pl.Series(scored.times), "s"),
            "fraud": fraud,
            "alerts": flagged,
            "caught": fraud & flagged,
            "amount": amounts,
        }
    ).sort("from")
    amount = pl.col("amount")
    found = events.group_by_dynamic("from", every=every).agg(
        pl.len().cast(pl.Int64).alias("events"),
        *(pl.col(name).sum().cast(pl.Int64) for name in _COUNTS[1:]),
        amount.filter("fraud").sum().alias("money"),
        amount.filter("caught").sum().alias("money_caught"),
    )
    first, last = (pl.from_epoch(pl.Series([second]), "s") for second in (span[0], span[1] - 1))
    calendar = pl.datetime_range(
        first.dt.truncate(every).item(), last.dt.truncate(every).item(), every, eager=True
    )
    known = pl.lit(value=True) if scored.amounts is not None else pl.lit(value=False)
    return (
        pl.DataFrame({"from": calendar})
        .join(found.with_columns(pl.col("from").cast(calendar.dtype)), on="from", how="left")
        .fill_null(0)
        .select(
            "from",
            pl.col("from").dt.offset_by(every).alias("until"),
            *_COUNTS,
            _share("caught", "alerts").alias("precision"),
            _share("caught", "fraud").alias("recall"),
            pl.when(known).then("money"),
            pl.when(known).then("money_caught"),
        )
        .sort("from")
    )


def _share(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))
