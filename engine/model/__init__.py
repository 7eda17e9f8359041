"""Models of fraud: splits, training, thresholds, honest metrics, artefacts and reasons."""
