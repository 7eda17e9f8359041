"""What a process that runs has taken so far, as Linux tells; None elsewhere."""

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_USER_TICKS: Final = 11  # of the fields after the command's name; system ticks follow


def cpu_seconds(pid: int) -> float | None:
    """User and system time of all threads of a process so far, to a hundredth."""
    text = _told(pid, "stat")
    if text is None:
        return None
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[_USER_TICKS]) + int(fields[_USER_TICKS + 1])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int | None:
    """How much of a process is in memory."""
    text = _told(pid, "statm")
    return None if text is None else int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _told(pid: int, name: str) -> str | None:
    try:
        return (_PROC / str(pid) / name).read_text("utf-8")
    except OSError:  # not on Linux, or it has just ended
        return None
