"""The feed: the newest alerts, to be looked through."""

from typing import Any, Final

import polars as pl

from engine.live.board.answered import span_of, took
from engine.live.board.parts import MICROSECONDS, Columns, tidied
from engine.live.board.rows import MOST_ALERTS, Alert, Query

MOST_KEPT: Final = 10_000
_REASONS: Final = 3
_DIGITS: Final = 4
_DOTS: Final = "••••"
_NOT_SHOWN: Final = "fraud_"  # the simulator's merchants all begin so; pages leave it out


class Feed:
    """The newest ten thousand alerts, fallbacks among them: about 1 KB each.

    Parameters
    ----------
    columns
        Of events.
    deadline
        Seconds from receipt until when a flag has to be answered.
    most
        How many are kept.

    Attributes
    ----------
    altered
        The sequences of those that have changed, and were not told since.
    """

    def __init__(self, columns: Columns, deadline: float, most: int = MOST_KEPT) -> None:
        self._units = columns.minor_units
        self._span = span_of(deadline)
        self._most = most
        self._alerts: pl.DataFrame | None = None
        self.altered: set[int] = set()

    def add(self, alerts: pl.DataFrame) -> None:
        """Add alerts, as ``parts.Part`` has them, and forget the oldest of too many."""
        new = self._prepared(alerts)
        if self._alerts is not None:
            new = pl.concat([self._alerts, new])
        self._alerts = tidied(new.tail(self._most))

    def made(self, alerts: pl.DataFrame) -> list[Alert]:
        """Alerts of a frame as ``parts.alert_frame`` has it, in its order."""
        return self._rows(self._prepared(alerts))

    def explain(self, reasons: pl.DataFrame) -> None:
        """Take in reasons that came after their alerts, as ``parts.read_reasons`` has them."""
        self._update(reasons)

    def answer(self, answers: pl.DataFrame) -> None:
        """Take in after how many microseconds (``took``) flags were answered."""
        self._update(answers)

    def label(self, labels: pl.DataFrame) -> None:
        """Take in labels, as ``parts.read_labels`` has them; one that is null was withdrawn."""
        self._update(labels)

    @property
    def unexplained(self) -> pl.Series:
        """The sequences of those whose reasons are not known yet; fallbacks have none."""
        if self._alerts is None:
            return pl.Series([], dtype=pl.Int64)
        lacking = pl.col("why").is_null() & pl.col("fallback").is_null()
        return self._alerts.filter(lacking)["sequence"]

    def find(self, query: Query) -> list[Alert]:
        """The newest that are wanted, the newest first."""
        if self._alerts is None:
            return []
        most = max(min(query.most, MOST_ALERTS), 0)
        # Turned round here: polars' reverse forgets what is in lists that are all null.
        return self._rows(self._alerts.filter(_wanted(query)).tail(most))[::-1]

    def changed(self) -> list[Alert]:
        """The newest of those that have changed, the newest first; what is more is told later."""
        if self._alerts is None or not self.altered:
            return []
        places = pl.Series(sorted(self.altered), dtype=pl.Int64)
        changed = self._alerts.filter(pl.col("sequence").is_in(places.implode()))
        told = changed.tail(MOST_ALERTS)
        self.altered = set(changed["sequence"][: len(changed) - len(told)])
        return self._rows(told)[::-1]

    def _prepared(self, alerts: pl.DataFrame) -> pl.DataFrame:
        return alerts.with_columns(
            pl.col("cc_num").cast(pl.String).fill_null("").str.tail(_DIGITS).alias("digits"),
            pl.col("arrival").alias("receipt"),
        ).with_columns(took(self._span).alias("took"))

    def _update(self, new: pl.DataFrame) -> None:
        if self._alerts is not None and len(new):
            self.altered.update(new["sequence"])
            self._alerts = self._alerts.update(new, on="sequence", how="left", include_nulls=True)

    def _rows(self, frame: pl.DataFrame) -> list[Alert]:
        words = pl.col("why").list.head(_REASONS).list.eval(pl.element().struct.field("words"))
        return [self._alert(row) for row in frame.with_columns(words).iter_rows(named=True)]

    def _alert(self, row: dict[str, Any]) -> Alert:
        return Alert(
            sequence=row["sequence"],
            event_id=row["event_id"],
            arrival_time=row["arrival"],
            card=f"{_DOTS}{row['digits']}",
            amt=None if row["amt"] is None else row["amt"] / self._units,
            merchant=row["merchant"],
            category=row["category"],
            state=row["state"],
            lat=row["merch_lat"],
            long=row["merch_long"],
            score=row["score"],
            threshold=row["threshold"],
            fallback=row["fallback"],
            reasons=tuple(row["why"] or ()),
            answered_after=None if row["took"] is None else row["took"] / MICROSECONDS,
            label=row["label"],
            asked=row["asked"],
        )


def _wanted(query: Query) -> pl.Expr:
    conditions = [pl.lit(value=True)]
    if query.text:
        text = query.text.lower()
        shown = pl.col("merchant").str.strip_prefix(_NOT_SHOWN).str.to_lowercase()
        in_merchant = shown.str.contains(text, literal=True)
        in_card = pl.col("digits").str.contains(text.strip("•*"), literal=True)
        conditions.append(in_merchant.fill_null(value=False) | in_card)
    for column, value in (("state", query.state), ("category", query.category)):
        if value is not None:
            conditions.append(pl.col(column) == value)
    bounds = (
        ("score", query.least_score, "ge"),
        ("arrival", query.since_us, "ge"),
        ("arrival", query.until_us, "le"),
        ("sequence", query.before, "lt"),
        ("sequence", query.after, "gt"),
    )
    for column, bound, operation in bounds:
        if bound is not None:
            conditions.append(getattr(pl.col(column), operation)(pl.lit(bound)))
    return pl.all_horizontal(conditions)
