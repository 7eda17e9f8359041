"""``python -m benchmarks.online.resident``: how much memory a state takes, or a part of it.

The process reads the state from a file and makes it live on large pages, as a server does when it
starts. The memory is by how much the resident set has grown since before the file was read: the
tables that the state was made of are dropped first, and the C library and polars's allocator are
told to give back what they keep of what was freed. A small state is made live as often as it takes
for 100,000 keys, as a resident set is known to some hundred KiB only. The first, untimed copy of an
empty state loads what is loaded but once.

Texts that occur in many events are held once for all copies, as they are within one.

With ``--part`` the state is one without the keys' tables but those of one key, and without what
waits for labels unless that key's lanes do; or ``rest``, what waits and the ids without any key.
Its tables stay then, and it is made live until the process has grown enough to tell.
"""

import ctypes
import gc
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.clock import elapsed
from engine.command import Parser, run_command
from engine.process import use_large_pages

if TYPE_CHECKING:
    from engine.backends.online.state import State

REST: Final = "rest"

_ENOUGH_KEYS: Final = 100_000
_MOST_COPIES: Final = 1_000
_MOST_COPIES_OF_A_PART: Final = 100
_ENOUGH_BYTES: Final = 2**28
# The tables of a key begin so; its number follows.
_KEY: Final = re.compile(r"(?:keys|log|pend|values)(\d+)")
_STATM: Final = Path("/proc/self/statm")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.online.resident", "Tell what a state takes.", "")
    parser.add_argument("--set", required=True, metavar="NAME", help="the feature set")
    parser.add_argument("--state", required=True, type=Path, metavar="FILE", help="the state")
    parser.add_argument("--part", metavar="K", help=f"the number of a key, or {REST}: that alone")
    options = parser.parse_args(argv)
    # polars's allocator reads it once, when it is loaded: keep nothing of what is freed.
    os.environ["_RJEM_MALLOC_CONF"] = "dirty_decay_ms:0,muzzy_decay_ms:0"
    return lambda: _work(options.set, options.state, options.part)


def _work(name: str, file: Path, part: str | None) -> None:
    from engine.backends.online.engine import OnlineFeatures  # noqa: PLC0415 - after the setting
    from engine.backends.online.snapshot import capture, restore, revive  # noqa: PLC0415 - same
    from engine.backends.online.state import read_state  # noqa: PLC0415 - same
    from engine.catalog import load_feature_set  # noqa: PLC0415 - same

    features = load_feature_set(name)
    kept = None if part is None else part_of(read_state(features, file), part)

    def loaded() -> OnlineFeatures:
        return restore(features, file) if kept is None else revive(features, kept)

    revive(features, capture(OnlineFeatures(features)))
    if kept is not None:
        loaded()
    before = _resident_bytes()
    began = elapsed()
    copies = [loaded()]
    spent = elapsed() - began
    keys = copies[0].keys_held
    enough = min(-(-_ENOUGH_KEYS // max(keys, 1)), _MOST_COPIES)
    wanted = enough if kept is None else _MOST_COPIES_OF_A_PART
    while len(copies) < wanted and (kept is None or _less_than_enough(before)):
        copies.append(loaded())
    use_large_pages()
    after = _resident_bytes()
    known = before is not None and after is not None
    told = {
        "seconds": {"total": spent},
        "copies": len(copies),
        "keys_held": keys,
        "waiting": len(copies[0].labels.waiting(copies[0].watermark)),
        "has_rest": kept is None or len(kept.tables["slips"]) > 0,
        "bytes": (after or 0) - (before or 0) if known else None,
        "bytes_per_key": ((after or 0) - (before or 0)) / max(keys * len(copies), 1)
        if known
        else None,
    }
    sys.stdout.write(json.dumps(told) + "\n")


def part_of(state: "State", part: str) -> "State":
    """A state without what is not of a part; see the module."""
    waits = part == REST or any(name.startswith(f"pend{part}_") for name in state.tables)

    def is_there(name: str) -> bool:
        key = _KEY.match(name)
        return key[1] == part if key else waits

    tables = {
        name: table if is_there(name) else table.clear() for name, table in state.tables.items()
    }
    return replace(state, tables=tables)


def _less_than_enough(before: int | None) -> bool:
    now = _resident_bytes()
    return before is not None and now is not None and now - before < _ENOUGH_BYTES


def _resident_bytes() -> int | None:
    """What of this process is in memory, less what its allocators merely keep; None if unknown."""
    gc.collect()
    if not _STATM.exists():
        return None
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
    # Pages of files, such as libraries, come and go with what else the machine does.
    _, resident, of_files, *_ = map(int, _STATM.read_text("ascii").split())
    return (resident - of_files) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
