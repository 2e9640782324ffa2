"""Pages of message templates: the form and its preview."""
