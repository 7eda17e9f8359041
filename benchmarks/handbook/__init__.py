"""The table of the Fraud Detection Handbook: its log, two sets of features, and its protocol."""
