"""Dry runs: test runs, backtests, and the values to try a workflow with."""
