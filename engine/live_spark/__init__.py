"""The live scorer on Spark Structured Streaming: the same state, the same bits, more machines."""
