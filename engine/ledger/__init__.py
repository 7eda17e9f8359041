"""``python -m engine.ledger``: the live scorer's ledger exported, shown and kept short."""
