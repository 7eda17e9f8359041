"""What the suite of the live scorer runs: judge, scorer and the original design, as processes."""
