"""``python -m replay.questions``: the questions of ``sql/questions``, asked of a ledger."""
