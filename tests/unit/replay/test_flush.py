"""An interrupt anywhere in a flush: no part is written twice, and none is lost."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import polars as pl
import pytest

from replay.ledger import PARTS, Ledger

SCHEMA: dict[str, pl.DataType] = {"a": pl.Int64()}


class Interrupt:
    """Raises what Ctrl-C raises before one of the instructions of ``Ledger.flush``."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, frame: FrameType, _event: str, _arg: object) -> Any:  # noqa: ANN401 - as sys.settrace has it
        if frame.f_code is not Ledger.flush.__code__:
            return None
        frame.f_trace_opcodes = True
        return self._local

    def _local(self, _frame: FrameType, event: str, _arg: object) -> Any:  # noqa: ANN401 - the same
        if event == "opcode":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._local


def interrupted(ledger: Ledger, after: int) -> bool:
    """Flush, interrupted after so many instructions; False if it was over by then."""
    before = sys.gettrace()
    sys.settrace(Interrupt(after))
    try:
        ledger.flush()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_every_part_is_written_once_wherever_a_flush_is_interrupted(tmp_path: Path) -> None:
    after, was_interrupted = 0, True
    while was_interrupted:
        folder = tmp_path / f"{after}"
        folder.mkdir()
        ledger = Ledger(folder, SCHEMA)
        ledger.append(pl.DataFrame({"a": [1, 2]}))
        ledger.flush()
        ledger.append(pl.DataFrame({"a": [3]}))
        was_interrupted = interrupted(ledger, after)
        ledger.flush()  # as whoever is interrupted does
        parts = sorted(folder.glob(PARTS))
        assert [pl.read_parquet(part)["a"].to_list() for part in parts] == [[1, 2], [3]], after
        again = Ledger(folder, SCHEMA)
        assert len(list(again.recorded())) == 2
        assert again.digest == ledger.digest
        after += 1
    assert after > 30  # it went through all of it


def test_frames_of_no_rows_make_no_part(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, SCHEMA)
    ledger.append(pl.DataFrame(schema=SCHEMA))
    ledger.flush()
    assert not list(tmp_path.iterdir())
    assert ledger.last_recorded("a") is None


@pytest.mark.parametrize("gap", [0, 1])
def test_a_missing_part_is_refused(tmp_path: Path, gap: int) -> None:
    ledger = Ledger(tmp_path, SCHEMA)
    for value in range(3):
        ledger.append(pl.DataFrame({"a": [value]}))
        ledger.flush()
    sorted(tmp_path.glob(PARTS))[gap].unlink()
    with pytest.raises(Exception, match=f"part {gap} is missing"):
        list(Ledger(tmp_path, SCHEMA).recorded())
