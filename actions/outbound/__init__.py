"""The one HTTP client. `client` sends; nothing outside this package imports an HTTP library."""
