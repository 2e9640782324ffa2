"""Keeping it going: pausing, health, alerts, and the tasks done by the clock."""
