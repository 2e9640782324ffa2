"""A tenant's connections and message templates. Import each from its own module."""

from actions.models import connection, message_template

__all__ = ["connection", "message_template"]
