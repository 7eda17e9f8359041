"""What the page of the model says: which run decides, how it was judged, and what it looks at."""

import hashlib
import math
from typing import Any, Final

from engine.definition import Feature
from engine.definition.schema import Schema
from engine.errors import InputError
from engine.model.phrases import is_hidden, is_yes, never
from engine.model.run import REPORT, Run
from engine.report.frame import (
    Column,
    Html,
    Piece,
    Tile,
    code,
    facts,
    joined,
    paragraph,
    quiet,
    strong,
    table,
    tiles,
)
from engine.report.numbers import NONE, interval, number

REPORT_PATH: Final = "/report/current"
# Nothing may be loaded or run; style stands in the report.
REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_TILES: Final = (
    ("average_precision", "Average precision"),
    ("roc_auc", "ROC-AUC"),
    ("at_threshold.f1", "F1 at the threshold"),
)
_MODELS: Final = {"lightgbm": "LightGBM", "random_forest": "A random forest"}
_HINT: Final = "train anew with python -m engine.train"


def model_pieces(run: Run) -> dict[str, str]:
    """The pieces of the page, by what its frame calls them.

    Parameters
    ----------
    run
        The run that decides. Of a run that tells less, less is shown.
    """
    manifest, features = run.manifest, run.features
    lead = paragraph(
        f"{_MODELS.get(run.model.kind, run.model.kind)} on the {len(features.names)} features of ",
        strong(features.name),
        f"; it flags what scores {run.threshold:.4g} or more.",
    )
    has_report = REPORT in manifest.get("sha256", {})
    report = (
        Html(f'<a class="button" href="{REPORT_PATH}">Its report</a>')
        if has_report
        else quiet("This run has no report.")
    )
    return {
        "lead": lead.markup,
        "facts": facts(_facts(run)).markup,
        "tiles": tiles(_tiles(manifest.get("metrics", {}))).markup,
        "report": report.markup,
        "features": _features(run).markup,
    }


def report_of(run: Run) -> bytes:
    """The report of a run.

    Raises
    ------
    InputError
        If it is not there, or is not the one that was written with the run.
    """
    expected = run.manifest.get("sha256", {}).get(REPORT)
    if expected is None:
        raise InputError(f"{run.path.name}: the run has no report (was none)", hint=_HINT)
    try:
        content = (run.path / REPORT).read_bytes()
    except OSError as error:
        raise InputError(
            f"{run.path.name}: the report cannot be read (was: {error.strerror})", hint=_HINT
        ) from error
    if hashlib.sha256(content).hexdigest() != expected:
        # The name may lead to another run by now, which is taken up in a moment.
        raise InputError(
            f"{run.path.name}: the report is not the one of the run that decides (was another)",
            hint="ask again in a while, or look at the report in the run's own folder",
        )
    return content


def _facts(run: Run) -> list[tuple[str, Piece]]:
    told = run.manifest
    pairs: list[tuple[str, Piece]] = [("run", code(str(told.get("id", run.path.name))))]
    data: dict[str, Any] = told.get("data", {})
    if "events" in data:
        pairs.append(
            ("learnt from", f"{data['events']:,} events from {data['from']} to {data['to']}")
        )
    for name, title in (("training", "training"), ("validation", "threshold chosen on")):
        part = told.get("parts", {}).get(name)
        if part:
            pairs.append((title, _part(part)))
    test = told.get("parts", {}).get("test")
    if test:
        pairs.append(("judged by", _part(test)))
    options: dict[str, Any] = told.get("options", {})
    if "threshold" in options:
        pairs.append(("rule for the threshold", str(options["threshold"])))
    if "fingerprint" in told:
        pairs.append(("definitions", joined("fingerprint ", code(str(told["fingerprint"])[:12]))))
    return pairs


def _part(part: dict[str, Any]) -> str:
    return (
        f"{part['events']:,} events from {part['from']} until {part['until']}, "
        f"{part['fraud']:,} of them fraud"
    )


def _tiles(metrics: dict[str, Any]) -> list[Tile]:
    return [
        Tile(label, number(metrics[name]["value"], "share"), interval(metrics[name], "share"))
        for name, label in _TILES
        if name in metrics
    ]


def _features(run: Run) -> Html:
    schema = run.features.schema
    rows: list[list[Piece]] = []
    for feature in run.features.features:
        usual = run.usual.get(feature.name, float("nan"))
        known = usual if isinstance(usual, str) else _usual(feature, usual, schema)
        is_secret = is_hidden(feature, schema)
        name = joined(feature.doc, code(feature.name))
        rows.append([name, quiet("not shown in alerts") if is_secret else known])
    return table([Column("feature", "wide"), Column("usual", "number")], rows)


def _usual(feature: Feature, value: float, schema: Schema) -> str:
    """As an opened alert says it."""
    if math.isnan(value):
        return NONE
    if value == never(feature.expression):
        return "never"
    if is_yes(feature, schema) and value in {0, 1}:
        return "yes" if value else "no"
    text = f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
    return text.replace("-", "−")
