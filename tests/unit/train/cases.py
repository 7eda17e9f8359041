"""Training from tests."""

import json
from pathlib import Path
from typing import Any

from engine.train.cli import main


def train(features: Path, out: Path, name: str, *options: str) -> int:
    """Without a report, which takes seconds, unless ``--report`` is among the options."""
    fast = ["--label-delay", "2d", "--resamples", "10", "--quiet"]
    told = [option for option in options if option != "--report"]
    if len(told) == len(options):
        fast.append("--no-report")
    return main([str(features), "--out", str(out), "--id", name, *fast, *told])


def trained(features: Path, out: Path, name: str, *options: str) -> Path:
    """The folder of a training that has to end well."""
    assert train(features, out, name, *options) == 0
    return out / name


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content
