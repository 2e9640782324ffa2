"""Support finds a run by whatever is read out on the phone, and reads what became of it."""

import sys
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.core.database.ids import lowest_id_at
from tenants.models.membership import Membership
from workflows.models.definition import WorkflowVersion
from workflows.models.run import WorkflowRun
from workflows.presentation.runs.timeline import flow


def shown(client, page, **asked):
    """Return the runs that the list shows."""
    return list(client.get(page(WorkflowRun), asked).context["cl"].result_list)


@pytest.mark.parametrize(
    "term",
    [
        lambda world: world.run.pk,
        lambda world: str(world.run.pk).upper(),
        lambda world: f" {world.run.pk} ",
        lambda world: world.event.pk,
        lambda world: world.order.pk,
        lambda world: world.order.number,
        lambda world: "03 123 456",
        lambda world: "03123456",
        lambda world: "+961 3 123 456",
        lambda world: "+9613123456",
        lambda world: world.order.number.upper(),
        lambda world: f"{world.order.number} 03123456",
    ],
)
def test_a_run_is_found_by_any_of_its_numbers(term, support, world, page):
    world.make_order("another", customer_phone="70 999 888")

    assert shown(support, page, q=str(term(world))) == [world.run]


@pytest.mark.parametrize("term", ["nobody", "%", "'", "\\", "00000000-0000-0000-0000-000000000000"])
def test_what_is_not_there_is_not_found(term, support, world, page):
    answer = support.get(page(WorkflowRun), {"q": term})

    assert list(answer.context["cl"].result_list) == []
    assert "Nothing found." in answer.content.decode()


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        ("failed", ["failed", "errors"]),
        ("completed_with_errors", ["completed_with_errors", "errors"]),
        ("completed", ["completed"]),
        ("cancelled", ["cancelled"]),
        ("skipped", ["skipped"]),
    ],
)
def test_runs_are_filtered_by_status(status, asked, support, world, page):
    world.end_run(world.run, status)
    waiting = WorkflowRun.objects.get(subject_id=str(world.make_order("second").pk))

    for choice in asked:
        assert shown(support, page, status=choice) == [world.run]
    assert shown(support, page, status="queued") == [waiting]
    assert shown(support, page, status="live") == [waiting]
    assert shown(support, page, status="running") == []


def test_runs_are_filtered_by_workflow_and_trigger(support, world, page):
    assert shown(support, page, workflow=str(world.definition.pk)) == [world.run]
    assert shown(support, page, trigger="new_order") == [world.run]
    assert shown(support, page, workflow="nonsense") == [world.run]


def test_runs_are_filtered_by_day_on_the_readers_clock(support, support_user, world, page):
    support_user.time_zone = "Asia/Beirut"
    support_user.save()
    midnight = datetime.now(ZoneInfo("Asia/Beirut")).replace(  # it has a zone
        hour=0, minute=0, second=0, microsecond=0
    )
    made = {
        "today": midnight + timedelta(seconds=1),
        "yesterday": midnight - timedelta(seconds=1),
        "7": midnight - timedelta(days=3),
        "30": midnight - timedelta(days=20),
        "older": midnight - timedelta(days=40),
    }
    world.run.delete()
    ids = {}
    for name, moment in made.items():
        ids[name] = WorkflowRun.objects.create(
            id=lowest_id_at(moment),
            tenant=world.tenant,
            definition=world.definition,
            version=1,
            status="completed",
        )

    assert shown(support, page, made="today") == [ids["today"]]
    assert shown(support, page, made="yesterday") == [ids["yesterday"]]
    assert shown(support, page, made="7") == [ids["today"], ids["yesterday"], ids["7"]]
    assert len(shown(support, page, made="30")) == 4
    assert len(shown(support, page)) == 5


def test_children_stand_on_the_page_of_their_run_not_in_the_list(support, world, page):
    WorkflowRun.objects.create(
        tenant=world.tenant, definition=world.definition, version=1, parent_run=world.run.pk
    )

    assert shown(support, page) == [world.run]


def test_the_list_says_which_step_failed_and_links_the_order(support, world, page):
    world.end_run(world.run, "failed")

    answer = support.get(page(WorkflowRun)).content.decode()

    assert "Tell the shop:" in answer
    assert "The action itself has a fault, tell a developer: boom" in answer
    assert f"Order {world.order.number}" in answer
    assert page(world.order) in answer


def test_the_list_asks_as_much_for_twenty_runs_as_for_one(
    support, world, page, django_assert_num_queries
):
    world.end_run(world.run, "failed")
    support.get(page(WorkflowRun))
    with CaptureQueriesContext(connection) as one:
        support.get(page(WorkflowRun))
    for number in range(20):
        order = world.make_order(f"more-{number}")
        world.end_run(WorkflowRun.objects.get(subject_id=str(order.pk)), "failed")

    with django_assert_num_queries(len(one)):
        answer = support.get(page(WorkflowRun))

    assert len(answer.context["cl"].result_list) == 21


def test_a_page_reads_its_run_once_and_works_its_flow_out_once(support, world, page):
    run = world.end_run(world.run, "failed")
    support.get(page(run))
    told = []

    def note(frame, event, _argument):
        if event == "call" and frame.f_code is flow.__code__:
            told.append(frame.f_code)

    sys.setprofile(note)
    try:
        with CaptureQueriesContext(connection) as statements:
            support.get(page(run))
            asked = [one["sql"] for one in statements.captured_queries]
    finally:
        sys.setprofile(None)

    own = [one for one in asked if f"'{run.pk.hex}'::uuid" in one and '"trigger_payload"' in one]
    assert (len(told), len(own)) == (1, 1)
    assert len([one for one in asked if "workflow_" in one or "orders" in one]) == 3


def test_an_event_of_another_company_is_not_the_runs(support, world, other_world, page):
    WorkflowRun.objects.filter(pk=world.run.pk).update(event=other_world.event)

    answer = support.get(page(world.run))

    assert answer.context["event"] is None
    assert str(other_world.event.pk) not in answer.content.decode()


def test_the_list_counts_no_further_than_ten_thousand(support, world, page, monkeypatch):
    monkeypatch.setattr("tenants.admin.lists.MAX_COUNTED", 0)

    assert "10,000+" in support.get(page(WorkflowRun)).content.decode()


def test_a_run_tells_its_story_and_its_steps(support, world, page):
    world.end_run(world.run, "completed_with_errors")

    answer = support.get(page(world.run))

    assert answer.context["sentence"] == (
        "Completed with errors: “Confirm the order” was done, but “Tell the shop” failed."
        " The action itself has a fault, tell a developer: boom"
    )
    content = answer.content.decode()
    assert content.index("Confirm the order") < content.index("Call a web address")
    assert str(world.run.pk) in content
    assert page(world.event) in content
    assert page(world.version) in content


@pytest.mark.parametrize("status", ["queued", "running", "waiting", "cancelled", "skipped"])
def test_a_run_in_any_state_has_a_page(status, support, world, page):
    WorkflowRun.objects.filter(pk=world.run.pk).update(
        status=status, due_at=timezone.now(), pending={"step_name": "call", "input": {"url": None}}
    )

    answer = support.get(page(world.run))

    assert answer.status_code == 200
    assert answer.context["sentence"]


def test_a_run_whose_event_and_action_are_gone_still_has_a_page(support, world, page):
    results = [
        {
            "step_name": "old",
            "action": "gone",
            "status": "completed",
            "output": {"a": [{"b": None}]},
        }
    ]
    world.end_run(world.run, step_results=results, event_id=uuid4(), actor=f"run:{uuid4()}")
    WorkflowVersion.objects.filter(pk=world.version.pk).delete()

    answer = support.get(page(world.run))

    assert answer.status_code == 200
    assert "gone (no longer exists)" in answer.content.decode()


def test_exact_numbers_are_shown_as_they_were_sent(support, world, page):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflow_runs SET trigger_payload = '{\"price\": 149.90}' WHERE id = %s",
            [world.run.pk],
        )

    assert "149.90" in support.get(page(world.run)).content.decode()


def test_values_cannot_become_markup(support, world, page):
    WorkflowRun.objects.filter(pk=world.run.pk).update(
        trigger_payload={"<b>key</b>": "<script>alert(1)</script>"}
    )

    content = support.get(page(world.run)).content.decode()

    assert "<script>alert" not in content
    assert "<b>key" not in content


def test_nobody_changes_a_run(ops, world, page):
    assert ops.post(page(world.run), {"status": "completed"}).status_code == 403
    assert ops.get(page(WorkflowRun, "add")).status_code == 403
    assert ops.post(page(world.run, "delete"), {"post": "yes"}).status_code == 403
    assert WorkflowRun.objects.get().status == "queued"


def test_times_are_shown_on_the_readers_clock(support, support_user, world, page):
    world.end_run(world.run)  # at noon, UTC
    support_user.time_zone = "Asia/Riyadh"
    support_user.save()

    assert "2 Jan 15:00" in support.get(page(WorkflowRun)).content.decode()


def test_without_a_zone_of_ones_own_the_companys_clock_is_shown(
    client, other_ops_user, other_world, page
):
    other_world.end_run(other_world.run)
    client.force_login(other_ops_user)

    assert "2 Jan 15:00" in client.get(page(WorkflowRun)).content.decode()


def test_pages_are_shown_in_the_readers_language(support, support_user, world, page):
    support_user.language = "ar"
    support_user.save()

    content = support.get(page(world.run)).content.decode()

    assert '<html lang="ar" dir="rtl">' in content
    assert "admin/css/rtl.css" in content


def test_a_status_without_an_index_is_looked_for_among_the_newest_only(
    support, world, page, monkeypatch
):
    monkeypatch.setattr("tenants.admin.lists.LOOKED_AT", 1)
    world.end_run(world.run, "cancelled")
    newer = WorkflowRun.objects.get(subject_id=str(world.make_order("newer").pk))
    world.end_run(newer, "skipped")

    answer = support.get(page(WorkflowRun), {"status": "skipped"})

    assert list(answer.context["cl"].result_list) == [newer]
    assert "Only the newest 1 were looked through." in answer.content.decode()
    assert shown(support, page, status="cancelled") == []
    # Not with a date either, whatever it is: that of a big tenant holds millions.
    for made in ("today", "30", "junk"):
        assert shown(support, page, status="cancelled", made=made) == []
    assert shown(support, page, status="cancelled", q="  ") == []
    # A search names the rows by their ids.
    assert shown(support, page, status="cancelled", q=str(world.order.pk)) == [world.run]


def test_the_filter_of_a_member_of_two_tenants_names_them(
    support, support_user, world, other_world, page
):
    Membership.objects.create(user=support_user, tenant=other_world.tenant, role="support")

    assert shown(support, page) == [other_world.run, world.run]
    assert shown(support, page, tenant=str(world.tenant.pk)) == [world.run]
    assert "Najd Stores" in support.get(page(WorkflowRun)).content.decode()


@pytest.mark.parametrize(
    "term",
    [
        "haddad",
        "Rami",
        "haddad rami",
        "El Haddad",
        "rami haddad 77",
        "a-77 haddad",
        "77",
        "rami@x.co",
    ],
)
def test_a_run_is_found_by_the_words_of_a_name_in_any_order(term, support, world, page):
    world.make_order("B-78", customer_name="Maya Khoury")
    order = world.make_order(
        "A-77", customer_name="Rami El Haddad", customer_email="rami@x.co", customer_id="K-770077"
    )
    wanted = [WorkflowRun.objects.get(subject_id=str(order.pk))]
    if term == "77":
        wanted = []  # two digits alone would find half of everything

    assert shown(support, page, q=term) == wanted


def test_part_of_a_word_finds_among_the_newest_and_says_so(support, world, other_world, page):
    order = world.make_order("A-77", customer_name="Rami Haddad")
    other_world.make_order("A-78", customer_name="Rami Haddad")

    answer = support.get(page(WorkflowRun), {"q": "hadd"})

    found = list(answer.context["cl"].result_list)
    assert found == [WorkflowRun.objects.get(subject_id=str(order.pk))]
    assert "These hold it as part of a word" in answer.content.decode()


def test_part_of_a_word_is_not_looked_for_in_a_whole_history(support, world, page, monkeypatch):
    world.make_order("A-77", customer_name="Rami Haddad")
    world.make_order("A-78", customer_name="Maya Khoury")
    monkeypatch.setattr("workflows.services.events.search.MAX_READ", 1)

    answer = support.get(page(WorkflowRun), {"q": "hadd"})

    assert list(answer.context["cl"].result_list) == []
    assert "Parts of words were looked for among the newest 1 only." in answer.content.decode()
    assert shown(support, page, q="haddad") != []


def test_the_tenants_id_in_front_of_the_keys_is_no_word(support, world, page):
    assert shown(support, page, q=str(world.tenant.pk)[-12:]) == []


def test_filters_narrow_what_a_search_found(support, world, page):
    world.end_run(world.run, "failed")
    again = world.make_order("again", customer_name=world.order.customer_name)
    waiting = WorkflowRun.objects.get(subject_id=str(again.pk))

    assert shown(support, page, q=world.secret) == [waiting, world.run]
    assert shown(support, page, q=world.secret, status="errors") == [world.run]
    assert shown(support, page, q=world.secret, status="live") == [waiting]
