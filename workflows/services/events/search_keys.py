"""The words by which support finds an event; those of records' own search are the same."""

from tenants.core.text.search_keys import MAX_KEYS, search_keys, words

__all__ = ["MAX_KEYS", "search_keys", "words"]
