"""HTTP requests and answers of actions."""
