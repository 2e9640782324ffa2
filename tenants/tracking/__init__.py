"""Change tracking: what was changed by whom, told in the same transaction."""
