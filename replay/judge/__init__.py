"""The judge: a stand-in for the outside world, which serves a stream and judges the flags.

``python -m replay.judge --help``. Everything that happens follows from the file, the seed and the
faults, whatever a client does; only when it happens depends on the clock and on who is connected.
"""
