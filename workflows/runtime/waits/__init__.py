"""Runs that wait: for events, for decisions, for time; and what wakes them."""
