"""Suites: what is measured. One module each, one row each in the registry below."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, Protocol, cast


class Suite(Protocol):
    """What a suite's module owes."""

    @staticmethod
    def prepare(argv: Sequence[str]) -> Callable[[], None]:
        """Read the suite's options, and return what checks, measures, prints and keeps the results.

        Raises
        ------
        engine.errors.SentinelError
            If the options are refused. What is returned raises it if something could not be run,
            and benchmarks.compare.DifferenceError if a value is not what the reference computes.
        """
        ...


SUITES: Final[dict[str, str]] = {
    "build": "benchmarks.suites.build",
    "drift": "benchmarks.suites.drift",
    "engines": "benchmarks.suites.engines",
    "handbook": "benchmarks.suites.handbook",
    "judge": "benchmarks.suites.judge",
    "live": "benchmarks.suites.live",
    "spark": "benchmarks.suites.spark",
    "spark_stream": "benchmarks.suites.spark_stream",
    "state": "benchmarks.suites.state",
}


def load_suite(name: str) -> Suite:
    """The suite of that name; what it needs is imported only now."""
    return cast("Suite", import_module(SUITES[name]))
