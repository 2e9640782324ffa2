"""Runs: finding them, and what people do about them."""
