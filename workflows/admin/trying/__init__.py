"""Pages on which a workflow is tried out before it is live: test runs and backtests."""
