"""The sections of a report that end it: what went most wrong, and how it all was made."""

from typing import Any, Final

from engine.model.split import utc_text
from engine.report.frame import (
    Column,
    Html,
    Piece,
    Section,
    code,
    facts,
    joined,
    lines,
    paragraph,
    quiet,
    strong,
    table,
)
from engine.report.judged import Judged
from engine.report.numbers import number
from engine.report.typed import typed_options
from engine.report.worst import Wrong, worst_alarms, worst_misses
from engine.words import counted

_NO_REASON: Final = "no feature says so"


def worst(judged: Judged) -> Section:
    """The worst misses and the worst false alarms."""
    misses, alarms = worst_misses(judged), worst_alarms(judged)
    unit = {"lightgbm": "log-odds of the score", "random_forest": "the score itself"}
    return Section(
        "worst",
        "Worst errors",
        [
            paragraph(
                "One transaction of each card, as a burst would be all of them. Reasons are the "
                "three features that did most, with the median in training as what is usual; "
                f"before them by how much they moved {unit[judged.run.model.kind]}."
            ),
            _table(
                misses,
                "Worst misses.",
                "Fraud that was not flagged, the lowest scores first, of equal ones the greatest "
                "amount. Reasons are what lowered the score.",
                "why it passed",
            )
            if misses
            else paragraph("There are no misses: all fraud was flagged."),
            _table(
                alarms,
                "Worst false alarms.",
                "Legitimate, and flagged, the highest scores first, of equal ones the greatest "
                "amount. Reasons are what raised the score.",
                "why it was flagged",
            )
            if alarms
            else paragraph("There are no false alarms: all that was flagged is fraud."),
        ],
    )


def _table(shown: list[Wrong], name: str, caption: str, why: str) -> Html:
    has_amounts = shown[0].amount is not None
    columns = [
        Column("time, UTC"),
        Column("card"),
        *([Column("amount", "number")] if has_amounts else []),
        Column("score", "number"),
        Column(why, "wide"),
    ]
    rows: list[list[Piece]] = []
    for event in shown:
        reasons = [
            joined(quiet(f"{reason.contribution:+.2f}".replace("-", "−")), f" {reason.words}")
            for reason in event.reasons
        ]
        rows.append(
            [
                lines([utc_text(event.time), quiet(event.event_id)]),
                event.card,
                *([number(event.amount, "money")] if has_amounts else []),
                f"{event.score:.4f}",
                lines(reasons) if reasons else _NO_REASON,
            ]
        )
    return table(columns, rows, caption=joined(strong(name), f" {caption}"))


def _quarantined(data: dict[str, Any]) -> str:
    if not data.get("quarantined"):
        return ""
    return (
        f", without {counted(data['quarantined'], 'row')} of the log that could not be read, "
        f"{data['quarantined_labels']:,} for the label"
    )


def _unlabelled(data: dict[str, Any]) -> str:
    if not data["unlabelled"]:
        return ""
    has = "has" if data["unlabelled"] == 1 else "have"
    return f", of which {data['unlabelled']:,} {has} no label and {has} no part in this"


def _late(data: dict[str, Any]) -> str:
    if not data.get("late"):
        return ""
    return f", without {counted(data['late'], 'event')} labelled only after the next part begins"


def making(judged: Judged) -> Section:
    """All that is needed to make it again."""
    manifest, features = judged.run.manifest, judged.run.features
    data = manifest["data"]
    training = ", ".join(f"{name} {value}" for name, value in manifest["training"].items())
    libraries = ", ".join(f"{name} {value}" for name, value in manifest["versions"].items())
    return Section(
        "making",
        "How it was made",
        [
            facts(
                [
                    ("run", code(str(manifest["id"]))),
                    ("model", f"{manifest['model']}: {training}"),
                    (
                        "features",
                        joined(
                            f"{features.name}, {len(features.names)} features, fingerprint ",
                            code(str(manifest["fingerprint"])),
                        ),
                    ),
                    (
                        "data",
                        joined(
                            code(str(data["file"])),
                            f", {data['events']:,} events from {data['from']} to {data['to']}"
                            f"{_unlabelled(data)}{_late(data)}{_quarantined(data)}, SHA-256 ",
                            code(str(data["sha256"])),
                        ),
                    ),
                    ("options", code(typed_options(manifest))),
                    ("versions", libraries),
                ]
            ),
            paragraph(
                "Equal features at an equal path, options, name of the run and versions give this "
                "page again, byte for byte."
            ),
        ],
    )
