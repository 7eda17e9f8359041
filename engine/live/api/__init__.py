"""The score API: what people and programs may ask of the live scorer, in its own process."""
