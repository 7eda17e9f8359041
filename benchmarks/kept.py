"""A suite from its options to its results: measured, written to a file, printed."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.options import Common
from benchmarks.progress import say
from benchmarks.simulated import Workspace, workspace
from engine.events.disk import writing

Results = dict[str, Any]


def measure_and_keep(
    suite: str,
    rows: int,
    common: Common,
    command: str,
    measure: Callable[[Workspace], Results],
    as_text: Callable[[Results], str],
) -> None:
    """Measure in a workspace, and keep what came out of it as :func:`keep` does."""

    def measured() -> Results:
        with workspace(common.folder, keep=common.keep) as space:
            return measure(space)

    keep(suite, rows, common.results, command, measured, as_text, as_json=common.json)


def keep(
    suite: str,
    rows: int,
    folder: Path,
    command: str,
    measure: Callable[[], Results],
    as_text: Callable[[Results], str],
    *,
    as_json: bool,
) -> None:
    """Measure, and keep what came out of it in ``<suite>-<rows>.json`` of a folder.

    Raises
    ------
    DifferenceError
        If a value is not what it should be; nothing is kept then.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    results = {"suite": suite, "command": command} | measure()
    file = folder / f"{suite}-{rows}.json"
    text = json.dumps(results, indent=2) + "\n"
    with writing(file):
        file.write_text(text, "utf-8")
    sys.stdout.write(text if as_json else as_text(results))
    say(f"every measurement: {file}")
