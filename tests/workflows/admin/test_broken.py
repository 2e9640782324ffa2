"""Broken references: on the first page as a count, on their own page in words."""

import pytest
from django.urls import reverse

from actions.models.message_template import MessageTemplate
from workflows.services.definitions.publish import publish

PAGE = "/admin/workflows/workflowdefinition/broken/"


@pytest.fixture
def broken(world, document):
    """The first workflow, whose template is gone."""
    tell = {"to": ["a@example.com"], "subject": "Hello", "template": world.secret}
    document["name"] = world.secret
    document["steps"][1] = {"name": "tell", "action": "send_email", "params": tell}
    publish(world.tenant, "user:rana", world.definition, document, "By mail")
    MessageTemplate.objects.filter(tenant=world.tenant).delete()
    return world


def test_each_is_named_with_what_is_missing_and_where_to_go(support, broken, page):
    content = support.get(PAGE).content.decode()

    assert page(broken.definition) in content
    assert "Step 2 “Tell”, “Message template”" in content
    assert reverse("admin:actions_messagetemplate_add") + "?channel=email" in content


def test_the_first_page_counts_them(support, broken):
    content = support.get("/admin/").content.decode()

    assert "1 workflow names something that no longer exists" in content
    assert PAGE in content


def test_another_company_does_not_see_them(client, broken, other_world, other_ops_user):
    client.force_login(other_ops_user)

    assert broken.secret not in client.get(PAGE).content.decode()
    assert "no longer exists" not in client.get("/admin/").content.decode()


def test_if_all_is_there_the_page_says_so(support, world):
    content = support.get(PAGE).content.decode()

    assert "Everything that published workflows name is there." in content
    assert "no longer exists" not in support.get("/admin/").content.decode()
