"""Words in a template."""

from collections.abc import Iterable

from django import template

from tenants.core.text.listing import listed as with_commas

register = template.Library()


@register.filter
def listed(words: Iterable[object]) -> str:
    """Return the words with the language's comma between them: {{ names|listed }}."""
    return with_commas(words)
