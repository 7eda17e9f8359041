"""``python -m replay.judge``."""

import sys

from replay.judge.cli import main

if __name__ == "__main__":
    sys.exit(main())
