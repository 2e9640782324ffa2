"""The speed of the hot path, measured on a real PostgreSQL with real workers. See README.md."""
