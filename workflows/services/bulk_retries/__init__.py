"""Retries of many runs as one job: chosen, carried on, told of."""
