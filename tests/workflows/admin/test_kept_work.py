"""The browser keeps what is not saved, by person, and is told what was saved."""

import json

import pytest
from django.urls import reverse

from workflows.admin.definitions.kept_work import COOKIE, MAX_NAMED
from workflows.models.definition import WorkflowDefinition

WORK = "1a2b3c"


def sent(document, work=WORK, **values):
    return {"document": json.dumps(document), "note": "A change", "work": work, **values}


@pytest.mark.parametrize("button", [{"_draft": "1"}, {"_continue": "1"}], ids=["draft", "publish"])
def test_what_was_saved_is_told_by_its_id(ops, world, document, page, button):
    document["name"] = "Renamed"

    answer = ops.post(page(world.definition), sent(document, **button))

    cookie = answer.cookies[COOKIE]
    assert cookie.value == WORK
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/admin/", "Lax", "")


def test_so_it_is_of_a_new_workflow_and_the_newest_stay_known(ops, tenant, document, page):
    for number in range(MAX_NAMED + 2):
        new = sent(document, work=f"{number:x}", tenant=tenant.pk, key=f"k{number}", _draft="1")
        answer = ops.post(page(WorkflowDefinition, "add"), new)

    told = answer.cookies[COOKIE].value.split(".")
    assert told == [f"{number:x}" for number in range(2, MAX_NAMED + 2)]


def test_what_was_refused_is_not_told_and_keeps_its_id(ops, world, document, page):
    document["steps"][0]["action"] = "no_such_action"

    answer = ops.post(page(world.definition), sent(document))

    assert COOKIE not in answer.cookies
    assert answer.context["adminform"].form["work"].value() == WORK


@pytest.mark.parametrize("work", ["", "a;b", "A", "x" * 50, "<script>"])
def test_what_is_no_id_is_not_told(ops, world, document, page, work):
    answer = ops.post(page(world.definition), sent(document, work=work, _draft="1"))

    assert COOKIE not in answer.cookies


def test_the_page_says_whose_browser_it_is(ops, ops_user, world, page):
    form = ops.get(page(world.definition)).context["adminform"].form
    config = form["document"].field.widget.config(form["document"].value())

    assert config["person"] == str(ops_user.pk)
    assert config["time_zone"] == "Asia/Beirut"


@pytest.mark.parametrize(
    ("at", "when"),
    [(1_767_348_000_000, "2 Jan 2026 12:00"), ("x", ""), (None, ""), (10**30, "")],
)
def test_the_time_of_what_was_left_is_the_readers(ops, tenant, world, at, when):
    asked = {"definition": str(world.definition.pk), "saved": True, "at": at}
    address = reverse("admin:workflows_editor_check")

    answer = ops.post(address, json.dumps(asked), content_type="application/json").json()

    assert answer["when"].replace(" 2026", "") == when.replace(" 2026", "")
