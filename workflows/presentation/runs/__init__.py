"""Runs in words: their story, their steps, their errors."""
