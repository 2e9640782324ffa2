"""Translate and call services."""
