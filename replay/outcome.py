"""What was decided in all, and how right that was where labels tell."""

from typing import Any

import polars as pl

from engine.definition import Schema


class Outcome:
    """Counts decisions.

    Parameters
    ----------
    schema
        Of the events: its label tells what was right.
    """

    def __init__(self, schema: Schema) -> None:
        self._label = schema.label
        self.decided = 0
        self.flagged = 0
        self._labelled = 0
        self._fraud = 0
        self._found = 0  # fraud that was flagged
        self._false = 0  # flags on what is legitimate

    def add(self, rows: pl.DataFrame, events: pl.DataFrame) -> None:
        """Take in decisions, with the events that they are on."""
        flagged = rows["flagged"] == 1
        self.decided += len(rows)
        self.flagged += int(flagged.sum())
        if self._label is None or self._label not in events.columns:
            return
        label = events[self._label]
        self._labelled += len(label) - label.null_count()
        self._fraud += int((label == 1).sum())
        self._found += int(((label == 1) & flagged).sum())
        self._false += int(((label == 0) & flagged).sum())

    def summary(self) -> dict[str, Any]:
        """The counts, and where labels tell precision and recall; null where none can be told."""
        counts = {"decided": self.decided, "flagged": self.flagged}
        if not self._labelled:
            return counts
        known = self._found + self._false
        return counts | {
            "labelled": self._labelled,
            "fraud": self._fraud,
            "fraud_flagged": self._found,
            "legitimate_flagged": self._false,
            "precision": self._found / known if known else None,
            "recall": self._found / self._fraud if self._fraud else None,
        }
