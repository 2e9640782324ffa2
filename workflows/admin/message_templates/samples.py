"""The values with which a message template is shown: of the workflows that send it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from actions.models.message_template import MessageTemplate
from tenants.core.database.ids import uuid_or_none
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.admin.editor.endpoints.samples import sample_of
from workflows.definition.scope import NameScope
from workflows.event_types import all_event_types, is_own, label_of, payload_schema
from workflows.models.definition import WorkflowDefinition
from workflows.models.run import WorkflowRun
from workflows.presentation.values import field_title
from workflows.services.definitions.usage import used_by

RUNS: Final = 20  # how far back the values of a WhatsApp message are looked for


@dataclass(frozen=True, slots=True)
class SampleChoice:
    """A workflow or a kind of event whose values can be shown."""

    key: str
    label: str
    trigger_type: str
    definition: WorkflowDefinition | None


@dataclass(frozen=True, slots=True)
class Chip:
    """A value that a click puts into the text."""

    path: str
    label: str


def choices_for(tenant: Tenant, template: MessageTemplate | None) -> list[SampleChoice]:
    """Return the workflows that send the template; if there are none, all kinds of event."""
    uses = used_by(tenant, f"message_template:{template.channel}", template.key) if template else []
    if uses:
        return [_of_workflow(use.definition) for use in uses]
    return [SampleChoice(kind.name, str(kind.label), kind.name, None) for kind in all_event_types()]


def chips_for(choices: list[SampleChoice]) -> list[Chip]:
    """Return the fields that every one of the choices has, then what is always there."""
    likely = [one for one in choices if one.definition]
    if not likely:
        # Kinds of event share nothing: those of the first, with which the preview begins.
        likely = [one for one in choices if not is_own(one.trigger_type)][:1]
    known = [dict((payload_schema(one.trigger_type) or {}).get("properties", {})) for one in likely]
    shared = [name for name in known[0] if all(name in each for each in known)] if known else []
    fields = [
        Chip(_place(name, known[0]), field_title(name, known[0][name].get("title")))
        for name in shared
        # A record's id says nothing to a reader.
        if known[0][name].get("format") != "uuid"
    ]
    return [*fields, Chip("tenant.name", _("Your company")), Chip("now", _("Time of sending"))]


def _place(name: str, fields: Mapping[str, Json]) -> str:
    """Return what fills in a field as people write it: a sum with its currency, a day as one."""
    path = f"trigger.{name}"
    if name.endswith("amount") and "currency" in fields:
        return f"{path} | money: trigger.currency"
    if fields[name].get("format") in {"date", "date-time"}:
        return f"{path} | date: '%d %B %Y'"
    return path


def scope_of(tenant: Tenant, choice: SampleChoice, now: datetime) -> tuple[NameScope, bool]:
    """Return the values, and whether they are real ones of the last event."""
    document = choice.definition.definition if choice.definition else {}
    sample = sample_of(
        tenant, choice.definition, document or {"trigger_type": choice.trigger_type}, now
    )
    return sample.scope, sample.real


def last_values(tenant: Tenant, choice: SampleChoice, key: str) -> Mapping[str, str]:
    """Return what the workflow last filled into a WhatsApp message; {} if it sent none."""
    if choice.definition is None:
        return {}
    runs = WorkflowRun.objects.filter(tenant=tenant, definition=choice.definition)
    for results in runs.order_by("-id").values_list("step_results", flat=True)[:RUNS]:
        for entry in results:
            given = entry.get("input")
            if isinstance(given, dict) and given.get("template") == key:
                values: Mapping[str, str] = given.get("template_vars") or {}
                return values
    return {}


def template_of(tenant: Tenant, key: str) -> MessageTemplate | None:
    """Return the stored template with this id, if it is the tenant's."""
    found = uuid_or_none(key)
    return MessageTemplate.objects.of(tenant.pk).filter(pk=found).first() if found else None


def _of_workflow(definition: WorkflowDefinition) -> SampleChoice:
    label = _("%(workflow)s: %(event)s") % {
        "workflow": definition.name,
        "event": label_of(definition.trigger_type),
    }
    return SampleChoice(str(definition.pk), label, definition.trigger_type, definition)
