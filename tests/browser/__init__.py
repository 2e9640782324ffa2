"""Looking at the pages with a real browser."""
