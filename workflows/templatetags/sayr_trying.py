"""What a rehearsal knows of a step, below it."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def at(below: Mapping[str, SafeString], key: str) -> SafeString:
    """Return what stands below a step of a rehearsal: {{ rehearsed|at:step.key }}."""
    return below.get(key, SafeString(""))
