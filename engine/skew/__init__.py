"""``python -m engine.skew``: whether engines compute the same bits of a log."""
