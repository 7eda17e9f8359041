"""The options that a report tells can be typed as they stand."""

from pathlib import Path

import pytest

from engine.report.typed import typed_options
from unit.train.cases import read_json, trained

GIVEN = (
    "--split time+cards --label-delay 36h --shares 57,23,20 --threshold precision=0.3 "
    "--alert-cost 2.5 --calibration isotonic --cards-per-day 7 --resamples 20 --seed 9"
)


@pytest.mark.parametrize("given", ["", GIVEN])
def test_typed_they_give_the_same_run(features: Path, tmp_path: Path, given: str) -> None:
    one = read_json(trained(features, tmp_path / "1", "run", *given.split()) / "manifest.json")
    typed = typed_options(one)
    two = read_json(trained(features, tmp_path / "2", "run", *typed.split()) / "manifest.json")
    assert two["options"] == one["options"]
    assert two == one
    assert set(given.split()) <= set(typed.split())


@pytest.mark.parametrize(
    ("days", "words"),
    [(0.0, "0d"), (2.0, "2d"), (0.5, "12h"), (1 / 86_400, "1s"), (90 / 86_400, "90s")],
)
def test_delays_are_written_in_the_largest_unit_that_fits(days: float, words: str) -> None:
    manifest = {"model": "lightgbm", "seed": 1, "options": {"label_delay_days": days}}
    assert typed_options(manifest) == f"--model lightgbm --label-delay {words} --seed 1"


def test_what_was_not_asked_for_is_not_typed() -> None:
    options = {"until": None, "start": "2025-01-02", "anomaly": True, "ablation": True}
    options |= {"without": ["velocity_*", "age"]}
    manifest = {"model": "random_forest", "seed": 1, "options": options}
    assert typed_options(manifest) == (
        "--model random_forest --start 2025-01-02 --without 'velocity_*,age' --anomaly --ablation "
        "--seed 1"
    )
