"""A simulated log, built, and runs trained on it."""

from pathlib import Path

import pytest

from engine.model import boosted as boosted_trees
from unit.model.cases import build_features, simulated
from unit.train.cases import FEW_TREES, trained


@pytest.fixture(autouse=True)
def most_trees(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many trees there may be in a process of its own; in a test's there are few."""
    usual = boosted_trees.MOST_TREES
    monkeypatch.setattr(boosted_trees, "MOST_TREES", FEW_TREES)
    return usual


@pytest.fixture(scope="session")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build's folder: 6,000 transactions of 60 cards in 40 days, a tenth of them fraud."""
    return build_features(tmp_path_factory.mktemp("built") / "features", simulated())


@pytest.fixture(scope="session")
def boosted(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of LightGBM; not to be changed."""
    return trained(features, tmp_path_factory.mktemp("boosted"), "boosted")


@pytest.fixture(scope="session")
def forest(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the notebook's forest on the notebook's split; not to be changed."""
    out = tmp_path_factory.mktemp("forest")
    return trained(features, out, "forest", "--model", "random_forest", "--split", "random")
