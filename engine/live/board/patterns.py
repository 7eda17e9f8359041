"""The latest alerts: of which patterns they are, how many there are, and where.

``sql/questions/patterns.sql`` and ``alerts.sql`` ask the same of an exported ledger.
"""

from typing import Final

import polars as pl

from engine.live.board.parts import Columns, tidied
from engine.live.board.rows import Pattern, Place

HOUR: Final = 3_600
SPAN: Final = 2 * HOUR  # of the alerts that are counted

# As the question has them by default.
_REASONS: Final = 3
_TOP: Final = 5
_NOTHING: Final = "(no reasons recorded)"

_KEPT: Final = SPAN + HOUR  # a picture may be of a little before the latest arrival
_BETWEEN: Final = "\x1f"  # no name has it
_FIELD: Final = 0.5  # degrees
_SCHEMA: Final = {
    "sequence": pl.Int64(),
    "second": pl.Int64(),
    "score": pl.Float64(),
    "card": pl.UInt64(),
    "amt": pl.Int64(),
    "lat": pl.Float64(),
    "long": pl.Float64(),
    "is_explained": pl.Boolean(),
    "features": pl.String(),
    "key": pl.String(),
    "says": pl.String(),
}
_OF_REASONS: Final = ("is_explained", "features", "key", "says")


class Recent:
    """The alerts of models that arrived in the latest three hours: some 200 bytes for each.

    Parameters
    ----------
    columns
        Of events.
    """

    def __init__(self, columns: Columns) -> None:
        self._units = columns.minor_units
        self._alerts = pl.DataFrame(schema=_SCHEMA)

    def add(self, alerts: pl.DataFrame, latest: int) -> None:
        """Add alerts, and forget those that are too old.

        Parameters
        ----------
        alerts
            As ``parts.Part`` has them.
        latest
            The second in which the last decision arrived that the ledger holds.
        """
        of_model = alerts.filter(pl.col("fallback").is_null()).select(
            "sequence",
            "second",
            "score",
            pl.col("cc_num").alias("card"),
            "amt",
            pl.col("merch_lat").alias("lat"),
            pl.col("merch_long").alias("long"),
            *_of_reasons(),
        )
        first = pl.col("second") >= latest - _KEPT
        if not len(of_model):
            if len(self._alerts) and self._alerts["second"][0] < latest - _KEPT - HOUR:
                self._alerts = self._alerts.filter(first)
            return
        self._alerts = tidied(pl.concat([self._alerts, of_model]).filter(first))

    def explain(self, reasons: pl.DataFrame) -> None:
        """Take in reasons that came after their alerts, as ``parts.read_reasons`` has them."""
        said = reasons.select("sequence", *_of_reasons())
        self._alerts = self._alerts.update(said, on="sequence", how="left")

    @property
    def unexplained(self) -> pl.Series:
        """The sequences of those whose reasons are not known yet."""
        return self._alerts.filter(~pl.col("is_explained"))["sequence"]

    def patterns(self, until: int) -> tuple[Pattern, ...]:
        """The most common patterns of the hour until a second, both ends included."""
        alerts = self._between(until - HOUR, until)
        every = len(alerts)
        found = (
            alerts.sort("score", "sequence", descending=[True, False], nulls_last=True)
            .group_by("key", maintain_order=True)
            .agg(
                pl.first("features", "says", "sequence"),
                pl.len().alias("alerts"),
                pl.col("card").drop_nulls().n_unique().alias("cards"),
                pl.sum("amt"),
            )
            .with_columns(pl.col("features").replace("", _NOTHING))
            .sort("alerts", "amt", "features", descending=[True, True, False])
            .head(_TOP)
        )
        return tuple(
            Pattern(
                pattern=row["features"],
                words=row["says"],
                alerts=row["alerts"],
                share=row["alerts"] / every,
                cards=row["cards"],
                money=row["amt"] / self._units,
                example=row["sequence"],
            )
            for row in found.iter_rows(named=True)
        )

    def count(self, until: int) -> int:
        """How many there were in the two hours until a second, both ends included."""
        return len(self._between(until - SPAN, until))

    def places(self, until: int) -> tuple[Place, ...]:
        """Where those of the two hours until a second were, the most first."""
        fields = [
            (pl.col(name).truediv(_FIELD).floor() * _FIELD + _FIELD / 2).alias(name)
            for name in ("lat", "long")
        ]
        found = (
            self._between(until - SPAN, until)
            .drop_nulls(["lat", "long"])
            .group_by(fields)
            .agg(pl.len().alias("alerts"))
            .sort("alerts", "lat", "long", descending=[True, False, False])
        )
        return tuple(Place(*row) for row in found.iter_rows())

    def _between(self, since: int, until: int) -> pl.DataFrame:
        return self._alerts.filter(pl.col("second").is_between(since, until))


def _of_reasons() -> list[pl.Expr]:
    """What a pattern is made of, of a column of reasons, which is null where they are not known."""
    features = (
        pl.col("why")
        .list.head(_REASONS)
        .list.eval(pl.element().struct.field("feature"))
        .fill_null(pl.lit([], dtype=pl.List(pl.String)))
    )
    return [
        pl.col("why").is_not_null().alias("is_explained"),
        features.list.join(" + ").alias("features"),
        features.list.sort().list.join(_BETWEEN).alias("key"),
        pl.col("why").list.first().struct.field("words").alias("says"),
    ]
