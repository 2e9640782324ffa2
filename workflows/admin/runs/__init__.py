"""Pages of runs: the list, one run, and what people do about runs."""
