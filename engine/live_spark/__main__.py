"""``python -m engine.live_spark``."""

import sys

if __name__ == "__main__":
    try:
        from engine.live_spark.cli import main
    except KeyboardInterrupt:  # before anything was begun
        sys.exit(130)
    sys.exit(main())
