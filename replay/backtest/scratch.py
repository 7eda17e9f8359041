"""Where a backtest puts what it needs no longer than it runs: in its own folder, one at a time.

What somebody who was killed has left there is cleared by the next to begin.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from engine.events.disk import scratch_folder
from replay.alone import alone_in
from replay.backtest.place import ABOUT
from replay.begun import SCRATCH


@contextmanager
def workplace(out: Path | None) -> Iterator[Path]:
    """A scratch folder, removed with all it holds however the block ends.

    Parameters
    ----------
    out
        The folder of the backtest, in which it is; made if need be, and gone again if nothing else
        has come of it. None for where the system has its temporary files.

    Raises
    ------
    OutputError
        If another backtest is at work in that folder, or it cannot be written.
    """
    if out is None:
        with scratch_folder(Path(gettempdir())) as scratch:
            yield scratch
        return
    with alone_in(out, "--out", "backtest"):
        if _is_ours(out):
            for left in out.glob(SCRATCH):
                shutil.rmtree(left, ignore_errors=True)
        with scratch_folder(out) as scratch:
            yield scratch


def _is_ours(out: Path) -> bool:
    """Whether it is a backtest's, or was to be one's that never came to begin it."""
    return (out / ABOUT).is_file() or all(path.match(SCRATCH) for path in out.iterdir())
