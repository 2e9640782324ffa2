"""A claimed run: its statements, its program, its children, its concurrency group."""
