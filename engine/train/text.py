"""A training in words."""

from typing import Any

from engine.model.figures_text import figure_lines
from engine.train.job import Training
from engine.words import counted


def training_text(training: Training) -> str:
    """The summary of a finished training, for people."""
    run, manifest = training.run, training.run.manifest
    thresholds = training.thresholds
    short = manifest["fingerprint"][:12]
    trees = counted(manifest["training"]["trees"], "tree")
    lines = [
        f"{run.path}: {manifest['model']} on {run.features.name} ({short}), {trees}, "
        f"{training.seconds['total']:.1f} s",
        *_parts(manifest),
        f"threshold {run.threshold:.4f}: {thresholds['rule']} on {thresholds['chosen_on']} "
        f"(there precision {thresholds['there']['precision']:.3f}, "
        f"recall {thresholds['there']['recall']:.3f}, "
        f"{thresholds['there']['alerts_per_day']:,.1f} alerts a day)",
        "on test:",
        *(f"  {line}" for line in figure_lines(training.metrics)),
    ]
    if training.current is not None:
        lines.append(f"{training.current} leads here now")
    return "\n".join(lines) + "\n"


def _parts(manifest: dict[str, Any]) -> list[str]:
    delay = manifest["options"]["label_delay_days"]
    lines = [
        f"  {name:<10} {part['from']} to {part['until']}  {part['events']:>10,} events "
        f"{part['fraud']:>7,} fraud {part['cards']:>7,} cards"
        for name, part in manifest["parts"].items()
    ]
    if manifest["options"]["split"] == "random":
        return ["split at random, so that a burst is in several parts: flattering", *lines]
    return [
        f"split by {manifest['options']['split']}; labels are known after {delay:g} days, so as "
        "much lies between the parts (to: exclusive)",
        *lines,
    ]
