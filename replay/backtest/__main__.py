"""``python -m replay.backtest``."""

import sys

if __name__ == "__main__":
    try:
        from replay.backtest.cli import main
    except KeyboardInterrupt:  # before anything was begun
        sys.exit(130)
    sys.exit(main())
