"""The folder of a backtest: what it is of, what is in it, and going on where it was stopped.

==================== ============================================================================
``backtest.json``    what decides about the decisions; see :mod:`replay.backtest.about`
``runs/fold-01`` …   the run of each fold, where one was trained; reused by whoever goes on
``ledger-NAME``      what was decided event by event, as ``python -m replay`` records it
``NAME.parquet``     the decisions; see :mod:`replay.backtest.decisions`
``report.html``      the report
``results.json``     every figure; written last, it says that all is complete
==================== ============================================================================
"""

import shutil
from pathlib import Path
from typing import Any, Final

from replay.backtest.options import ALONE, CHALLENGER, CHAMPION, Contender, Options
from replay.begun import Kind, begin, check_folder, finish

ABOUT: Final = "backtest.json"
RUNS: Final = "runs"
REPORT: Final = "report.html"
_KIND: Final = Kind("--out", "backtest", "backtest", ABOUT, "results.json", version=2)
_NAMES: Final = (ALONE, CHALLENGER, CHAMPION)


class Place:
    """Where a backtest keeps what it makes.

    Parameters
    ----------
    folder
        The folder.
    about
        What decides about the decisions.
    overwrite
        Whether one that is there is replaced.

    Raises
    ------
    SentinelError
        If there is something else in it, or a complete one that is not to be replaced.
    """

    def __init__(self, folder: Path, about: dict[str, Any], *, overwrite: bool) -> None:
        begin(_KIND, folder, about, overwrite=overwrite, clear=_clear)
        self.runs = folder / RUNS
        self.report = folder / REPORT
        self._folder = folder

    def ledger(self, contender: Contender) -> Path:
        """The folder of what was decided event by event."""
        return _ledger(self._folder, contender.name)

    def decisions(self, contender: Contender) -> Path:
        """The file of the decisions."""
        return _decisions(self._folder, contender.name)

    def finish(self, results: dict[str, Any]) -> None:
        """Write the results: it is complete."""
        finish(_KIND, self._folder, results)


def check_out(options: Options) -> None:
    """Refuse a folder before anything is computed for it; see :class:`Place`."""
    if options.out is not None:
        check_folder(_KIND, options.out, overwrite=options.overwrite)


def _clear(folder: Path) -> None:
    for name in _NAMES:
        _decisions(folder, name).unlink(missing_ok=True)
        _remove(_ledger(folder, name))
    (folder / REPORT).unlink(missing_ok=True)
    _remove(folder / RUNS)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)


def _ledger(folder: Path, name: str) -> Path:
    return folder / f"ledger-{name}"


def _decisions(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"
