"""What the online backend holds, as tables, and the file that keeps them.

The tables are made by ``capture`` of a running set or in batch (warm start), and made into a
running set again by ``revive`` (``snapshot.py``). They are:

=================== =============================================================================
``ids``             ids that are remembered, and whether in the older of the two generations
``slips``           events whose labels are waited for: event id, and until when; both null if
                    none is any more
``notes``           what was noted about labels: the row in ``slips``, the label, since when it is
                    known, and how far the stream was when it came
``aside``           the events in a row whose clocks are not believed yet: id and columns
``aside_labels``    what was said about their labels: event id, label, since when it is known, and
                    how far those events were when it was said
``keys<k>``         a row for each state of key number k: its columns, ``t``, and per lane what came
                    before its log and the partials of windows without an end
``values<k>_<f>``   the values that such a window has seen, with their numbers: the key's row,
                    value, count
``log<k>_<j>``      the entries of lane j: the key's row, time, arguments
``pend<k>_<j>``     the entries that wait for the lane's delay; where they wait for labels too, with
                    the row in ``slips``
=================== =============================================================================

The file
    A line of text that says what it is, a line of JSON that says whose state it is and how long
    each table is, the tables as Arrow streams, and the SHA-256 of all that. Another version,
    another feature set or a flipped bit is refused.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.definition.fingerprint import fingerprint
from engine.definition.nodes import FeatureSet
from engine.errors import InputError
from engine.events.disk import write_bytes

FORMAT: Final = 3
_MAGIC: Final = b"SentinelPOS online state\n"
_DIGEST_BYTES: Final = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a stream had come.

    Parameters
    ----------
    watermark
        The latest event_time; None before the first event.
    turn
        When the younger generation of ids becomes the older; None before the first event.
    lateness, leap
        How late events may come, and how far they may leap, in ticks; no leap is any.
    events, late, too_late, duplicates, astray
        What had been counted.
    """

    watermark: int | None
    turn: int | None
    lateness: int
    leap: int | None
    events: int
    late: int = 0
    too_late: int = 0
    duplicates: int = 0
    astray: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A state as tables.

    Parameters
    ----------
    standing
        How far the stream had come.
    tables
        The module says which.
    """

    standing: Standing
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)


def write_state(features: FeatureSet, state: State, path: Path) -> None:
    """Write a state to a file, which appears only when it is complete.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write_bytes(state_bytes(features, state), path)


def read_state(features: FeatureSet, path: Path) -> State:
    """Read the state of a feature set from a file.

    Raises
    ------
    InputError
        If it cannot be read, is damaged, or is the state of another feature set or version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read (was: {error.strerror or error})",
            hint="name a file that `engine.build --state` or a snapshot has written",
        ) from error
    return state_of_bytes(features, content, called=str(path))


def state_bytes(features: FeatureSet, state: State) -> bytes:
    """A state as the file's bytes."""
    parts = {name: _packed(table) for name, table in state.tables.items()}
    header = {
        "format": FORMAT,
        "set": features.name,
        "fingerprint": fingerprint(features),
        "standing": asdict(state.standing),
        "bytes": {name: len(part) for name, part in parts.items()},
    }
    content = b"".join([_MAGIC, json.dumps(header).encode(), b"\n", *parts.values()])
    return content + hashlib.sha256(content).digest()


def state_of_bytes(features: FeatureSet, content: bytes, *, called: str) -> State:
    """The state in a file's bytes; ``called`` is what messages call it."""
    if not content.startswith(_MAGIC):
        raise InputError(
            f"{called}: not a state of the online backend (was {content[: len(_MAGIC)]!r}…)",
            hint="name a file that `engine.build --state` or a snapshot has written",
        )
    whole, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    if hashlib.sha256(whole).digest() != digest:
        raise InputError(
            f"{called}: damaged (was {len(content):,} bytes whose checksum does not match)",
            hint="take an older snapshot, or build the state from the log with `--state`",
        )
    header, _, payload = whole[len(_MAGIC) :].partition(b"\n")
    with as_it_should_be(called):
        told: dict[str, Any] = json.loads(header)
        _check(features, told, called)
        tables = {}
        start = 0
        for name, length in told["bytes"].items():
            tables[name] = pl.read_ipc_stream(io.BytesIO(payload[start : start + length]))
            start += length
        return State(_standing(told["standing"]), tables)


@contextmanager
def as_it_should_be(called: str) -> Iterator[None]:
    """Turn what a file makes fail whose checksum is right into an error about the file."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise _not_a_state(called, error) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _not_a_state(called, error) from error


def _not_a_state(called: str, error: BaseException) -> InputError:
    return InputError(
        f"{called}: made by something else, its checksum is right and its content is not "
        f"(was {type(error).__name__}: {str(error)[:80]!r})",
        hint="build the state from the log with `engine.build --state`",
    )


def _standing(told: dict[str, Any]) -> Standing:
    """How far the stream had come, all of it whole numbers."""
    standing = Standing(**told)
    absent = {"watermark", "turn", "leap"}
    for name, value in asdict(standing).items():
        if not (type(value) is int or (value is None and name in absent)):
            raise ValueError(f"{name} is no whole number")
    return standing


def _check(features: FeatureSet, told: dict[str, Any], called: str) -> None:
    if told["format"] != FORMAT:
        raise InputError(
            f"{called}: a state in another format (was {told['format']!r}, not {FORMAT})",
            hint="build the state from the log again with `engine.build --state`",
        )
    if told["fingerprint"] != fingerprint(features):
        raise InputError(
            f"{called}: the state of another feature set (was {told['set']} "
            f"{told['fingerprint'][:12]}…, not {features.name} {fingerprint(features)[:12]}…)",
            hint="build the state from the log again with `engine.build --state`, or run the "
            "feature set that it was made with",
        )


def _packed(table: pl.DataFrame) -> bytes:
    packed = io.BytesIO()
    table.write_ipc_stream(packed, compression="lz4")
    return packed.getvalue()
