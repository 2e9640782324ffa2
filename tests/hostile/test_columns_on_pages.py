"""Whatever a column holds: the list that shows the row comes up, and so does its page."""

import pytest
from django.db import transaction
from django.urls import reverse

from tests.hostile.columns import JSONS, columns, poison
from tests.hostile.company import EVERYTHING, Company, settle
from tests.support.machine import Machine
from workflows.models.run import WorkflowRun

pytestmark = pytest.mark.django_db(transaction=True)

# One of its kind each: what a page does with it does not depend on more.
TRIED = ("number", "list", "list of objects")


class Undone(Exception):
    """So that the next column finds the row as it was."""


def pages_of(row):
    """Return the addresses that show a row; none of what has no page of its own."""
    meta = row._meta
    name = f"admin:{meta.app_label}_{meta.model_name}"
    key = getattr(row, "prefix", row.pk)
    try:
        found = [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[key])]
    except Exception:  # noqa: BLE001  # it has none
        return [reverse("admin:workflows_workflowrun_changelist")]
    if isinstance(row, WorkflowRun):
        found += [reverse(f"{name}_{one}", args=[key]) for one in ("correct", "retry")]
    return found


def test_a_page_comes_up_whatever_a_hostile_column_holds(client, settings):
    settings.WHITENOISE_AUTOREFRESH = True
    client.raise_request_exception = True
    company, reader = Company("cedar", EVERYTHING), Company("najd", ())
    machine = Machine()
    settle(machine)
    machine.close()
    reader.person.is_superuser = True
    reader.person.save()
    client.force_login(reader.person)
    faults = {}
    for model, field in columns("json"):
        for name in TRIED:
            try:
                with transaction.atomic():
                    if poison(model, field, company.tenant, JSONS[name]):
                        row = model._base_manager.order_by("pk").last()
                        for page in pages_of(row):
                            answer = client.get(page)
                            assert answer.status_code in {200, 302}, page
                    raise Undone
            except Undone:
                pass
            except Exception as fault:  # noqa: BLE001  # told together
                faults[f"{model.__name__}.{field.name}: {name}"] = repr(fault)[:200]

    assert faults == {}
