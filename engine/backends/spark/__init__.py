"""The spark backend: the polars backend's own kernels, on the partitions of Apache Spark."""
