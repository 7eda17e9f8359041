"""What goes into a ledger and comes out of it.

Instants are microseconds since 1970 UTC by the wall's clock, unless they say otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.model.feature_values import FeatureValues, coded

_FLOAT: Final = np.dtype("<f8")


class Decision(NamedTuple):
    """An event and what was decided on it; the fields are the columns of ``decisions``.

    Parameters
    ----------
    sequence
        Its place among all that came, 0-based; what was put into quarantine counts.
    event_id
        Its id.
    arrival_time
        When it came.
    source
        Whence: the stream, the API, ….
    event
        Its canonical values as a JSON object, without what is null; None if it could not be read.
    features
        As the model saw them, see ``packed``; None if there were none.
    score
        From 0 to 1; None if no model gave one.
    flagged
        1 or 0: what is posted.
    fallback
        Why the decision is not the model's; None if it is. One of both has to be there.
    model
        The number that ``Ledger.enrol`` gave the model; None if none had a part in it.
    decided_at
        When it was decided.
    deadline
        Until when its flag has to be answered.
    observed
        1 if it became part of the online state, else 0.
    post
        1 if its flag is to be posted, else 0.
    """

    sequence: int
    event_id: str
    arrival_time: int
    source: str
    event: str | None
    features: bytes | None
    score: float | None
    flagged: int
    fallback: str | None
    model: int | None
    decided_at: int
    deadline: int
    observed: int = 1
    post: int = 1


class Quarantined(NamedTuple):
    """Something that came and could not be read; what it was is not kept.

    Parameters
    ----------
    sequence
        Its place; that of its decision, if it has an id and so got one.
    arrival_time
        When it came.
    event_id
        Its id, as far as that could be read.
    reason
        What was wrong with it.
    source
        Whence it came.
    """

    sequence: int
    arrival_time: int
    event_id: str | None
    reason: str
    source: str


class Pending(NamedTuple):
    """A flag without a final outcome.

    Parameters
    ----------
    sequence, event_id, flag_value, deadline
        Of its decision.
    attempts
        How often it was posted so far.
    source
        Of its decision.
    """

    sequence: int
    event_id: str
    flag_value: int
    deadline: int
    attempts: int
    source: str = "stream"


class Label(NamedTuple):
    """What an event turned out to be.

    Parameters
    ----------
    event_id
        Which event.
    label
        1 for fraud, 0 for not, None if that was withdrawn.
    at
        When we were told.
    known_at
        From which instant of event time on windows may see it, in ticks of the schema's unit.
    who
        Who said so.
    """

    event_id: str
    label: int | None
    at: int
    known_at: int
    who: str


class Model(NamedTuple):
    """A model that decides.

    Parameters
    ----------
    sha256
        Of its file.
    run_id
        The run that it is of.
    kind
        What kind of model it is.
    feature_set
        The fingerprint of the feature set.
    threshold
        The lowest score that it flags.
    """

    sha256: str
    run_id: str
    kind: str
    feature_set: str
    threshold: float


class Noted(NamedTuple):
    """A label of the past, for the online state.

    Parameters
    ----------
    before
        The sequence of the first decision after it.
    event_id, label, known_at
        As it was told.
    """

    before: int
    event_id: str
    label: int | None
    known_at: int


class Remembered(NamedTuple):
    """An event of the past, for the online state.

    Parameters
    ----------
    sequence, event_id, event
        As decided on.
    observed
        Whether it became part of the state: if not, it must not now.
    """

    sequence: int
    event_id: str
    event: str | None
    observed: int


class Decided(NamedTuple):
    """What was decided on an event before.

    Parameters
    ----------
    event_id, score, flagged, fallback, features
        As decided.
    threshold
        Of the model; None if none had a part in it.
    reasons
        Why it was flagged, as ``reasons`` holds it; None if that is not known, or not yet.
    """

    event_id: str
    score: float | None
    threshold: float | None
    flagged: int
    fallback: str | None
    features: bytes | None
    reasons: str | None


class Unposted(NamedTuple):
    """A decision whose flag is not to be posted.

    Parameters
    ----------
    sequence, event_id, flagged, source
        As decided.
    """

    sequence: int
    event_id: str
    flagged: int
    source: str


class Adopted(NamedTuple):
    """A decision of before whose flag is to be posted from now on.

    Parameters
    ----------
    sequence
        Of the decision.
    deadline
        Until when its flag has to be answered.
    """

    sequence: int
    deadline: int


class Unexplained(NamedTuple):
    """A flagged event that lacks its reasons.

    Parameters
    ----------
    sequence, features, model
        Of its decision.
    """

    sequence: int
    features: bytes
    model: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What is recorded at once.

    Parameters
    ----------
    decisions
        In the order of their sequence.
    quarantined
        In the order of their sequence.
    stream_id
        The last ``id`` of the stream among these, to go on after; None leaves the one before.
    adopted
        Decisions of before whose flags are to be posted now.
    stream_time
        How far the stream has come, in ticks of the schema's unit; None leaves what was.
    """

    decisions: Sequence[Decision]
    quarantined: Sequence[Quarantined] = ()
    stream_id: str | None = None
    adopted: Sequence[Adopted] = ()
    stream_time: int | None = None


def unpacked(features: Sequence[bytes], width: int, texts: Sequence[int]) -> FeatureValues:
    """The features that :func:`packed` has made, so many of an event, ``texts`` among them.

    Raises
    ------
    ValueError
        If it has not made them.
    """
    size = width * _FLOAT.itemsize
    content = b"".join([one[:size] for one in features]) if texts else b"".join(features)
    numbers = np.frombuffer(content, dtype=_FLOAT).reshape(len(features), width).astype(np.float64)
    levels: dict[int, tuple[str, ...]] = {}
    if texts:
        written = [_texts_of(one[size:], len(texts)) for one in features]
        for place, column in enumerate(texts):
            numbers[:, column], levels[column] = coded([said[place] for said in written])
    return FeatureValues(numbers, levels)


def _texts_of(content: bytes, count: int) -> list[str | None]:
    try:
        texts = msgspec.json.decode(content, type=list[str | None])
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    if len(texts) != count:
        raise ValueError(f"{len(texts)} texts, for {count}")
    return texts


def packed(values: FeatureValues) -> list[bytes]:
    """Rows of features as a ledger keeps them: float64, the lowest byte first, null as NaN.

    Texts stand as NaN there, and behind the numbers as a list in JSON: what they are, not how a run
    encodes them, as another may read them.
    """
    numbers, texts = values.numbers, list(values.levels)
    if texts:
        numbers = numbers.copy()
        numbers[:, texts] = np.nan
    width = numbers.shape[1] * _FLOAT.itemsize
    content = np.ascontiguousarray(numbers, dtype=_FLOAT).tobytes()
    rows = [content[start : start + width] for start in range(0, len(numbers) * width, width)]
    if not texts:
        return rows
    written = zip(*(values.texts(column) for column in texts), strict=True)
    return [row + msgspec.json.encode(said) for row, said in zip(rows, written, strict=True)]
