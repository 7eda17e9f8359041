"""``python -m benchmarks.readme README.md``: write results into the README, between their marks."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.options import RESULTS
from benchmarks.suites import (
    build_page,
    drift,
    engines_page,
    handbook_page,
    judge,
    live_page,
    spark,
    spark_stream_page,
    state,
)
from engine.events.rewrite import rewrite_command
from engine.marks import between_marks


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the README that is made of results.

    Parameters
    ----------
    suite
        Whose results.
    shown
        The file of results, as the README links it.
    page
        Makes the text of these and of the link.
    """

    suite: str
    shown: str
    page: Callable[[Mapping[str, Any], str], str]

    @property
    def begin(self) -> str:
        """The mark before it."""
        return f"<!-- {self.suite}:begin -->"

    @property
    def end(self) -> str:
        """The mark after it."""
        return f"<!-- {self.suite}:end -->"


_LIVE: Final = "benchmarks/results/live-1000000.json"


def _kept(shown: str) -> Any:  # noqa: ANN401 - whatever a suite has kept
    return json.loads((RESULTS / Path(shown).name).read_text("utf-8"))


def _spark_stream(results: Mapping[str, Any], file: str) -> str:
    """Beside what Spark does stand the figures of one machine."""
    return spark_stream_page.page(results, file, _kept(_LIVE), _LIVE)


PARTS: Final = (
    Part("build", "benchmarks/results/build-10000000.json", build_page.page),
    Part("build-pos", "benchmarks/results/build-pos-10000000.json", build_page.page),
    Part("drift", "benchmarks/results/drift-1000000.json", drift.page),
    Part("engines", "benchmarks/results/engines-1000000.json", engines_page.page),
    Part("state", "benchmarks/results/state-1000.json", state.page),
    Part("judge", "benchmarks/results/judge-100000.json", judge.page),
    Part("handbook", "benchmarks/results/handbook-1754155.json", handbook_page.page),
    Part("live", _LIVE, live_page.page),
    Part("spark", "benchmarks/results/spark-5000000.json", spark.page),
    Part("spark_stream", "benchmarks/results/spark_stream-60000.json", _spark_stream),
)


def with_results(text: str) -> str:
    """A text with the results between their marks.

    Raises
    ------
    InputError
        If the marks are not there, once each and in order.
    """
    for part in PARTS:
        told = part.page(_kept(part.shown), part.shown)
        text = between_marks(text, part.begin, part.end, told, "the results")
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Write the results into a file and return an exit code."""
    *most, last = (part.suite for part in PARTS)
    suites = f"{', '.join(most)} and {last}"
    return rewrite_command(
        argv,
        "python -m benchmarks.readme",
        f"Write the kept results of {suites} into FILE, between their marks.",
        with_results,
    )


if __name__ == "__main__":
    sys.exit(main())
