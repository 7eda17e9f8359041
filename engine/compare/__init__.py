"""``python -m engine.compare``: two runs on the same events, and how far apart they surely are."""
