"""``python -m benchmarks.online.resident``: how much memory a state takes.

The process reads the state from a file and makes it live on large pages, as a server does when it
starts. The memory is by how much the resident set has grown since before the file was read: the
tables that the state was made of are dropped first, and the C library and polars's allocator are
told to give back what they keep of what was freed. A small state is made live as often as it takes
for 100,000 keys, as a resident set is known to some hundred KiB only. The first, untimed copy of an
empty state loads what is loaded but once.

Texts that occur in many events are held once for all copies, as they are within one.
"""

import ctypes
import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.clock import elapsed
from engine.command import Parser, run_command
from engine.process import use_large_pages

_ENOUGH_KEYS: Final = 100_000
_MOST_COPIES: Final = 1_000
_STATM: Final = Path("/proc/self/statm")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.online.resident", "Tell what a state takes.", "")
    parser.add_argument("--set", required=True, metavar="NAME", help="the feature set")
    parser.add_argument("--state", required=True, type=Path, metavar="FILE", help="the state")
    options = parser.parse_args(argv)
    # polars's allocator reads it once, when it is loaded: keep nothing of what is freed.
    os.environ["_RJEM_MALLOC_CONF"] = "dirty_decay_ms:0,muzzy_decay_ms:0"
    return lambda: _work(options.set, options.state)


def _work(name: str, file: Path) -> None:
    from engine.backends.online.engine import OnlineFeatures  # noqa: PLC0415 - after the setting
    from engine.backends.online.snapshot import capture, restore, revive  # noqa: PLC0415 - same
    from engine.catalog import load_feature_set  # noqa: PLC0415 - same

    features = load_feature_set(name)
    revive(features, capture(OnlineFeatures(features)))
    before = _resident_bytes()
    began = elapsed()
    copies = [restore(features, file)]
    spent = elapsed() - began
    keys = copies[0].keys_held
    wanted = min(-(-_ENOUGH_KEYS // max(keys, 1)), _MOST_COPIES)
    copies += [restore(features, file) for _ in range(wanted - 1)]
    use_large_pages()
    after = _resident_bytes()
    known = before is not None and after is not None
    told = {
        "seconds": {"total": spent},
        "copies": len(copies),
        "keys_held": keys,
        "bytes": (after or 0) - (before or 0) if known else None,
        "bytes_per_key": ((after or 0) - (before or 0)) / max(keys * len(copies), 1)
        if known
        else None,
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _resident_bytes() -> int | None:
    """What of this process is in memory, less what its allocators merely keep; None if unknown."""
    gc.collect()
    if not _STATM.exists():
        return None
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
    return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
