"""Programs: what a document is compiled to, stored and loaded as."""
