"""The DuckDB backend: a feature set as one SQL query."""

from engine.backends.duckdb.entry import compute, stream

__all__ = ["compute", "stream"]
