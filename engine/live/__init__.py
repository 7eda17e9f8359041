"""The live scorer: every event of a stream decided on and answered before its deadline."""
