"""SentinelPOS: features for card fraud, defined once, with the same bits in batch and online.

In a notebook:

>>> import polars as pl
>>> from engine import features_of
>>> from engine.catalog import notebook
>>> features = features_of(pl.scan_parquet("log.parquet"), notebook)  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.backends.polars.lazy import features_of

__all__ = ["features_of"]


def __getattr__(name: str) -> object:
    """Import engines only when they are asked for: commands choose their threads first."""
    if name == "features_of":
        from engine.backends.polars.lazy import features_of  # noqa: PLC0415 - see above

        return features_of
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
