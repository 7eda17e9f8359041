"""Which flags were answered, and how long that took."""

from math import ceil
from typing import Final

import polars as pl

from engine.live.board.parts import MICROSECONDS, tidied
from engine.live.board.patterns import HOUR
from engine.live.board.rows import Answered
from engine.live.deadlines import Deadlines

_KEPT: Final = 2 * HOUR  # a picture may be of a little before the latest arrival
_MILLISECOND: Final = 1_000  # microseconds

_OPEN: Final = {
    "sequence": pl.Int64(),
    "receipt": pl.Int64(),
    "asked": pl.Boolean(),
    "post": pl.Boolean(),
    "deadline": pl.Int64(),
    "is_flagged": pl.Boolean(),
}
_FINAL: Final = {
    "second": pl.Int64(),
    "took": pl.Int64(),
    "count": pl.UInt32(),
    "on_time": pl.UInt32(),
}


class Answers:
    """Flags that have no final outcome yet, and those of the latest two hours that have.

    Of flags without one, 40 bytes each are kept: as many as are pending. What the API was asked
    about has none, unless the stream has it too; that is waited for until the API's own deadline.
    Of the others there is a row of 24 bytes for each second and each number of milliseconds that
    an answer took in it.

    Parameters
    ----------
    deadline
        Seconds from receipt until when an answer has to be there.
    pending
        The sequences of the flags without a final outcome, when the board began to read: of what
        arrived too long ago to matter, only these are looked after.
    """

    def __init__(self, deadline: float, pending: pl.Series) -> None:
        self._deadline = deadline
        self._span = span_of(deadline)
        self._pending = pending
        self._open = pl.DataFrame(schema=_OPEN)
        self._finals = pl.DataFrame(schema=_FINAL)

    def add(self, decisions: pl.DataFrame, latest: int) -> None:
        """Add decisions whose flags are posted, or may be.

        Parameters
        ----------
        decisions
            As ``parts.Part`` has them.
        latest
            The second in which the last decision arrived that the ledger holds.
        """
        matters = (pl.col("second") >= latest - _KEPT) | pl.col("sequence").is_in(
            self._pending.implode()
        )
        new = decisions.filter(matters & (pl.col("post") | pl.col("asked"))).select(
            "sequence", pl.col("arrival").alias("receipt"), *list(_OPEN)[2:]
        )
        waits = pl.col("post") | (pl.col("deadline") >= latest * MICROSECONDS)
        self._open = pl.concat([self._open, new]).filter(waits).rechunk()
        self._finals = self._finals.filter(pl.col("second") >= latest - _KEPT)

    @property
    def open(self) -> pl.Series:
        """The sequences of flags whose final outcome may have come meanwhile."""
        return self._open["sequence"]

    def end(self, finals: pl.DataFrame, adopted: pl.DataFrame) -> pl.DataFrame:
        """Take in final outcomes.

        Parameters
        ----------
        finals
            As ``parts.read_finals`` has them, of some that are open.
        adopted
            Of those that the API was asked about first, ``sequence`` and the ``deadline`` that
            they have now.

        Returns
        -------
        pl.DataFrame
            Of alerts that were answered, ``sequence`` and ``took``, in microseconds.
        """
        if not len(finals):
            return pl.DataFrame(schema={"sequence": pl.Int64, "took": pl.Int64})
        ended = self._open.join(finals, on="sequence", how="inner")
        if len(adopted):
            ended = ended.update(adopted, on="sequence", how="left")
        ended = ended.with_columns(
            pl.when(pl.col("outcome") != "expired").then(took(self._span)).alias("took")
        )
        self._open = self._open.join(finals, on="sequence", how="anti")
        is_on_time = (pl.col("outcome") == "recorded") & (
            pl.col("took") <= round(self._deadline * MICROSECONDS)
        )
        counted = ended.group_by(
            pl.col("at").floordiv(MICROSECONDS).alias("second"),
            (pl.col("took") + _MILLISECOND // 2).floordiv(_MILLISECOND),
        ).agg(pl.len().alias("count"), is_on_time.sum().cast(pl.UInt32).alias("on_time"))
        self._finals = tidied(pl.concat([self._finals, counted]))
        return ended.filter(pl.col("is_flagged")).drop_nulls("took").select("sequence", "took")

    @property
    def asked(self) -> pl.Series:
        """The sequences of what the API was asked about, of those that are open."""
        return self._open.filter(pl.col("asked"))["sequence"]

    def until(self, second: int) -> Answered:
        """What came of those that ended in the hour until a second, both ends included."""
        ended = self._finals.filter(pl.col("second").is_between(second - HOUR, second))
        final, on_time = int(ended["count"].sum()), int(ended["on_time"].sum())
        answered = (
            ended.drop_nulls("took")
            .group_by("took")
            .agg(pl.sum("count").cast(pl.Int64))
            .sort("took")
            .with_columns(pl.col("count").cum_sum())
        )
        count = int(answered["count"][-1]) if len(answered) else 0
        return Answered(
            final=final,
            on_time=on_time,
            expired=final - count,
            share=on_time / final if final else None,
            p50=_percentile(answered, ceil(count * 50 / 100)),
            p99=_percentile(answered, ceil(count * 99 / 100)),
            deadline=self._deadline,
        )


def span_of(deadline: float) -> int:
    """How far from its receipt the deadline of a flag is, as the ledger has it: microseconds."""
    return round(Deadlines(deadline).of(0.0) * MICROSECONDS)


def took(span: int) -> pl.Expr:
    """Microseconds from ``receipt`` to ``at``; a wall that jumps back is no span below 0.

    What the API was asked about and the stream had later (``asked``) was received when the stream
    had it: as long before its deadline as deadlines are away.

    Parameters
    ----------
    span
        How far, in microseconds.
    """
    receipt = pl.when("asked").then(pl.col("deadline") - span).otherwise(pl.col("receipt"))
    return (pl.col("at") - receipt).clip(lower_bound=0)


def _percentile(answered: pl.DataFrame, place: int) -> float | None:
    """The seconds that so many took no longer than."""
    if not place:
        return None
    at = answered["count"].search_sorted(place)
    return float(answered["took"][int(at)]) * _MILLISECOND / MICROSECONDS
