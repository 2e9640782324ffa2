"""System checks: mistakes that are better found before the first event."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from workflows.conf import KNOWN_KEYS


@register()
def settings_have_no_unknown_keys(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Find misspelt settings, which would otherwise be silently ignored."""
    unknown = sorted(set(getattr(settings, "SAYR", {})) - KNOWN_KEYS)
    return [
        Error(
            f"settings.SAYR has no key {key!r}.",
            hint="Known keys: " + ", ".join(sorted(KNOWN_KEYS)),
            id="sayr.E001",
        )
        for key in unknown
    ]
