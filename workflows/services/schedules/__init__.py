"""Schedules: their times, and firing them."""
