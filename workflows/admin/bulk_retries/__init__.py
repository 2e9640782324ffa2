"""Pages of retries of many runs: before, under way, and after."""
