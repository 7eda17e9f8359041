"""What the suite of engines runs in processes of their own: the online engine, event by event."""
