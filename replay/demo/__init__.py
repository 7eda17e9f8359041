"""``python -m replay.demo``: the whole path on simulated data, explained on one screen.

``cli`` runs one step after the other: ``making`` simulates and builds, ``burst`` and ``compared``
show what that made, ``training`` trains on it. ``step`` is what they share, ``screen`` what it all
looks like.
"""
