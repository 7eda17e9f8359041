"""A small log, and a backtest of it that has been gone through both ways."""

from dataclasses import replace
from pathlib import Path

import pytest

from replay.backtest.job import backtest
from replay.backtest.options import Options
from unit.build.cases import write
from unit.model.cases import simulated
from unit.replay.backtest.cases import POLICY, WINDOWS, Done


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 transactions of 24 days: two folds and a little."""
    events = simulated(3_000, days=24, seed=11)
    return write(events, tmp_path_factory.mktemp("backtests") / "log.parquet")


@pytest.fixture(scope="session")
def done(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Not to be changed."""
    folder = tmp_path_factory.mktemp("done") / "out"
    options = Options(
        inputs=(str(log),),
        windows=WINDOWS,
        policy=POLICY,
        mode="check",
        resamples=5,
        out=folder,
    )
    return Done(options, backtest(options), folder)


@pytest.fixture
def fast(done: Done) -> Options:
    """The same backtest without intervals, to be kept nowhere."""
    return replace(done.options, resamples=0, out=None)
