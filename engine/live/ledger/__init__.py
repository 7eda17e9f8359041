"""The live scorer's ledger: one SQLite file of what came, what was decided, what was answered.

``schema`` says what tables there are, ``rows`` what goes into them, ``about`` what a ledger is of.
``writer`` is the side of the process that decides, ``reader`` that of everybody else, at the same
time; ``export`` makes frames of a ledger, ``retention`` forgets what is old.
"""
