"""A run's entries: written, folded, read again, taken over."""
