"""The live scorer: it reads a stream, decides on each event in time, and posts its flag."""
