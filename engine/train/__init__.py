"""``python -m engine.train``: from a table of features to a model that says how good it is."""
