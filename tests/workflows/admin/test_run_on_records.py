"""From the list of orders to their runs."""

import pytest

from tenants.models.order import Order
from tests.support.definitions import publish_log
from workflows.models.run import WorkflowRun

ORDERS = "/admin/tenants/order/"
BEGIN = "/admin/workflows/workflowdefinition/on-records/orders/"


@pytest.fixture
def orders(tenant):
    return [Order.objects.create(tenant=tenant, number=f"C-{n}") for n in range(3)]


@pytest.fixture
def definition(tenant, orders):
    """A workflow that came after the orders."""
    return publish_log(tenant, "welcome", "new_order")


@pytest.fixture
def ops(client, ops_user):
    client.force_login(ops_user)
    return client


def choose(client, orders, **more):
    chosen = [str(order.pk) for order in orders]
    return client.post(ORDERS, {"action": "run_workflow", "_selected_action": chosen, **more})


def given(tenant, orders, definition, **more):
    ids = ",".join(str(order.pk) for order in orders)
    base = {"tenant": str(tenant.pk), "ids": ids, "workflow": str(definition.pk)}
    return {**base, "per_minute": "60", **more}


def test_chosen_orders_are_shown_what_would_happen_then_started(ops, tenant, orders, definition):
    asked = choose(ops, orders[:2])
    assert "2 records are chosen." in asked.content.decode()

    shown = ops.post(BEGIN, given(tenant, orders[:2], definition, _show="1"))
    assert "2 runs would start" in shown.content.decode()
    assert [named for named, _sent in shown.context["samples"]] == ["C-0", "C-1"]
    assert not WorkflowRun.objects.exists()

    page = ops.post(BEGIN, given(tenant, orders[:2], definition, _start="1"), follow=True)
    subjects = set(WorkflowRun.objects.values_list("subject_id", flat=True))
    assert subjects == {str(order.pk) for order in orders[:2]}
    assert "0 of 2 runs have begun." in page.content.decode()

    again = ops.post(BEGIN, given(tenant, orders, definition, _show="1")).content.decode()
    assert "1 run would start" in again
    assert "2 records have a run of it already, and are left out." in again

    address = page.redirect_chain[-1][0]
    cancelled = ops.post(f"{address}cancel/", follow=True).content.decode()
    assert "2 runs are cancelled." in cancelled


def test_all_that_a_filter_finds_can_be_chosen(ops, orders, definition):
    asked = choose(ops, orders[:1], select_across="1")

    assert "3 records are chosen." in asked.content.decode()


def test_readers_and_strangers_start_nothing(
    client, tenant, orders, definition, support_user, other_ops_user
):
    for user in (support_user, other_ops_user):
        client.force_login(user)
        assert "run_workflow" not in client.get(ORDERS).content.decode() or user is other_ops_user
        choose(client, orders)
        answer = client.post(BEGIN, given(tenant, orders, definition, _start="1"))
        assert answer.status_code == 403
    assert not WorkflowRun.objects.exists()


def test_a_start_of_another_company_is_unknown(
    ops, client, tenant, orders, definition, other_ops_user
):
    page = ops.post(BEGIN, given(tenant, orders, definition, _start="1"))
    client.force_login(other_ops_user)

    assert client.get(page.url).status_code == 404
    assert client.post(f"{page.url}cancel/").status_code == 404
    assert WorkflowRun.objects.filter(status="queued").count() == 3


@pytest.mark.parametrize("wrong", [{"per_minute": "0"}, {"ids": "no-id"}, {"workflow": "x"}])
def test_what_cannot_be_is_said(ops, tenant, orders, definition, wrong):
    answer = ops.post(BEGIN, given(tenant, orders, definition, _start="1", **wrong))

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not WorkflowRun.objects.exists()
