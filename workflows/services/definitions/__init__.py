"""Workflows themselves: drafts, publishing, owners, files, what refers to what."""
