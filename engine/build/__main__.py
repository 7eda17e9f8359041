"""``python -m engine.build``."""

import sys

from engine.build.cli import main

if __name__ == "__main__":
    sys.exit(main())
