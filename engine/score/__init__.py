"""``python -m engine.score``: events scored by a trained run."""
