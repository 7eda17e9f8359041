"""Logs for a judge, and journals over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.events.training_file import TRAINING_COLUMNS
from replay.judge.faults import Faults, read_faults
from replay.judge.journal import Journal, read_journal

KEY = b"key"
START = 1_700_000_000


def row(number: int, **fields: str) -> dict[str, str]:
    """A transaction of a training file; every fifth is fraud."""
    usual = dict.fromkeys(TRAINING_COLUMNS, "x") | {
        "cc_num": f"{4_000_000_000_000_000 + number}",
        "zip": "01234",
        "lat": "10.5000",
        "long": "-20.25",
        "city_pop": "100",
        "acct_num": "00123",
        "trans_num": f"event-{number}",
        "unix_time": str(START + number),
        "amt": "12.50",
        "is_fraud": str(int(number % 5 == 0)),
        "merchant": 'fraud_Say "Hi" \\ Sons, Ltd',
        "merch_lat": "11",
        "merch_long": "-21",
        "transaction_id": f"other-{number}",
    }
    return usual | fields


def write_log(path: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as a training file."""
    lines = ["|".join(rows[0]), *("|".join(one.values()) for one in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@contextmanager
def journal_of(path: Path, *, strings: bool = False, most: int | None = None) -> Iterator[Journal]:
    """The journal of a file, its scratch beside it."""
    with read_journal(
        str(path), strings=strings, most=most, scratch=path.parent, quiet=True
    ) as journal:
        yield journal


def faults(text: str, *, timed: bool = True) -> Faults:
    return read_faults(text, timed=timed)


def log_of(folder: Path, count: int) -> Path:
    return write_log(folder / "log.csv", [row(number) for number in range(count)])


def flag(event_id: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - also what is none
    return {"trans_num": event_id, "flag_value": value}
