"""Sizes of memory, as people write them."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.errors import InputError

MEMORY_HELP: Final = (
    "what the engine duckdb may take before it goes to scratch files, such as 4GiB (default: half "
    "of the machine's memory)"
)
_UNITS: Final = {
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([MGT]i?B)", re.IGNORECASE | re.ASCII)
# Below that DuckDB cannot hold what it works on at a time.
_LEAST: Final = 512 * 2**20
_MOST: Final = 2**50
_CONTAINER: Final = Path("/sys/fs/cgroup/memory.max")


def memory_size(text: str | None) -> int:
    """A size in bytes; half of the machine's memory if none is given."""
    if text is None:
        return max(machine_memory() // 2, _LEAST)
    written = _SIZE.fullmatch(text.strip())
    size = int(float(written[1]) * _UNITS[written[2].upper()]) if written else 0
    if not _LEAST <= size <= _MOST:
        raise InputError(
            f"--memory: not a size of memory to work in (was {text!r})",
            hint="give a number with its unit, at least 512MiB, such as 4GiB",
        )
    return size


def machine_memory() -> int:
    """How many bytes of memory the machine has, or the container if that has less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no such file, or "max"
        memory = min(memory, int(_CONTAINER.read_text("ascii")))
    return memory
