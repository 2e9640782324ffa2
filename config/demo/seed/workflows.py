"""The companies' workflows: published, and switched on."""

import json
from pathlib import Path
from typing import Final

from tenants.core.json import Json
from tenants.models.tenant import Tenant
from workflows.models.definition import WorkflowDefinition
from workflows.services.definitions.publish import publish

DOCUMENTS: Final = Path(__file__).resolve().parents[1] / "workflows"
ACTOR: Final = "demo"


def add_workflows(tenant: Tenant) -> None:
    for key, file in (
        ("new-order", f"new_order.{tenant.language}.json"),
        ("cancelled-order", f"cancelled_order.{tenant.language}.json"),
    ):
        if not WorkflowDefinition.objects.filter(tenant=tenant, key=key).exists():
            definition = WorkflowDefinition(tenant=tenant, key=key, is_active=True)
            publish(tenant, ACTOR, definition, document(file))


def document(file: str) -> Json:
    return json.loads((DOCUMENTS / file).read_text(encoding="utf-8"))
