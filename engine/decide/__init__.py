"""From events to decisions, and the ledger that keeps them: what replay and live have in common."""
