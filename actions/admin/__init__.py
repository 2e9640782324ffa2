"""Admin pages of connections. Those of message templates stand beside the language."""

from actions.admin import connections

__all__ = ["connections"]
