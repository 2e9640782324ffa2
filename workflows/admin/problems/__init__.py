"""Pages of problems: the list of those that need somebody, and the page of one."""
