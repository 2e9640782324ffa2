"""Numbers, moments, time zones and currencies."""
