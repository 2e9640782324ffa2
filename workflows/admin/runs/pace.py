"""How fast many runs begin: asked alike wherever many are set going."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from workflows.services.runs.backfill import MAX_PER_MINUTE

USUAL_PER_MINUTE: Final = 60


def per_minute_field() -> forms.IntegerField:
    """Return the field of a form."""
    return forms.IntegerField(
        label=_("At most so many a minute"),
        min_value=1,
        max_value=MAX_PER_MINUTE,
        initial=USUAL_PER_MINUTE,
    )
