"""Carrying a run out for show: in a transaction that is always rolled back."""
