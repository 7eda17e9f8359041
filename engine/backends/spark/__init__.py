"""The spark backend: the polars backend's own kernels, on the partitions of Apache Spark."""

from engine.backends.spark.entry import compute, stream

__all__ = ["compute", "stream"]
