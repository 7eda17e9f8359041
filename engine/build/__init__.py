"""``python -m engine.build``: from transaction files to a table of features."""
