"""What the files of a run tell of its training."""

from typing import Any

import numpy as np

from engine.model.calibration import Calibration
from engine.model.encoding import Encoding
from engine.model.feature_values import usual_among
from engine.model.features_file import FeatureTable, sha256_of
from engine.model.kinds import Floats
from engine.model.run import Usual
from engine.model.split import Split, utc_text
from engine.model.threshold import Choice
from engine.train.options import Options


def threshold_content(choice: Choice, calibration: Calibration, options: Options) -> dict[str, Any]:
    """What ``threshold.json`` holds."""
    return {
        "threshold": choice.threshold,
        "rule": str(options.rule),
        "chosen_on": "validation",
        "there": {
            "precision": choice.precision,
            "recall": choice.recall,
            "f1": choice.f1,
            "alerts_per_day": choice.alerts_per_day,
            "cost": choice.cost,
        },
        "alert_cost": options.alert_cost,
        "calibration": calibration.to_json(),
    }


def manifest_content(
    options: Options,
    table: FeatureTable,
    parts: Split,
    facts: dict[str, Any],
    metrics: dict[str, Any],
) -> dict[str, Any]:
    """What the manifest tells of a training; ``facts`` are what the model tells of its own."""
    labels = table.known_labels
    headline = ("average_precision", "roc_auc", "at_threshold.f1")
    return {
        "seed": options.seed,
        "options": {
            **options.split.to_json(),
            "threshold": str(options.rule),
            "alert_cost": options.alert_cost,
            "calibration": options.calibration,
            "cards_per_day": options.cards_per_day,
            "resamples": options.resamples,
            "without": list(options.without),
            "anomaly": options.anomaly,
            "ablation": options.ablation,
        },
        "training": facts,
        "data": {
            "file": str(table.path),
            "sha256": sha256_of(table.path),
            "events": len(table),
            "unlabelled": table.unlabelled,
            "late": sum(part.late for part in parts.parts),
            "quarantined": table.quarantined,
            "quarantined_labels": table.quarantined_labels,
            "from": utc_text(int(table.times.min())),
            "to": utc_text(int(table.times.max())),
        },
        "parts": {
            part.name: {
                "from": utc_text(part.start),
                "until": utc_text(part.end),
                "start": part.start,
                "end": part.end,
                "events": len(part.rows),
                "fraud": int(labels[part.rows].sum()),
                "cards": len(np.unique(table.card_codes[part.rows])),
            }
            for part in parts.parts
        },
        "metrics": {name: metrics["figures"][name] for name in headline},
    }


def usual_of(names: tuple[str, ...], values: Floats, encoding: Encoding) -> dict[str, Usual | None]:
    """What is usual of each feature: the median, or the most common text, of several the first.

    Parameters
    ----------
    names
        The features.
    values
        float64, of the training part, as a model sees them.
    encoding
        As what it sees texts.

    Returns
    -------
    dict
        None where a feature never had a value.
    """
    return {
        name: usual_among(values[:, place], encoding.levels.get(place))
        for place, name in enumerate(names)
    }
