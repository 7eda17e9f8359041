"""The options of a training as they are typed."""

from collections.abc import Mapping
from shlex import quote
from typing import Any, Final

from engine.model.split import DAY

# What the manifest calls an option, and what the command line does.
_VALUES: Final = {
    "split": "--split",
    "start": "--start",
    "validation_from": "--validation-from",
    "test_from": "--test-from",
    "until": "--until",
    "threshold": "--threshold",
    "alert_cost": "--alert-cost",
    "calibration": "--calibration",
    "cards_per_day": "--cards-per-day",
    "resamples": "--resamples",
}
_SPANS: Final = ((DAY, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def typed_options(manifest: Mapping[str, Any]) -> str:
    """The options of ``python -m engine.train`` that a run's figures depend on, ready to be typed.

    Parameters
    ----------
    manifest
        The run's.

    Returns
    -------
    str
        Such as ``--model lightgbm --split time --label-delay 7d``; where the features are and where
        the run is to go is not in it.
    """
    options = manifest["options"]
    typed = ["--model", str(manifest["model"])]
    for name, option in _VALUES.items():
        value = options.get(name)
        if value is not None:
            typed += [option, f"{value:g}" if isinstance(value, float) else str(value)]
    delay = options.get("label_delay_days")
    if delay is not None:
        typed += ["--label-delay", _span(round(DAY * delay))]
    shares = options.get("shares")
    if shares is not None:
        # From shares back to per cents: 0.57 times 100 is not 57.
        typed += ["--shares", ",".join(f"{100 * share:.10g}" for share in shares)]
    if options.get("without"):
        typed += ["--without", quote(",".join(options["without"]))]
    if options.get("anomaly"):
        typed.append("--anomaly")
    if options.get("ablation"):
        typed.append("--ablation")
    return " ".join([*typed, "--seed", str(manifest["seed"])])


def _span(seconds: int) -> str:
    """In the largest unit that it is a whole number of."""
    return next(f"{seconds // size}{unit}" for size, unit in _SPANS if not seconds % size)
