"""Alerts as CSV that a spreadsheet takes for what it is."""

import csv
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import fields
from io import StringIO
from typing import Any, Final

from engine.live.board.rows import Alert

# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|")
_COLUMNS: Final = tuple(field.name for field in fields(Alert))


def header() -> str:
    """The first line."""
    return _lines([_COLUMNS])


def lines(alerts: Iterable[Alert]) -> str:
    """A line for each alert: text that might be a formula is text, what is null is empty."""
    return _lines([_cell(getattr(alert, name)) for name in _COLUMNS] for alert in alerts)


def _cell(value: Any) -> str:  # noqa: ANN401 - of many types
    if value is None:
        return ""
    if isinstance(value, str):
        # Spreadsheets pass over blanks of all kinds, and some take wide signs for the usual ones.
        seen = unicodedata.normalize("NFKC", value).lstrip(" \u00a0\u200b\ufeff")
        return f"'{value}" if seen.startswith(_FORMULAS) else value
    if isinstance(value, (list, tuple)):
        return _cell(" · ".join(map(str, value)))
    return str(value)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
