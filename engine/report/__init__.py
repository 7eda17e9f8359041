"""Reports: what came of a training, as one page that opens anywhere, and its plots as images."""
