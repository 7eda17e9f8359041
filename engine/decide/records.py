"""A ledger's rows: what came, what was computed of it, what was decided and why.

==================== ============================================================================
``sequence``         Int64, the event's 0-based place in arrival order
``arrival_time``     Int64, when it came, in ticks of the schema's unit
``event_id``         String
``event``            struct: the event's columns as a canonical frame holds them, never its label
``features``         struct of Float64 and, of texts, String: the feature set's values, from which
                     the model saw what its run's encoding says
``score``            Float64, from 0 to 1
``threshold``        Float64, the lowest score that is flagged
``flagged``          Int8, 1 or 0
``reasons``          list of structs ``feature``, ``contribution``, ``words``; empty unless flagged
``model``            String, the SHA-256 of the model's file
``feature_set``      String, the fingerprint of the feature set
==================== ============================================================================
"""

from dataclasses import asdict
from typing import Final

import numpy as np
import polars as pl

from engine.backends.online.compile import compile_online
from engine.decide.decisions import Decisions
from engine.definition import FeatureSet, fingerprint
from engine.events.canonical import EVENT_ID, event_schema, identity_columns
from engine.model.feature_values import text_columns
from engine.model.kinds import MODEL_FILES
from engine.model.run import Run

SEQUENCE: Final = "sequence"
ARRIVAL_TIME: Final = "arrival_time"

# What questions are asked about, besides what the feature set reads.
_ASKED_ABOUT: Final = ("amt", "merchant", "category", "state")
_REASON: Final = pl.Struct({"feature": pl.String, "contribution": pl.Float64, "words": pl.String})


def event_columns(features: FeatureSet) -> tuple[str, ...]:
    """The columns of an event that a ledger keeps: what is computed from, and asked about."""
    schema = features.schema
    asked = (name for name in _ASKED_ABOUT if name in schema.by_name)
    used = compile_online(features).columns[1:]
    hidden = {EVENT_ID, schema.label, schema.label_time}
    every = dict.fromkeys((*identity_columns(schema, ()), *used, *asked))
    return tuple(name for name in every if name not in hidden)


def record_schema(features: FeatureSet) -> dict[str, pl.DataType]:
    """The columns of a ledger and their dtypes."""
    events = event_schema(features.schema, event_columns(features))
    del events[EVENT_ID]
    return {
        SEQUENCE: pl.Int64(),
        ARRIVAL_TIME: pl.Int64(),
        EVENT_ID: pl.String(),
        "event": pl.Struct(events),
        "features": pl.Struct(_value_types(features)),
        "score": pl.Float64(),
        "threshold": pl.Float64(),
        "flagged": pl.Int8(),
        "reasons": pl.List(_REASON),
        "model": pl.String(),
        "feature_set": pl.String(),
    }


def _value_types(features: FeatureSet) -> dict[str, pl.DataType]:
    texts = text_columns(features)
    return {
        name: pl.String() if column in texts else pl.Float64()
        for column, name in enumerate(features.names)
    }


class Recorder:
    """Makes a ledger's rows of decisions.

    Parameters
    ----------
    run
        The run that decides.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._schema = record_schema(run.features)
        self._names = run.features.names
        self._events = event_schema(run.features.schema, event_columns(run.features))
        del self._events[EVENT_ID]
        self._constants = {
            "threshold": run.threshold,
            "model": run.manifest["sha256"][MODEL_FILES[run.model.kind]],
            "feature_set": fingerprint(run.features),
        }

    def rows(self, events: pl.DataFrame, decisions: Decisions) -> pl.DataFrame:
        """The rows of decided events.

        Parameters
        ----------
        events
            A canonical frame with ``sequence`` and ``arrival_time``; what it lacks of the columns
            that are kept of an event is null.
        decisions
            On its rows; those of events that came before have none.
        """
        decided = events[decisions.places]
        there = [
            (pl.col(name) if name in decided.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in self._events.items()
        ]
        features = decisions.values.to_frame(self._names)
        return decided.select(
            SEQUENCE,
            ARRIVAL_TIME,
            EVENT_ID,
            pl.struct(there).alias("event"),
            features.to_struct("features"),
            pl.Series("score", decisions.scores),
            pl.lit(self._constants["threshold"]).alias("threshold"),
            pl.Series("flagged", decisions.flagged).cast(pl.Int8),
            self._reasons(decisions),
            pl.lit(self._constants["model"]).alias("model"),
            pl.lit(self._constants["feature_set"]).alias("feature_set"),
        ).match_to_schema(self._schema)

    def _reasons(self, decisions: Decisions) -> pl.Series:
        """The reasons of each event; few have any, so only those are made of Python's lists."""
        dtype = self._schema["reasons"]
        rows = np.flatnonzero(decisions.flagged)
        why = [[asdict(reason) for reason in decisions.reasons[row]] for row in rows.tolist()]
        none = pl.Series("reasons", [[]], dtype=dtype)
        places = np.zeros(len(decisions), dtype=np.uint32)
        places[rows] = np.arange(1, len(rows) + 1)
        return pl.concat([none, pl.Series("reasons", why, dtype=dtype)]).gather(places)
