"""``python -m replay.simulate``."""

import sys

from replay.simulate.cli import main

if __name__ == "__main__":
    sys.exit(main())
