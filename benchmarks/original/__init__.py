"""The original design, written anew as something to compare with, and for nothing else.

One process behind FastAPI and uvicorn. For each event that a client posts, one at a time, it asks
SQLite for the card's last day, computes the features of ``notebook`` from those rows in Python,
asks scikit-learn's random forest of 160 trees about this one row, inserts the event and answers.

It is given what helps it: an index over card and time, an ``async`` endpoint without a pool of
threads, a connection that is kept open, a forest of one thread (two made it five times as slow),
and no flag to post. What it inserts is on disk when it answers, as ours is.
"""
