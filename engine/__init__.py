"""SentinelPOS: features for card fraud, defined once, with the same bits in batch and online."""
