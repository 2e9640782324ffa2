"""Values to try a workflow with: a real record's, a real answer's, or made-up ones."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import phonenumbers
from django.utils import timezone
from django.utils.translation import gettext as _

from actions import records
from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.event_types import RecordEvent, all_event_types, payload_schema
from workflows.models.run import WorkflowRun
from workflows.presentation.values import field_title
from workflows.services.events.drafts import normalise_object

RUNS: Final = 20  # how far back a step's result is looked for
_MAX_DEPTH: Final = 4


def sample_payload(tenant: Tenant, event_type: str) -> dict[str, Json]:
    """Return a payload as an event of this type would have it; {} if nobody knows its fields.

    What a save fires shows the newest record of the tenant.
    """
    known = next((kind for kind in all_event_types() if kind.name == event_type), None)
    if isinstance(known, RecordEvent):
        newest = _newest(tenant, known)
        if newest is not None:
            return newest
    return made_up(tenant, payload_schema(event_type))


def made_up(tenant: Tenant, schema: Mapping[str, Json] | None, depth: int = 0) -> dict[str, Json]:
    """Return a value that fits the schema of an object."""
    members = (schema or {}).get("properties", {})
    return {key: _example(tenant, key, member, depth) for key, member in members.items()}


def outputs_of(tenant: Tenant, definition_id: UUID | None) -> dict[str, Json]:
    """Return what steps gave in the last runs of a workflow, by "<step> <action>"."""
    if definition_id is None:
        return {}
    runs = WorkflowRun.objects.filter(tenant=tenant, definition_id=definition_id)
    found: dict[str, Json] = {}
    for results in runs.order_by("-id").values_list("step_results", flat=True)[:RUNS]:
        for key, output in outputs_in(results).items():
            found.setdefault(key, output)
    return found


def outputs_in(results: Json) -> dict[str, Json]:
    """Return what the steps of one run gave."""
    return {
        f"{entry['step_name']} {entry.get('action')}": entry["output"]
        for entry in results
        if entry.get("status") in {"completed", "reused"} and "output" in entry
    }


def _newest(tenant: Tenant, kind: RecordEvent) -> dict[str, Json] | None:
    rows = records.get(kind.record).model._base_manager.filter(tenant_id=tenant.pk)
    values = rows.order_by("-pk").values(*dict.fromkeys(kind.payload.values())).first()
    if values is None:
        return None
    return normalise_object({key: values[name] for key, name in kind.payload.items()})


def _example(tenant: Tenant, key: str, schema: Mapping[str, Json], depth: int) -> Json:
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type")
    several = kinds if isinstance(kinds, list | tuple) else [kinds]
    # What may be a number is calculated with.
    kind = "number" if "number" in several else next(iter(several), None)
    if kind == "object":
        return made_up(tenant, schema, depth + 1) if depth < _MAX_DEPTH else {}
    if kind == "array":
        # Its items have no name of their own.
        item = {"title": schema.get("title"), **schema.get("items", {})}
        return [_example(tenant, key, item, depth + 1)] if depth < _MAX_DEPTH else []
    if kind in {"integer", "number", "boolean"}:
        return True if kind == "boolean" else 1
    return _text(tenant, key, schema)


def _text(tenant: Tenant, key: str, schema: Mapping[str, Json]) -> str:
    now, form = timezone.now(), str(schema.get("format", ""))
    by_format = {
        "decimal": "149.90",
        "date": now.date().isoformat(),
        "date-time": now.isoformat(timespec="seconds"),
        "email": "name@example.com",
        "uuid": "00000000-0000-4000-8000-000000000000",
        "uri": "https://example.com/",
    }
    if form in by_format:
        return by_format[form]
    name = key.casefold()
    if "phone" in name or "mobile" in name:
        return _phone(tenant.country)
    if "mail" in name:
        return by_format["email"]
    if "amount" in name or "total" in name or "price" in name:
        return by_format["decimal"]
    if name == "currency":
        return tenant.currency
    return _("«%(field)s»") % {"field": field_title(key, schema.get("title"))}


def _phone(country: str) -> str:
    kind = phonenumbers.PhoneNumberType.MOBILE
    number = phonenumbers.example_number_for_type(country, kind)
    if number is None:
        return "+14155550100"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
