"""Pages of versions: what was published, compared and published again."""
