"""``python -m replay.simulate``: write a simulated training file."""

import sys

from replay.simulate.cli import main

if __name__ == "__main__":
    sys.exit(main())
