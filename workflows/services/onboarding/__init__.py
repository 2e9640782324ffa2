"""The way of a new company to its first live workflow."""
