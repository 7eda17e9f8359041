"""``python -m engine.sql``: feature sets as SQL that people read and run by hand."""
