"""Whatever a row holds, however it came there: every page that shows it comes up."""

import pytest
from django.db import connection

from tests.hostile.site import Site
from tests.support.approvals import FORM, ask
from workflows.models.rehearsal import WorkflowRehearsal

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = {
    "1e5000": "1e5000",
    "1e131071": "1e131071",
    "1e-5000": "1e-5000",
    "900 deep": "[" * 900 + "]" * 900,
    "5,000 deep": "[" * 5000 + "]" * 5000,
    "300 deep": '{"a":' * 300 + "1" + "}" * 300,
}
# Each JSON column that a page shows, and the place in it: it is there that the value is put.
COLUMNS = [
    ("workflow_events", "payload", "{v}"),
    ("workflow_events", "previous", "{v}"),
    ("workflow_runs", "trigger_payload", "{v}"),
    ("workflow_runs", "step_results", "{0,output,v}"),
    ("workflow_runs", "step_results", "{1,input,v}"),
    ("workflow_runs", "pending", "{input,v}"),
    ("workflow_runs", "item", "{v}"),
    ("workflow_runs", "output", "{v}"),
    ("workflow_approvals", "answers", "{v}"),
    ("workflow_schedules", "payload", "{v}"),
    ("workflow_definitions", "definition", "{values}"),
    ("workflow_definitions", "draft", "{values}"),
    ("workflow_versions", "definition", "{values}"),
    ("workflow_rehearsals", "input", "{payload,v}"),
    ("connections", "settings", "{v}"),
]


@pytest.fixture
def site(tenant, other_tenant, settings):
    settings.WHITENOISE_AUTOREFRESH = True
    made = Site(tenant, other_tenant)
    run = made.world.run
    ask(tenant, run=run, form=FORM)
    WorkflowRehearsal.objects.create(
        tenant=tenant, document={"name": "x", "steps": []}, actor="user:ops",
        input={"source": "own", "payload": {}, "previous": None},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflow_events SET previous = '{}'")
        cursor.execute("UPDATE workflow_runs SET item = '{}', output = '{}'")
        cursor.execute(
            'UPDATE workflow_runs SET pending = \'{"step_name": "call", "step": 1,'
            ' "action": "webhook", "input": {}}\''
        )
        cursor.execute("UPDATE workflow_approvals SET answers = '{}'")
        cursor.execute("UPDATE workflow_definitions SET draft = definition")
    yield made
    made.close()


@pytest.mark.parametrize("what", ROWS)
def test_a_page_shows_a_hostile_row_with_a_sentence_in_its_place(site, what):
    for table, column, path in COLUMNS:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {column} = jsonb_set({column}, %s, %s::jsonb)",
                [path, ROWS[what]],
            )
            assert cursor.rowcount >= 1

    site.assert_every_page_comes_up()
    if what.startswith("1e"):
        page = site.web.get(f"/admin/workflows/workflowrun/{site.world.run.pk}/change/")
        assert "too long to be read" in page.content.decode()
