"""Admin pages of connections. Message templates have theirs beside the language that checks them."""

from actions.admin import connections

__all__ = ["connections"]
