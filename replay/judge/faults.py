"""The faults that can be asked for: one table, what each takes, and how that is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never

from engine.arguments import seconds
from engine.errors import InputError


class Place(Enum):
    """Where a fault happens, which is who carries it out."""

    ORDER = "which events are sent, and when"  # replay.judge.plan
    CONTENT = "what an event says"  # replay.judge.frames
    BETWEEN = "what comes between events"  # replay.judge.frames
    PACE = "how the stream flows"  # replay.judge.schedule and replay.judge.stream
    CONNECT = "connecting to the stream"  # replay.judge.doors
    FLAG = "posting a flag"  # replay.judge.doors


class Unit(Enum):
    """What the size of a fault is measured in."""

    SECONDS = "SPAN"
    EVENTS = "EVENTS"
    BYTES = "BYTES"


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table.

    Parameters
    ----------
    name
        What it is called on the command line.
    place
        Where it happens.
    help
        What happens, with ``{size}`` for the size that is asked for.
    share
        How often if that is not said.
    unit
        What its size is measured in; None if it has none.
    size
        Its size if that is not said, as it would be written.
    """

    name: str
    place: Place
    help: str
    share: float
    unit: Unit | None = None
    size: str = ""


_OFTEN: Final = 0.01
_RARELY: Final = 0.001

FAULTS: Final[tuple[Kind, ...]] = (
    Kind("drop", Place.ORDER, "the event is never sent, and no flag expected", _OFTEN),
    Kind("dup", Place.ORDER, "it is sent again, up to 8 events later; one flag will do", _OFTEN),
    Kind("reorder", Place.ORDER, "it comes 1 to {size} events late", _OFTEN, Unit.EVENTS, size="8"),
    Kind(
        "clock-back",
        Place.CONTENT,
        "from this event on unix_time is {size} behind what it was",
        _RARELY,
        Unit.SECONDS,
        size="1h",
    ),
    Kind("missing", Place.CONTENT, "it lacks a field, never trans_num", _OFTEN),
    Kind("wrong", Place.CONTENT, "the value of a field is nonsense, never of trans_num", _OFTEN),
    Kind("unknown", Place.CONTENT, "it has fields that nobody knows", _OFTEN),
    Kind("named", Place.CONTENT, "it comes as an event named transaction", _OFTEN),
    Kind("comment", Place.BETWEEN, "a comment comes before it", _OFTEN),
    Kind(
        "retry",
        Place.BETWEEN,
        "the client is told to wait {size} before it reconnects",
        _OFTEN,
        Unit.SECONDS,
        size="1s",
    ),
    Kind("ping", Place.BETWEEN, "an event named ping comes before it, no transaction", _OFTEN),
    Kind(
        "garbage", Place.BETWEEN, "an event comes before it that is neither JSON nor UTF-8", _OFTEN
    ),
    Kind(
        "long",
        Place.BETWEEN,
        "a line of {size} comes before it, no transaction",
        _RARELY,
        Unit.BYTES,
        size="10MB",
    ),
    Kind("stall", Place.PACE, "nothing is sent for {size}", _RARELY, Unit.SECONDS, size="10s"),
    Kind("disconnect", Place.PACE, "the connection ends after it", _RARELY),
    Kind("cut", Place.PACE, "the connection ends in the middle of it", _RARELY),
    Kind("stream-401", Place.CONNECT, "the key is refused", _OFTEN),
    Kind("stream-503", Place.CONNECT, "the stream is not there", _OFTEN),
    Kind("flag-401", Place.FLAG, "the key is refused; nothing is recorded", _OFTEN),
    Kind("flag-429", Place.FLAG, "too many requests; nothing is recorded", _OFTEN),
    Kind("flag-503", Place.FLAG, "unavailable; nothing is recorded", _OFTEN),
    Kind("flag-reset", Place.FLAG, "the connection ends unanswered; nothing is recorded", _OFTEN),
    Kind("flag-lost", Place.FLAG, "recorded, but the connection ends unanswered", _OFTEN),
    Kind(
        "flag-slow",
        Place.FLAG,
        "recorded, but answered {size} later",
        1.0,
        Unit.SECONDS,
        size="2s",
    ),
    Kind("flag-expired", Place.FLAG, "the event has expired already, whatever the time", _OFTEN),
)
BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in FAULTS}

_DECIMAL: Final = re.compile(r"[0-9]*\.?[0-9]+", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_BYTES: Final = re.compile(r"([0-9]{1,9})(B|kB|MB)", re.ASCII)
_BYTE_UNITS: Final = {"B": 1, "kB": 1_000, "MB": 1_000_000}
_MOST_BYTES: Final = 100_000_000
_MOST_EVENTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was asked for.

    Parameters
    ----------
    kind
        Which.
    share
        The probability of each event, or of each request.
    every
        Seconds of the schedule from one to the next, instead of a share.
    size
        How large, in seconds, events or bytes; 0 if it has no size.
    """

    kind: Kind
    share: float
    every: float | None
    size: float


Faults = Mapping[str, Fault]


def read_faults(text: str, *, timed: bool) -> Faults:
    """The faults of ``--faults``, by name.

    Parameters
    ----------
    text
        ``NAME``, ``NAME=HOW_OFTEN``, ``NAME=SIZE`` or ``NAME=SIZE@HOW_OFTEN``, with commas. A size
        has a unit, but for a count of events, which is one before ``@`` alone. How often is a share
        from 0 to 1, or, for the stream, a span from one to the next.
    timed
        Whether the stream has a rate, so that spans mean something.

    Raises
    ------
    InputError
        Naming what cannot be read.
    """
    found: dict[str, Fault] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        kind = BY_NAME.get(name)
        if kind is None or name in found:
            problem = "unknown fault" if kind is None else "a fault is given twice"
            raise InputError(
                f"--faults: {problem} (was {name!r})", hint=f"give any of {', '.join(BY_NAME)}"
            )
        found[name] = _read(kind, value.strip() if equals else None, timed=timed)
    return found


def _read(kind: Kind, value: str | None, *, timed: bool) -> Fault:
    option = f"--faults {kind.name}"
    size, at, often = (value or "").rpartition("@")
    if value is not None and (not often or (at and not size)):
        raise InputError(
            f"{option}: something is left out (was {f'{kind.name}={value}'!r})",
            hint=f"write {_example(kind)}, or {kind.name} alone",
        )
    if value and not at and kind.unit is not None and not _DECIMAL.fullmatch(value):
        size, often = value, ""  # with a unit it is a size
    if size and kind.unit is None:
        raise InputError(
            f"{option}: this has no size (was {size!r})", hint=f"write {kind.name}=0.01"
        )
    share, every = _often(kind, often, option, timed=timed) if often else (kind.share, None)
    return Fault(kind, share, every, _size(kind, size or kind.size, option))


def _often(kind: Kind, text: str, option: str, *, timed: bool) -> tuple[float, float | None]:
    if _DECIMAL.fullmatch(text):
        if float(text) <= 1:
            return float(text), None
    elif kind.place in {Place.CONNECT, Place.FLAG}:
        pass
    elif timed:
        every = seconds(text, option)
        if every > 0:
            return 0.0, every
    else:
        raise InputError(
            f"{option}: at --rate max there is no time between events (was {text!r})",
            hint=f"give a share of the events, such as {kind.name}=0.001, or a --rate",
        )
    spans = "" if kind.place in {Place.CONNECT, Place.FLAG} else ", or a span from one to the next"
    raise InputError(
        f"{option}: not how often (was {text!r})",
        hint=f"give a share from 0 to 1{spans}; a size goes before an @",
    )


def _size(kind: Kind, text: str, option: str) -> float:
    match kind.unit:
        case None:
            return 0.0
        case Unit.SECONDS:
            return seconds(text, option)
        case Unit.EVENTS:
            size = int(text) if _COUNT.fullmatch(text) else 0
            return _within(size, _MOST_EVENTS, "a whole number, before an @,", text, option)
        case Unit.BYTES:
            written = _BYTES.fullmatch(text)
            size = int(written[1]) * _BYTE_UNITS[written[2]] if written else 0
            return _within(size, _MOST_BYTES, "a number of B, kB or MB", text, option)
        case _:
            assert_never(kind.unit)


def _within(size: int, most: int, form: str, text: str, option: str) -> int:
    if not 1 <= size <= most:
        raise InputError(
            f"{option}: not a size (was {text!r})", hint=f"give {form} from 1 to {most:,} in all"
        )
    return size


def _example(kind: Kind) -> str:
    """A fault as it is written out."""
    return f"{kind.name}={f'{kind.size}@' if kind.unit else ''}{kind.share:g}"


def fault_help() -> str:
    """The table, as ``--help`` shows it."""
    lines: list[str] = []
    for place in Place:
        lines.append(f"  {place.value}")
        for kind in FAULTS:
            if kind.place is place:
                text = kind.help.format(size=kind.unit.value if kind.unit else "")
                lines.append(f"    {_example(kind):<22}{text}")
    return "\n".join(lines)
