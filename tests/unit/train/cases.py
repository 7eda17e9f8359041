"""Training from tests."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from engine.train.cli import main

# The more there are, the longer everything takes that is done with them.
FEW_TREES: Final = 100


def train(features: Path, out: Path, name: str, *options: str) -> int:
    """Few boosted trees, and no report, which takes seconds, unless ``--report`` is an option."""
    fast = ["--label-delay", "2d", "--resamples", "10", "--quiet"]
    told = [option for option in options if option != "--report"]
    if len(told) == len(options):
        fast.append("--no-report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.model.boosted.MOST_TREES", FEW_TREES)
        return main([str(features), "--out", str(out), "--id", name, *fast, *told])


def trained(features: Path, out: Path, name: str, *options: str) -> Path:
    """The folder of a training that has to end well."""
    assert train(features, out, name, *options) == 0
    return out / name


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content
