"""``python -m replay.backtest``: what a model would have been worth, on a past it had not seen."""
