"""What lies below the pages asks where they are: nothing there has an address of its own."""

from uuid import UUID

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

from workflows.addresses import page_of, path_to
from workflows.conf import public_address
from workflows.runtime.waits.approval_store import place_of

KEY = UUID(int=7)
# Where another installation has its pages.
urlpatterns = [
    path("control/", admin.site.urls),
    path("decide/<str:token>", lambda request, token: HttpResponse(), name="approval-link"),
]


@pytest.fixture
def elsewhere(settings):
    settings.ROOT_URLCONF = __name__


def test_the_link_of_a_question_leads_to_where_the_pages_are(elsewhere):
    link = f"http://127.0.0.1:8000/control/workflows/workflowapproval/{KEY}/change/"

    assert place_of(KEY) == {"approval_id": str(KEY), "link": link}


@pytest.mark.parametrize(
    ("thing", "key", "query", "address"),
    [
        ("workflows_workflowrun", KEY, {}, f"/control/workflows/workflowrun/{KEY}/change/"),
        ("workflows_workflowrun", None, {}, "/control/workflows/workflowrun/"),
        (
            "workflows_workflowrun",
            None,
            {"workflow": KEY, "status": "failed"},
            f"/control/workflows/workflowrun/?workflow={KEY}&status=failed",
        ),
        ("approval_link", "a.b", {}, "/decide/a.b"),
    ],
)
def test_mails_lead_to_where_the_pages_are(elsewhere, thing, key, query, address):
    assert public_address(thing, key, **query) == f"http://127.0.0.1:8000{address}"


def test_what_has_no_page_has_no_address(db, tenant):
    assert path_to("nowhere_thing", KEY) == path_to("nowhere_thing") == ""
    assert page_of(tenant) == f"/admin/tenants/tenant/{tenant.pk}/change/"
