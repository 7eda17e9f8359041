"""What benchmarks start processes of their own for, done in this one: Python starts but once."""

import gc
import json
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from benchmarks.measure import Run
from benchmarks.simulated import Simulated
from replay.simulate import Settings, simulate


def make(self: Simulated, file: Path, *, threads: int) -> None:
    """In the place of ``Simulated.make``."""
    assert threads == 2
    settings = Settings(rows=self.rows, cards=self.cards, days=self.days, seed=self.seed)
    pl.concat(simulate(settings)).write_parquet(file)


def run_module(module: str, args: list[str], *, threads: int) -> Run:
    """In the place of ``benchmarks.measure.run_module``."""
    assert threads in {1, 2}
    printed: list[str] = []
    # A new process has nothing of other tests for its collector to look through.
    gc.freeze()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"{module}.sys", _Printed(printed))
            assert import_module(module).main(args) == 0
    finally:
        gc.unfreeze()
    return Run(2.0, 1.0, 1 << 26, json.loads("".join(printed)))


class _Printed:
    """In the place of ``sys``, where a process prints."""

    def __init__(self, printed: list[str]) -> None:
        self.stdout = self
        self.write = printed.append
