"""Titles, sentences and kinds of fields that the editor shows."""
