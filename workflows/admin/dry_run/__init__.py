"""Pages of test runs and backtests."""
