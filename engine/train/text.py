"""A training in words."""

import textwrap
from typing import Any, Final

from engine.model.figures_text import figure_lines
from engine.train.ablation_text import ablation_lines
from engine.train.job import Training
from engine.words import counted, measured

_WIDTH: Final = 100


def training_text(training: Training) -> str:
    """The summary of a finished training, for people."""
    run, manifest = training.run, training.run.manifest
    thresholds = training.thresholds
    short = manifest["fingerprint"][:12]
    trees = counted(manifest["training"]["trees"], "tree")
    there = thresholds["there"]
    there_text = (
        f"  precision {there['precision']:.3f}, recall {there['recall']:.3f}, "
        f"{there['alerts_per_day']:,.1f} alerts a day"
    )
    lines = [
        f"{run.path}: {manifest['model']} on {run.features.name} ({short}), {trees}",
        *_parts(manifest),
        *_quarantined(manifest["data"]),
        *_unlabelled(manifest["data"]),
        *_late(manifest["data"]),
        f"threshold {run.threshold:.4g}, {thresholds['rule']} on {thresholds['chosen_on']}: there",
        there_text,
        "on test:",
        *(f"  {line}" for line in figure_lines(training.metrics)),
        *_anomaly(training.metrics),
        *([] if training.ablation is None else ablation_lines(training.ablation)),
        f"{training.seconds['total']:.1f} s, of which training {training.seconds['train']:.1f}",
    ]
    if training.report is not None:
        lines.append(f"report: {training.report}")
    if training.current is not None:
        lines.append(f"{training.current} leads here now")
    return "\n".join(lines) + "\n"


def _quarantined(data: dict[str, Any]) -> list[str]:
    """What of the log was not learnt from, nor judged by, as it could not be read."""
    if not data["quarantined"]:
        return []
    rows, labels = counted(data["quarantined"], "row"), data["quarantined_labels"]
    were = "was" if data["quarantined"] == 1 else "were"
    return [f"without {rows} of the log that {were} quarantined, {labels:,} for the label"]


def _unlabelled(data: dict[str, Any]) -> list[str]:
    """What was neither learnt from nor judged by, as nobody knows what it is."""
    if not data["unlabelled"]:
        return []
    has = "has" if data["unlabelled"] == 1 else "have"
    return [f"without {counted(data['unlabelled'], 'event')} that {has} no label"]


def _late(data: dict[str, Any]) -> list[str]:
    """What was not learnt from, as it could not have been then."""
    if not data["late"]:
        return []
    late = counted(data["late"], "event")
    return [f"without {late} labelled only after the next part begins"]


def _anomaly(metrics: dict[str, Any]) -> list[str]:
    if "anomaly" not in metrics:
        return []
    return textwrap.wrap(metrics["anomaly"]["sentence"], _WIDTH, subsequent_indent="  ")


def _parts(manifest: dict[str, Any]) -> list[str]:
    delay = manifest["options"]["label_delay_days"]
    lines = [
        f"  {name:<10} {part['from']} to {part['until']}  {part['events']:>10,} events "
        f"{part['fraud']:>7,} fraud {part['cards']:>7,} cards"
        for name, part in manifest["parts"].items()
    ]
    if manifest["options"]["split"] == "random":
        return ["split at random, so that a burst is in several parts: flattering", *lines]
    split = f"split by {manifest['options']['split']}, each part up to and without its last day"
    gap = f"the {measured(delay, 'day')} until labels are known" if delay else "no gap"
    return [f"{split}; between them {gap}", *lines]
