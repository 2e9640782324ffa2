"""What a dry run knows of a step, below it."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def at(below: Mapping[str, SafeString], key: str) -> SafeString:
    """Return what stands below a step of a dry run: {{ tried in a dry run|at:step.key }}."""
    return below.get(key, SafeString(""))
