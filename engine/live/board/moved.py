"""How far the latest transactions have moved from what the run that decides was trained on."""

from typing import Any, Final

import numpy as np
import polars as pl

from engine.live.board.parts import Columns, lines_of, read_lines
from engine.live.board.rows import Drift, Movement
from engine.live.ledger.reader import Reader
from engine.live.ledger.rows import unpacked
from engine.model.moved import moved_from
from engine.model.run import Run

LATEST: Final = 10_000
FEWEST: Final = 100  # of which it is told at all

_LINE: Final = """'{"features":"' || hex(features) || '","event":' || event || '}'"""
_LATEST: Final = f"""\
SELECT {lines_of(_LINE)}
FROM (
    SELECT features, event FROM decisions WHERE features IS NOT NULL AND event IS NOT NULL
    ORDER BY sequence DESC LIMIT ?
)"""  # noqa: S608 - our own text


def read_drift(reader: Reader, run: Run, columns: Columns) -> Drift | None:
    """The drift of the latest transactions of which features could be computed.

    Parameters
    ----------
    reader
        The ledger.
    run
        The run that decides.
    columns
        Of events.

    Returns
    -------
    Drift or None
        None while there are fewer than ``FEWEST`` of them, and of a run from before it was kept
        how features were spread.

    Raises
    ------
    InputError
        If the ledger is damaged, or the run does not say what it was trained on.
    OutputError
        If the ledger cannot be read.
    """
    (lines,) = reader.row(_LATEST, (LATEST,))
    schema: dict[str, pl.DataType] = {
        "features": pl.String(),
        "event": pl.Struct({"cc_num": pl.UInt64(), columns.event_time: pl.Int64()}),
    }
    latest = read_lines(reader, lines, schema).unnest("event").drop_nulls()
    if len(latest) < FEWEST:
        return None
    written = latest["features"].str.decode("hex").to_list()
    values = unpacked(written, len(run.features.features), run.encoding.columns)
    times = latest[columns.event_time].to_numpy() // columns.ticks
    _, cards = np.unique(latest["cc_num"].to_numpy(), return_inverse=True)
    found = moved_from(run, values, times, cards.astype(np.int64), int(times.min()))
    return None if found is None else _told(found, run, times)


def _told(found: dict[str, Any], run: Run, times: "np.ndarray[Any, np.dtype[np.int64]]") -> Drift:
    docs = {feature.name: feature.doc for feature in run.features.features}
    return Drift(
        events=found["events"],
        cards=found["cards"],
        since=int(times.min()),
        until=int(times.max()),
        moderate_from=found["moderate_from"],
        shifted_from=found["shifted_from"],
        score=_movement("score", "what the model says of it", found["score"]),
        features=tuple(
            _movement(each["feature"], docs[each["feature"]], each) for each in found["features"]
        ),
    )


def _movement(name: str, doc: str, told: dict[str, Any]) -> Movement:
    return Movement(name, doc, told["psi"], told["by_chance"], told["word"])
