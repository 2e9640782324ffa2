"""A workflow's draft: kept beside what is published, and allowed to be wrong or unfinished."""

import hashlib

from django.utils.text import slugify
from django.utils.translation import gettext as _

from tenants.core.json import Json
from tenants.core.text.names import MAX_EVENT_TYPE, one_line
from tenants.models.tenant import Tenant
from tenants.scope import tenant_scope
from workflows.definition.checks.simple import wrong_type
from workflows.definition.errors import InvalidDocument, Problem
from workflows.definition.validate import check_shape
from workflows.definition.values.json_values import canonical, same_json
from workflows.models.definition import WorkflowDefinition


def edited(definition: WorkflowDefinition) -> Json:
    """Return the document that people edit: the draft, or else what is published."""
    return definition.definition if definition.draft is None else definition.draft


def mark(definition: WorkflowDefinition) -> str:
    """Return what changes when somebody publishes or saves a draft."""
    if definition.draft is None:
        return str(definition.version)
    digest = hashlib.sha256(canonical(definition.draft).encode()).hexdigest()
    return f"{definition.version}-{digest[:16]}"


def unstorable(document: Json) -> list[Problem]:
    """Return what keeps a document from being kept at all: it may be wrong, but not huge."""
    problems = check_shape(document)
    if not problems and not isinstance(document, dict):
        return [wrong_type(document, "", "object")]
    return problems


def save_draft(
    tenant: Tenant, actor: str, definition: WorkflowDefinition, document: Json
) -> WorkflowDefinition:
    """Keep `document` as the draft, saving the definition. What is published stays as it is.

    Raises InvalidDocument if it cannot be stored at all.
    """
    if problems := unstorable(document):
        raise InvalidDocument(problems)
    is_published = definition.version > 0
    with tenant_scope(tenant):
        definition.tenant = tenant
        same = is_published and same_json(document, definition.definition)
        definition.draft = None if same else document
        definition.updated_by = actor
        if not is_published:
            definition.name = name_in(document)
            definition.trigger_type = trigger_in(document)
            definition.is_active = False
        definition.save()
    return definition


def discard_draft(tenant: Tenant, actor: str, definition: WorkflowDefinition) -> None:
    """Forget the draft. A workflow that was never published keeps its own: it has nothing else."""
    if not definition.version:
        return
    with tenant_scope(tenant):
        definition.draft = None
        definition.updated_by = actor
        definition.save(update_fields=["draft", "updated_by", "updated_at"])


def name_in(document: Json) -> str:
    """Return the name of a document that may not be finished."""
    name = document.get("name") if isinstance(document, dict) else None
    line = one_line(name) if isinstance(name, str) else ""
    return line or _("Workflow without a name")


def trigger_in(document: Json) -> str:
    """Return the event of a document that may not be finished; "" if it names none."""
    trigger = document.get("trigger_type") if isinstance(document, dict) else None
    return one_line(trigger, MAX_EVENT_TYPE) if isinstance(trigger, str) else ""


def free_key(tenant: Tenant, document: Json) -> str:
    """Return a key made from the document that no workflow of the tenant has.

    A name in Arabic leaves no letters; then the trigger serves.
    """
    made = slugify(name_in(document)) or slugify(trigger_in(document)) or "workflow"
    made = made[:90]
    own = WorkflowDefinition.objects.of(tenant).filter(key__startswith=made)
    taken = set(own.values_list("key", flat=True))
    found, number = made, 1
    while found in taken:
        number += 1
        found = f"{made}-{number}"
    return found
