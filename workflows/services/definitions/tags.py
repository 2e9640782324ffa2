"""Tags: free words on a workflow, by which a company sorts its own."""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import F, Func, QuerySet

from tenants.core.text.listing import bare
from tenants.core.text.names import one_line
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.models.definition import MAX_TAG, WorkflowDefinition

MAX_TAGS: Final = 20  # of one workflow
_BETWEEN: Final = str.maketrans(dict.fromkeys("\n\u060c\u061b;", ","))


def tags_in(text: str) -> list[str]:
    """Return the tags of a text, as they are kept: each once, whatever its capitals."""
    found: dict[str, str] = {}
    for one in text.translate(_BETWEEN).split(","):
        tag = " ".join(one_line(bare(one)).split())[:MAX_TAG].strip()
        if tag:
            found.setdefault(tag.casefold(), tag)
    return list(found.values())[:MAX_TAGS]


def set_tags(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, tags: Iterable[str]
) -> list[str]:
    """Keep these tags, spelt as the company spells them already; return them."""
    known = {tag.casefold(): tag for tag in known_tags(WorkflowDefinition.objects.of(tenant))}
    kept = [known.get(tag.casefold(), tag) for tag in tags]
    definition.tags, definition.updated_by = kept, actor
    with tenant_scope(tenant):
        definition.save(update_fields=["tags", "updated_by", "updated_at"])
    return kept


def known_tags(rows: "QuerySet[WorkflowDefinition, WorkflowDefinition]") -> list[str]:
    """Return the tags of these workflows, in order."""
    each: Any = Func(F("tags"), function="unnest")
    return sorted(set(rows.annotate(tag=each).values_list("tag", flat=True)), key=str.casefold)
