"""Events: what a log holds, how files of it are read, checked, ordered and quarantined."""
