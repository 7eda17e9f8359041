"""``python -m engine.live``."""

import sys

if __name__ == "__main__":
    try:
        from engine.live.cli import main
    except KeyboardInterrupt:  # before anything was begun
        sys.exit(130)
    sys.exit(main())
