"""Notices as lines of JSON on standard error."""

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from engine.clock import wall_us

_US: Final = 1_000_000


class JsonLines:
    """A log that writes a JSON object a line."""

    def info(self, event: str, /, **particulars: object) -> None:
        """Say what is as it should be."""
        _write("info", event, particulars)

    def warning(self, event: str, /, **particulars: object) -> None:
        """Say what somebody may want to look at."""
        _write("warning", event, particulars)


def _write(level: str, event: str, particulars: dict[str, object]) -> None:
    at = datetime.fromtimestamp(wall_us() / _US, UTC).isoformat(timespec="milliseconds")
    content = {"timestamp": at, "level": level, "event": event, **particulars}
    line = json.dumps(content, ensure_ascii=False, default=str)
    with suppress(OSError):  # nobody reads it any more
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
