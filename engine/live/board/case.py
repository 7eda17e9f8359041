"""An alert, opened: what of it is not kept in memory is asked of the ledger then."""

from collections.abc import Sequence
from math import isnan, nan
from typing import Any, Final

import msgspec

from engine.backends.online.formulas import haversine_km
from engine.definition import Feature
from engine.live.board.alerts import Feed
from engine.live.board.parts import ALERTS, Columns, alert_frame
from engine.live.board.rows import Alert, Case, Past, Seen
from engine.live.ledger.reader import Reader
from engine.live.ledger.rows import unpacked
from engine.model.feature_values import FeatureValues, usual_among
from engine.model.phrases import is_hidden, is_yes, never
from engine.model.run import Run

MOST_PAST: Final = 20

# How far back the ledger is looked through for what is not remembered: a few tenths of a second.
_LOOKED_THROUGH: Final = 100_000
_AT_ONCE: Final = 64

_ROW: Final = "sequence, arrival_time, flagged, score, event, features"
_BY_PLACE: Final = f"""\
SELECT {_ROW} FROM json_each(?) AS wanted CROSS JOIN decisions ON decisions.sequence = wanted.value
ORDER BY sequence"""  # noqa: S608 - our own text
# Its digits may be within another value: what is found is looked at.
_BY_DIGITS: Final = f"""\
SELECT {_ROW} FROM decisions
WHERE sequence < ? AND sequence >= ? AND instr(event, ?)
ORDER BY sequence DESC LIMIT ?"""  # noqa: S608 - our own text
_LABELS: Final = "SELECT label, who, at FROM labels WHERE event_id = ? ORDER BY rowid"

_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode

# Of a decision: what ``_ROW`` names, the event decoded.
_Found = tuple[int, int, int, float | None, dict[str, Any], bytes | None]


def alert_of(
    reader: Reader, columns: Columns, feed: Feed, sequence: int
) -> tuple[Alert, int | None, tuple[tuple[str, float, str], ...]] | None:
    """An alert, its card and its reasons; None if there is no such alert."""
    rows = reader.rows(ALERTS, (sequence - 1, sequence))
    if not rows:
        return None
    frame = alert_frame(reader, columns, rows)
    (alert,) = feed.made(frame)
    why = frame["why"].item()
    reasons = () if why is None else tuple(tuple(one.values()) for one in why)
    return alert, frame["cc_num"].item(), reasons


def case_of(
    reader: Reader,
    run: Run,
    columns: Columns,
    found: tuple[Alert, int | None, tuple[tuple[str, float, str], ...]],
    remembered: Sequence[int],
    first: int | None,
) -> Case:
    """An alert with what is around it.

    Parameters
    ----------
    reader
        The ledger.
    run
        The run that decides, for what is usual and what features mean.
    columns
        Of events.
    found
        As :func:`alert_of` has it.
    remembered
        The sequences of the card's last decisions up to and with this one, as far as they are
        remembered.
    first
        The first sequence that is remembered; None if none is.
    """
    alert, card, reasons = found
    past = _past(reader, alert.sequence, card, remembered, first)
    return Case(
        alert=alert,
        reasons=reasons,
        card=_timeline(past, alert.sequence, columns),
        features=_seen(run, past, alert.sequence),
        labels=tuple(reader.rows(_LABELS, (alert.event_id,))),
    )


def _past(
    reader: Reader, sequence: int, card: int | None, remembered: Sequence[int], first: int | None
) -> list[_Found]:
    """The last decisions on a card up to one, the oldest first."""
    wanted = sorted({*remembered, sequence})[-MOST_PAST:]
    found = list(map(_read, reader.rows(_BY_PLACE, (msgspec.json.encode(wanted).decode(),))))
    # A place whose decision was removed meanwhile is not there, and those before it neither.
    before = sequence if first is None else min(first, sequence)
    lowest = before - _LOOKED_THROUGH
    while card is not None and len(found) < MOST_PAST:
        rows = reader.rows(_BY_DIGITS, (before, lowest, str(card), _AT_ONCE))
        for one in map(_read, rows):
            if one[4].get("cc_num") == card and len(found) < MOST_PAST:
                found.insert(0, one)
        if len(rows) < _AT_ONCE:
            break
        before = rows[-1][0]
    return found


def _read(row: tuple[Any, ...]) -> _Found:
    sequence, arrival, flagged, score, event, features = row
    return sequence, arrival, flagged, score, {} if event is None else _decode(event), features


def _timeline(past: Sequence[_Found], this: int, columns: Columns) -> tuple[Past, ...]:
    shown = []
    place: tuple[float | None, float | None] = (None, None)
    for sequence, arrival, flagged, score, event, _ in past:
        amt, happened = event.get("amt"), event.get(columns.event_time)
        before, place = place, (event.get("merch_lat"), event.get("merch_long"))
        shown.append(
            Past(
                sequence=sequence,
                unix_time=(arrival // 1_000_000 if happened is None else happened // columns.ticks),
                arrival_time=arrival,
                amt=None if amt is None else amt / columns.minor_units,
                merchant=event.get("merchant"),
                category=event.get("category"),
                lat=place[0],
                long=place[1],
                km=_km(before, place),
                flagged=bool(flagged),
                score=score,
                is_this=sequence == this,
            )
        )
    return tuple(shown)


def _km(
    here: tuple[float | None, float | None], there: tuple[float | None, float | None]
) -> float | None:
    if here[0] is None or here[1] is None or there[0] is None or there[1] is None:
        return None
    return _or_none(haversine_km(here[0], here[1], there[0], there[1]))


def _seen(run: Run, past: Sequence[_Found], this: int) -> tuple[Seen, ...]:
    features = run.features.features
    blobs = {one[0]: one[5] for one in past if one[5] is not None}
    if this not in blobs:
        return ()
    texts = run.encoding.columns
    value = unpacked([blobs.pop(this)], len(features), texts)
    others = unpacked(list(blobs.values()), len(features), texts)
    return tuple(
        _of_feature(
            feature,
            _shown(value, place),
            usual_among(others.numbers[:, place], others.levels.get(place)),
            run,
        )
        for place, feature in enumerate(features)
        if not is_hidden(feature, run.features.schema)
    )


def _shown(value: FeatureValues, place: int) -> float | str | None:
    if place in value.levels:
        return value.text(0, place)
    return _or_none(float(value.numbers[0, place]))


def _of_feature(
    feature: Feature, value: float | str | None, card_usual: float | str | None, run: Run
) -> Seen:
    usual = run.usual.get(feature.name, nan)
    return Seen(
        feature=feature.name,
        doc=feature.doc,
        value=value,
        card_usual=card_usual,
        usual=usual if isinstance(usual, str) else _or_none(usual),
        is_yes=is_yes(feature, run.features.schema),
        never=never(feature.expression),
    )


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value
