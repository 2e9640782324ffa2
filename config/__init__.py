"""Wiring, no logic: environment to settings, addresses, the records of this installation."""
