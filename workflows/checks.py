"""System checks: mistakes that are better found before the first event."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, transaction
from django.utils import timezone, translation

from tenants.models.tenant import Tenant
from workflows.conf import KNOWN_KEYS
from workflows.services.broken import Broken, broken
from workflows.wording.errors import sentence
from workflows.wording.places import place


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


@register(Tags.database)
def published_workflows_name_what_exists(
    databases: Sequence[str] | None = None, **_kwargs: Any
) -> Sequence[CheckMessage]:
    """Find published workflows that refer to something that no longer exists."""
    if "default" not in (databases or ()):
        return []
    try:
        with translation.override("en"), transaction.atomic():
            return [_said(one) for one in broken(list(Tenant.objects.all()), timezone.now())]
    except DatabaseError:
        # Before the first migration there are no tables, and before a later one not every column.
        return []


def _said(one: Broken) -> CheckMessage:
    definition = one.definition
    lines = [
        f"{place(problem.path, definition.definition)}: {sentence(problem.code, problem.params)}"
        for problem in one.problems
    ]
    found = "\n    ".join(lines)
    return checks.Warning(
        f"The workflow {definition.name!r} of {definition.tenant} names something that does not "
        f"exist:\n    {found}",
        hint="Put it right in the admin and publish it, or bring back what is missing.",
        obj=f"{definition.tenant.key}/{definition.key}",
        id="sayr.W001",
    )
