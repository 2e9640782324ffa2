"""After an error the page of a run leads to where it is put right."""

import pytest

from actions.models.connection import Connection
from tests.workflows.admin.conftest import result
from workflows.models.run import WorkflowRun


def failed(world, code, action="whatsapp_notify", **given):
    """Write the run as if its step had failed so."""
    error = {"code": code, "params": {}}
    entry = result("tell", action, "failed", input=given, error=error)
    return world.end_run(world.run, "failed", step_results=[entry], error_code=code)


def ways(client, page, run):
    return {way.url.partition("?")[0] for way in client.get(page(run)).context["ways_out"]}


def test_a_wrong_phone_leads_to_the_record(support, world, page):
    assert page(world.order) in ways(support, page, failed(world, "bad_phone"))


def test_a_refused_token_leads_to_the_connection(support, world, page):
    whatsapp = Connection.objects.create(tenant=world.tenant, key="wa", name="WA", kind="whatsapp")

    assert page(whatsapp) in ways(support, page, failed(world, "whatsapp_access_refused"))


def test_of_several_connections_the_named_one(support, world, page):
    run = failed(world, "slack_access_refused", "team_notify", connection=world.secret)

    assert page(world.connection) in ways(support, page, run)


def test_of_several_connections_without_a_name_the_list(support, world, page):
    Connection.objects.create(tenant=world.tenant, key="t", name="T", kind="teams")
    run = failed(world, "slack_access_refused", "team_notify")

    assert page(Connection) in ways(support, page, run)


def test_a_refused_template_leads_to_the_template(support, world, page):
    run = failed(world, "whatsapp_template_unknown", template=world.secret)

    assert page(world.template) in ways(support, page, run)


def test_other_mistakes_lead_to_the_workflow_and_to_the_same_mistakes(support, world, page):
    run = failed(world, "http_422", "webhook")

    assert {page(world.definition), page(WorkflowRun)} <= ways(support, page, run)


@pytest.mark.parametrize("code", ["outcome_unknown", "engine_error", "timed_out"])
def test_what_nobody_can_change_leads_nowhere(code, support, world, page):
    run = failed(world, code)
    WorkflowRun.objects.update(error_fingerprint=None)

    assert ways(support, page, run) == set()


def test_another_companys_things_are_not_named(support, world, other_world, page):
    run = failed(world, "whatsapp_template_unknown", template=other_world.secret)

    assert page(other_world.template) not in ways(support, page, run)


def test_a_run_without_errors_leads_nowhere(support, world, page):
    world.end_run(world.run)

    assert ways(support, page, world.run) == set()
