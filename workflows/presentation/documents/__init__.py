"""Documents in words: places, problems, conditions, and the text of a document."""
