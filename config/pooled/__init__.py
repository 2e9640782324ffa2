"""Django's PostgreSQL backend for workers: its pool does not lend connections that were cut."""
