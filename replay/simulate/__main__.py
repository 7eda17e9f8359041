"""``python -m replay.simulate``: write a simulated training file."""

import signal
import sys

from replay.simulate.cli import main

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # polars, imported by now, has put a hook of its own below Python's: an interrupt while it
        # writes would make its threads panic. Setting Python's handler again removes that hook.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
