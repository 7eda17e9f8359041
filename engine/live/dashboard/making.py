"""``python -m engine.live.dashboard.making NAME``: makes a file of ``made`` and writes it out."""

import json
import sys
from typing import Final

_SNIPPET: Final = "globalThis.vegaEmbed = vegaEmbed;"


def main(name: str) -> int:
    """Write a file to standard output; the exit code."""
    if name == "vega.js":
        import vl_convert  # noqa: PLC0415 - slow to import

        # As script of a page that allows no text to become code: it has vega's interpreter.
        text = vl_convert.javascript_bundle(_SNIPPET)
    else:
        from engine.live.dashboard.charts import charts  # noqa: PLC0415 - slow to import

        text = json.dumps(charts(), ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
