"""One process of the suite of Spark: opens a session if need be, then builds a file twice.

The first build is what a person waits for who starts Spark for it; the second is what Spark takes
once it runs. A build by polars needs no session, and is done twice all the same.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.build.job import build
from engine.build.options import Options
from engine.catalog import load_feature_set
from engine.clock import elapsed
from engine.process import settle_in

POLARS: Final = "polars"
SPARK: Final = "spark"
SQL: Final = "Spark SQL"
MEMORY: Final = 4 << 30  # of Spark's own process, whoever computes


def main(argv: Sequence[str] | None = None) -> int:
    """Build, and print how long it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", default="notebook")
    parser.add_argument("--by", choices=(POLARS, SPARK, SQL), required=True)
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args(argv)
    settle_in()
    sys.stdout.write(json.dumps(measured(asked)) + "\n")
    return 0


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """The seconds of the session's start, of the first build and of the second."""
    with ExitStack() as stack:
        began = elapsed()
        work: Callable[[], int]
        if asked.by == POLARS:
            work = _build(asked)
        else:
            from engine.backends.spark.session import session  # noqa: PLC0415 - an extra

            spark = stack.enter_context(
                session(threads=asked.threads, memory=MEMORY, scratch=asked.out.parent)
            )
            work = _build(asked) if asked.by == SPARK else _build_by_sql(spark, asked)
        started = elapsed()
        rows = work()
        first = elapsed()
        work()
        second = elapsed()
    return {
        "rows": rows,
        "seconds": {
            "start": started - began,
            "first": first - started,
            "total": second - first,
        },
    }


def _build(asked: argparse.Namespace) -> Callable[[], int]:
    options = Options(
        inputs=(str(asked.input),),
        out=asked.out,
        features=load_feature_set(asked.set),
        engine=asked.by,
        threads=asked.threads,
        overwrite=True,
    )
    return lambda: int(build(options).content["rows"]["written"])


def _build_by_sql(spark: Any, asked: argparse.Namespace) -> Callable[[], int]:  # noqa: ANN401 - an extra
    from benchmarks.spark import peer  # noqa: PLC0415 - see above

    def work() -> int:
        peer.build(spark, asked.input, asked.out)
        return int(pl.scan_parquet(asked.out / "*.parquet").select(pl.len()).collect().item())

    return work


if __name__ == "__main__":
    sys.exit(main())
