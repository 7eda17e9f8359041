"""``python -m engine.retrain``: a challenger on fresh labels, in use only if it is better."""
