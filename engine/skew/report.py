"""What a comparison found, as data: the content of ``--json``, of which the text is made too."""

from typing import Any, Final

from engine.definition import Feature, FeatureSet, fingerprint
from engine.definition.infer import type_of
from engine.definition.types import Kind
from engine.events.canonical import EVENT_ID
from engine.skew.compare import Difference
from engine.skew.history import Explanation, Window
from engine.skew.job import Arrived, Findings
from engine.skew.sample import Sample
from engine.skew.shown import shown_time, shown_value

_UNITS: Final = {Kind.FLOAT: "ulp", Kind.MONEY: "ulp", Kind.TEXT: None}


def content_of(found: Findings) -> dict[str, Any]:
    """What ``--json`` prints: only values that JSON has, and nothing personal."""
    features, counts = found.features, found.counts
    return {
        "feature_set": features.name,
        "fingerprint": fingerprint(features),
        "engines": list(found.engines),
        "inputs": [{"file": file, "rows": rows} for file, rows in counts.read.items()],
        "rows": {
            "read": sum(counts.read.values()),
            "quarantined": counts.refused.total(),
            "duplicates": counts.duplicates,
            "late": counts.late,
            "rounded": counts.rounded,
            "compared": found.events,
        },
        "quarantined": dict(counts.refused.most_common()),
        "sample": _sample(found.sample, found.options.sample),
        "differ": found.differ,
        "settled": [_settled(found, feature) for feature in features.features],
        "as_arrived": None if found.arrived is None else _arrived(found.arrived, features),
        "seconds": {stage: round(spent, 3) for stage, spent in found.seconds.items()},
    }


def _sample(sample: Sample | None, asked: int | None) -> dict[str, Any] | None:
    if sample is None:
        return None
    return {"asked": asked, "cards": len(sample.cards), "of_cards": sample.of}


def _settled(found: Findings, feature: Feature) -> dict[str, Any]:
    differences = {
        engine: _difference(found.settled[feature.name, engine], feature, found.features)
        for engine in found.engines[1:]
    }
    for engine, content in differences.items():
        explanation = found.explained.get((feature.name, engine))
        if explanation is not None:
            content["first"] |= _explanation(explanation, found.features)
    return {
        "feature": feature.name,
        "expression": str(feature.expression),
        "compared": found.events,
        "engines": differences,
    }


def _arrived(arrived: Arrived, features: FeatureSet) -> dict[str, Any]:
    return {
        "leap": arrived.leap,
        "late": arrived.late,
        "too_late": arrived.too_late,
        "astray": arrived.astray,
        "features": [_of_arrived(arrived, feature, features) for feature in features.features],
    }


def _of_arrived(arrived: Arrived, feature: Feature, features: FeatureSet) -> dict[str, Any]:
    difference, explanation = arrived.differences[feature.name], arrived.explained.get(feature.name)
    content = _difference(difference, feature, features)
    if explanation is not None:
        content["first"] |= _explanation(explanation, features)
    return {"feature": feature.name, "compared": difference.compared, **content}


def _difference(difference: Difference, feature: Feature, features: FeatureSet) -> dict[str, Any]:
    first = difference.first
    kind = type_of(feature.expression, features.schema).kind
    return {
        "different": difference.different,
        "nulls": difference.nulls,
        "nans": difference.nans,
        "largest": difference.largest,
        "unit": _UNITS.get(kind, "whole"),
        "first": None
        if first is None
        else {
            "event_id": first.event[EVENT_ID],
            "expected": shown_value(first.expected, feature.expression),
            "got": shown_value(first.got, feature.expression),
        },
    }


def _explanation(explanation: Explanation, features: FeatureSet) -> dict[str, Any]:
    return {
        "event_time": explanation.time,
        "utc": shown_time(explanation.time, features.schema.time_unit),
        "event": explanation.event,
        "history": [_window(window) for window in explanation.windows],
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "aggregate": str(window.aggregate),
        "total": window.total,
        "came_later": window.later,
        "columns": list(window.columns),
        "rows": [list(row) for row in window.rows],
    }
