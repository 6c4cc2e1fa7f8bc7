"""One file a paper: what stands on it, and in which order."""
