"""Ledgers whose every decision is known, and the questions' files run as they stand."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from engine.catalog import notebook
from engine.decide.records import record_schema
from replay import ledger
from replay.questions.read import QUESTIONS

SCHEMA = record_schema(notebook)
_EVENT = {field.name: None for field in SCHEMA["event"].fields}  # type: ignore[attr-defined]  # a struct
_FEATURES = dict.fromkeys(notebook.names, 0.0)


def at(text: str) -> int:
    """Seconds since 1970 of an instant, UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def decision(
    arrival: str,
    card: int = 4_111_111_111_111_111,
    amt: int = 1_000,
    *,
    why: Sequence[str] | None = None,
    score: float | None = None,
    **event: object,
) -> dict[str, Any]:
    """A decision; it is flagged if ``why`` names features, the strongest first, or none of them."""
    flagged = why is not None
    return {
        "arrival_time": at(arrival),
        "event": {**_EVENT, "cc_num": card, "unix_time": at(arrival), "amt": amt, **event},
        "features": _FEATURES,
        "score": score if score is not None else 0.9 if flagged else 0.1,
        "threshold": 0.5,
        "flagged": int(flagged),
        "reasons": [
            {"feature": name, "contribution": 9.0 - place, "words": f"words of {name}"}
            for place, name in enumerate(why or ())
        ],
        "model": "m",
        "feature_set": "f",
    }


def make_ledger(
    folder: Path,
    decisions: Sequence[dict[str, Any]],
    *,
    part_rows: int = 3,
    complete: bool = True,
) -> Path:
    """A ledger of decisions, their ids e0, e1 and so on in the order in which they are given."""
    folder.mkdir()
    (folder / ledger.ABOUT).write_text(json.dumps({"format": ledger.FORMAT}))
    number = count()
    rows = [
        {"sequence": place, "event_id": f"e{place}", **decided}
        for place, decided in zip(number, decisions, strict=False)
    ]
    for part, start in enumerate(range(0, len(rows), part_rows)):
        frame = pl.DataFrame(rows[start : start + part_rows], schema=SCHEMA)
        frame.write_parquet(folder / f"part-{part:06}.parquet")
    if complete:
        (folder / ledger.SUMMARY).write_text(json.dumps({"events": {"decided": len(rows)}}))
    return folder


def make_labels(path: Path, labels: dict[str, int | None]) -> Path:
    """A file of labels, by event id."""
    columns = {"event_id": list(labels), "is_fraud": list(labels.values())}
    pl.DataFrame(columns, schema={"event_id": pl.String(), "is_fraud": pl.Int64()}).write_parquet(
        path
    )
    return path


def asked(name: str, folder: Path | None = None, **variables: object) -> list[dict[str, Any]]:
    """The rows that the file of a question gives, run as its header says."""
    given = {key: str(value) for key, value in variables.items()}
    if folder is not None:
        given["ledger"] = str(folder / ledger.PARTS)
    with duckdb.connect() as connection:
        for variable, value in given.items():
            quoted = value.replace("'", "''")
            connection.execute(f"SET VARIABLE {variable} = '{quoted}'")
        relation = connection.sql((QUESTIONS / f"{name}.sql").read_text("utf-8"))
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
