"""``python -m replay.demo``."""

import sys

from replay.demo.cli import main

if __name__ == "__main__":
    sys.exit(main())
