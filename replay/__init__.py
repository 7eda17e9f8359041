"""Replay: simulated and recorded streams, played through the code that runs live."""
