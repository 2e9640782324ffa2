"""No page of the admin shows, or admits, another tenant's rows."""

import pytest
from django.contrib import admin
from django.urls import reverse

from actions.models.connection import Connection
from actions.models.message_template import MessageTemplate
from tenants.admin.base import TenantAdmin
from tenants.models.api_key import ApiKey
from tenants.models.membership import Membership
from tenants.models.order import Order
from tenants.models.tenant import Tenant
from tenants.models.user import User
from workflows.models.approval import WorkflowApproval
from workflows.models.bulk_retry import WorkflowBulkRetry
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.models.event import WorkflowEvent
from workflows.models.problem import WorkflowProblem
from workflows.models.run import WorkflowRun
from workflows.models.schedule import WorkflowSchedule
from workflows.models.worker import WorkflowWorker

OWNED = [
    Connection,
    MessageTemplate,
    Order,
    ApiKey,
    WorkflowDefinition,
    WorkflowVersion,
    WorkflowRun,
    WorkflowEvent,
    WorkflowSchedule,
    WorkflowApproval,
    WorkflowProblem,
    WorkflowBulkRetry,
]
EDITED = [Connection, MessageTemplate, Order, WorkflowDefinition, WorkflowSchedule]
ONLY_SUPERUSERS = [Tenant, Membership, User, WorkflowWorker]


@pytest.fixture(autouse=True)
def everything(world, other_world):
    """A row of each kind, of both companies."""
    return world.rows, other_world.rows


def test_every_page_of_a_tenants_rows_is_tested_here():
    owned = {
        model
        for model, page in admin.site._registry.items()
        # The demo's records have tests of their own: tests/config/test_demo_company.py.
        if any(field.name == "tenant" for field in model._meta.fields)
        and model._meta.app_label != "company"
    }

    assert owned - {Membership} == set(OWNED)
    assert all(isinstance(admin.site.get_model_admin(model), TenantAdmin) for model in OWNED)


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_a_list_shows_only_ones_own_rows(model, ops, world, other_world, page):
    answer = ops.get(page(model))

    assert answer.status_code == 200
    assert other_world.secret not in answer.content.decode()
    assert list(answer.context["cl"].result_list) == [world.rows[model]]


@pytest.mark.parametrize("name", ["change", "delete", "history"])
@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_a_row_of_another_tenant_is_as_unknown_as_none(model, name, ops, other_world, page):
    answer = ops.get(page(other_world.rows[model], name))

    assert answer.status_code in {302, 403, 404}
    if answer.status_code == 302:
        assert answer.url == reverse("admin:index")
    assert other_world.secret not in answer.content.decode()


@pytest.mark.parametrize("model", EDITED, ids=lambda model: model.__name__)
def test_a_row_of_another_tenant_cannot_be_written(model, ops, other_world, page):
    before = model.objects.filter(pk=other_world.rows[model].pk).values().get()

    answer = ops.post(page(other_world.rows[model]), {"name": "taken", "number": "taken"})

    assert answer.status_code in {302, 403}
    assert model.objects.filter(pk=other_world.rows[model].pk).values().get() == before


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_the_search_box_finds_nothing_of_another_tenant(model, ops, world, other_world, page):
    for term in (
        other_world.secret,
        other_world.order.pk,
        other_world.run.pk,
        other_world.event.pk,
    ):
        answer = ops.get(page(model), {"q": str(term)})

        assert other_world.rows[model] not in answer.context["cl"].result_list


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_a_filter_by_another_tenant_shows_nothing_of_it(model, ops, world, other_world, page):
    for asked in (
        {"tenant": other_world.tenant.pk},
        {"tenant__id__exact": other_world.tenant.pk},
        {"workflow": other_world.definition.pk},
        {"tenant__name__startswith": "N"},
    ):
        answer = ops.get(page(model), asked)

        assert other_world.secret not in answer.content.decode()


@pytest.mark.parametrize("model", EDITED, ids=lambda model: model.__name__)
def test_support_reads_and_changes_nothing(model, support, world, page):
    row = world.rows[model]
    before = model.objects.filter(pk=row.pk).values().get()

    assert support.get(page(row)).status_code == 200
    assert support.post(page(row), {"name": "x", "number": "x"}).status_code == 403
    assert support.get(page(model, "add")).status_code == 403
    assert support.post(page(row, "delete"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).values().get() == before


def test_support_does_not_see_api_keys(support, world, page):
    assert support.get(page(ApiKey)).status_code == 403
    assert support.get(page(world.api_key)).status_code in {302, 403}


def test_support_cannot_use_an_action_of_a_list(support, world, page):
    support.post(
        page(WorkflowDefinition),
        {"action": "archive_chosen", "_selected_action": world.definition.pk},
    )

    world.definition.refresh_from_db()
    assert world.definition.archived_at is None


def test_an_action_of_a_list_leaves_rows_alone_that_one_may_only_read(
    ops, ops_user, world, other_world, page
):
    Membership.objects.create(user=ops_user, tenant=other_world.tenant, role="support")

    ops.post(
        page(WorkflowDefinition),
        {
            "action": "archive_chosen",
            "_selected_action": [world.definition.pk, other_world.definition.pk],
        },
    )

    world.definition.refresh_from_db()
    other_world.definition.refresh_from_db()
    assert world.definition.archived_at is not None
    assert other_world.definition.archived_at is None


def test_a_member_of_two_tenants_edits_where_the_role_allows(
    ops, ops_user, world, other_world, page
):
    Membership.objects.create(user=ops_user, tenant=other_world.tenant, role="support")

    assert other_world.secret in ops.get(page(Order)).content.decode()
    assert ops.get(page(other_world.order)).status_code == 200
    assert ops.post(page(other_world.order), {"number": "x"}).status_code == 403


def test_a_new_row_goes_to_no_tenant_but_ones_own(ops, world, other_world, page):
    ops.post(
        page(MessageTemplate, "add"),
        {
            "tenant": other_world.tenant.pk,
            "name": "Smuggled",
            "key": "smuggled",
            "channel": "email",
            "language": "en",
            "text": "x",
        },
    )

    assert not MessageTemplate.objects.filter(key="smuggled").exists()


@pytest.mark.parametrize("model", [*OWNED, *ONLY_SUPERUSERS], ids=lambda model: model.__name__)
def test_staff_without_a_tenant_see_nothing(model, client, django_user_model, world, page):
    client.force_login(django_user_model.objects.create_user("lone", is_staff=True))

    assert client.get(page(model)).status_code == 403
    assert "You belong to no company" in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("model", ONLY_SUPERUSERS, ids=lambda model: model.__name__)
def test_what_concerns_every_tenant_is_for_superusers(model, ops, admin_user, world, page):
    assert ops.get(page(model)).status_code == 403

    ops.force_login(admin_user)
    assert ops.get(page(model)).status_code == 200


@pytest.mark.parametrize(
    "model", [page for page in admin.site._registry if page._meta.app_label in {"django_q", "axes"}]
)
def test_pages_of_libraries_are_for_superusers(model, ops, page):
    assert ops.get(page(model)).status_code == 403


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_superusers_see_every_tenant(model, client, admin_user, world, other_world, page):
    client.force_login(admin_user)

    shown = set(client.get(page(model)).context["cl"].result_list)

    assert shown == {world.rows[model], other_world.rows[model]}


@pytest.mark.parametrize(
    ("model", "question"),
    [(Connection, "secrets__startswith"), (ApiKey, "hashed_key__startswith"), (ApiKey, "id")],
)
def test_secrets_cannot_be_guessed_through_the_address(model, question, ops, world, page):
    answer = ops.get(page(model), {question: "a"})

    assert answer.status_code == 400 or (answer.status_code == 302 and "e=1" in answer.url)
