"""Pages for people without an account, each behind a signed link."""
