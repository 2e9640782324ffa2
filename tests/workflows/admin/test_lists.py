"""What lists are asked: days, pages behind the last, odd values, records; and whom they name."""

from datetime import UTC, datetime, timedelta

import pytest

from tenants.core.database.ids import lowest_id_at
from tenants.models.order import Order
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun


def shown(client, page, model, **asked):
    """Return the rows that the list shows."""
    return [row.pk for row in client.get(page(model), asked).context["cl"].result_list]


@pytest.fixture
def days(support_user, world):
    """A run, its event and an order at noon of each of the first nine days of March."""
    support_user.time_zone = "Asia/Riyadh"
    support_user.save()
    WorkflowRun.objects.all().delete()
    made = []
    for day in range(1, 10):
        row_id = lowest_id_at(datetime(2026, 3, day, 12, tzinfo=UTC))
        WorkflowRun.objects.create(
            id=row_id, tenant=world.tenant, definition=world.definition, version=1
        )
        made.append(row_id)
    return made


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({"made_from": "2026-03-03", "made_to": "2026-03-05"}, 3, 5),
        ({"made_from": "2026-03-05", "made_to": "2026-03-03"}, 3, 5),
        ({"made_from": "2026-03-07"}, 7, 9),
        ({"made_to": "2026-03-02"}, 1, 2),
        ({"made_from": "0001-01-01", "made_to": "9999-12-31"}, 1, 9),
        ({"made": "today", "made_from": "2026-03-03", "made_to": "2026-03-03"}, 3, 3),
        ({"made_from": "3.3.2026"}, 1, 9),
        ({"made_from": "2026-02-30", "made_to": "2026-03-02"}, 1, 2),
    ],
)
def test_any_days_from_the_one_to_the_other(asked, first, last, support, days, page):
    assert shown(support, page, WorkflowRun, **asked) == days[first - 1 : last][::-1]


def test_days_begin_at_midnight_where_the_reader_is(support, days, world, page):
    late = lowest_id_at(datetime(2026, 3, 2, 21, 30, tzinfo=UTC))  # 0:30 of the third in Riyadh
    WorkflowRun.objects.create(id=late, tenant=world.tenant, definition=world.definition, version=1)

    asked = {"made_from": "2026-03-03", "made_to": "2026-03-03"}

    assert shown(support, page, WorkflowRun, **asked) == [days[2], late]


def test_the_oldest_come_first_if_somebody_wants_that(support, days, page):
    columns = support.get(page(WorkflowRun)).context["cl"].list_display
    place = columns.index("started")

    assert shown(support, page, WorkflowRun, o=f"{place}") == days
    assert shown(support, page, WorkflowRun, o=f"-{place}") == days[::-1]
    # No index holds the status in its order.
    assert shown(support, page, WorkflowRun, o=f"{columns.index('state')}") == days[::-1]


def test_the_last_page_leads_on_to_older_ones(support, days, page, monkeypatch):
    monkeypatch.setattr("tenants.admin.lists.MAX_COUNTED", 4)
    monkeypatch.setattr("workflows.admin.runs.admin.RunAdmin.list_per_page", 2)
    asked, seen = {}, []

    while asked is not None:
        changes = support.get(page(WorkflowRun), asked).context["cl"]
        seen += [run.pk for run in changes.result_list]
        if changes.page_num < changes.paginator.num_pages:
            asked = {**asked, "p": changes.page_num + 1}
        else:
            older = changes.older_query
            asked = {"before": older.removeprefix("?before=")} if older else None

    assert seen == days[::-1]


def test_a_page_that_does_not_exist_says_so(support, days, page, monkeypatch):
    monkeypatch.setattr("workflows.admin.runs.admin.RunAdmin.list_per_page", 2)
    answer = support.get(page(WorkflowRun), {"p": "77"})

    assert "There is no such page" in answer.content.decode()
    assert [run.pk for run in answer.context["cl"].result_list] == days[:6:-1]


@pytest.mark.parametrize(
    "asked",
    [
        {"made": "junk"},
        {"made_from": "yesterday"},
        {"made_to": "2026-13-01"},
        {"before": "x"},
        {"status": "junk"},
        {"workflow": "junk"},
        {"trigger": "junk"},
    ],
)
def test_a_value_that_is_no_choice_is_ignored_with_a_word(asked, support, days, page):
    answer = support.get(page(WorkflowRun), asked)

    assert "it was ignored" in answer.content.decode()
    assert [run.pk for run in answer.context["cl"].result_list] == days[::-1]


def test_a_look_up_that_no_list_offers_leads_to_the_whole_list_with_a_word(support, days, page):
    answer = support.get(page(WorkflowRun), {"error_message__icontains": "x"}, follow=True)

    assert "The address asked for what this list does not offer" in answer.content.decode()


def test_a_count_says_that_rows_were_left_out(support, world, page, monkeypatch):
    monkeypatch.setattr("tenants.admin.lists.LOOKED_AT", 1)
    world.make_order("second")
    world.end_run(world.run, "cancelled")
    newer = WorkflowRun.objects.exclude(pk=world.run.pk).get()
    world.end_run(newer, "skipped")

    assert (
        "At least 1 runs" in support.get(page(WorkflowRun), {"status": "skipped"}).content.decode()
    )
    none = support.get(page(WorkflowRun), {"status": "cancelled"}).content.decode()
    assert "None yet: older ones were not looked at." in none


def test_a_search_without_a_hit_says_how_far_it_looked(support, world, page, monkeypatch):
    monkeypatch.setattr("workflows.services.events.search.MAX_READ", 0)

    for model in (WorkflowRun, WorkflowEvent):
        content = support.get(page(model), {"q": "nowhere"}).content.decode()
        assert "Parts of words were looked for among the newest 0 only." in content


def test_a_records_history_is_asked_for_by_the_record(support, world, other_world, page):
    world.make_order("another")
    about = f"orders:{world.order.pk}"
    order = support.get(page(world.order)).content.decode()

    assert f"about=orders%3A{world.order.pk}" in order
    assert f"?q={world.order.pk}" not in order
    assert shown(support, page, WorkflowEvent, about=about) == [world.event.pk]
    assert shown(support, page, WorkflowRun, about=about) == [world.run.pk]
    assert shown(support, page, WorkflowRun, about=f"orders:{other_world.order.pk}") == []
    assert shown(support, page, WorkflowRun, about="junk") == []
    assert 'value=""' in support.get(page(WorkflowEvent), {"about": about}).content.decode()


@pytest.mark.parametrize(
    "typed", ["#C-1019", "order c1019", "C1019", "C 1019", "c-1019", "طلب c1019"]
)
def test_orders_runs_and_events_are_found_by_a_number_as_typed(typed, support, world, page):
    order = world.make_order("C-1019", customer_name="x")
    run = WorkflowRun.objects.get(subject_id=str(order.pk))

    assert shown(support, page, Order, q=typed) == [order.pk]
    assert shown(support, page, WorkflowRun, q=typed) == [run.pk]
    assert shown(support, page, WorkflowEvent, q=typed) == [run.event_id]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("708812", "70 88 12"),
        ("+961 3 881 234", "03 881 234"),
        ("009613881234", "03 881 234"),
        ("03/881234", "+9613881234"),
        ("\u0667\u0660\u0668\u0668\u0661\u0662", "70-88-12"),
    ],
)
def test_orders_and_runs_are_found_by_a_phone_as_typed(typed, stored, support, world, page):
    order = world.make_order("C-1019", customer_phone=stored)
    run = WorkflowRun.objects.get(subject_id=str(order.pk))

    assert shown(support, page, Order, q=typed) == [order.pk]
    assert shown(support, page, WorkflowRun, q=typed) == [run.pk]


@pytest.mark.parametrize("typed", ["عبدالله", "عبد الله", "العتيبى", "عبدالله العتيبي"])
def test_orders_and_runs_are_found_by_a_name_as_typed(typed, support, world, page):
    order = world.make_order("C-1019", customer_name="عبد الله العتيبي")
    run = WorkflowRun.objects.get(subject_id=str(order.pk))

    assert shown(support, page, Order, q=typed) == [order.pk]
    assert shown(support, page, WorkflowRun, q=typed) == [run.pk]


def test_filters_of_orders_apply_before_a_search_is_cut(support, world, page, monkeypatch):
    monkeypatch.setattr("tenants.admin.order_search.MAX_FOUND", 2)
    old = world.make_order("C-1", status="refunded", customer_name="Karim")
    for number in range(2, 5):
        world.make_order(f"C-{number}", customer_name="Karim")

    for typed in ("C-", "karim"):
        assert shown(support, page, Order, q=typed, status__exact="refunded") == [old.pk]
        content = support.get(page(Order), {"q": typed}).content.decode()
        assert "Only the newest 2 are shown." in content
        assert "More than 2 orders" in content


def test_people_are_named_not_their_logins(support, support_user, ops_user, world, page):
    ops_user.first_name, ops_user.last_name = "Jad", "Rahme"
    ops_user.save()
    actor = f"user:{ops_user.get_username()}"
    WorkflowRun.objects.filter(pk=world.run.pk).update(actor=actor)
    WorkflowEvent.objects.filter(pk=world.event.pk).update(actor=actor)
    world.version.published_by = actor
    world.version.save()
    world.approval.decided_by, world.approval.decided_at = actor, datetime.now(UTC)
    world.approval.save()

    for address in (
        page(world.run), page(WorkflowEvent), page(world.event), page(world.version),
        f"{page(type(world.approval))}?state=decided",
    ):  # fmt: skip
        assert "Jad Rahme" in support.get(address).content.decode(), address
    ops_user.first_name = "Jad Antoun"
    ops_user.save()
    assert "Jad Antoun Rahme" in support.get(page(world.run)).content.decode()


def test_dates_have_one_form(support, support_user, world, page):
    support_user.time_zone = "Asia/Beirut"
    support_user.save()
    Order.objects.filter(pk=world.order.pk).update(
        created_at=datetime(2026, 3, 1, 10, 5, 59, tzinfo=UTC) - timedelta(days=400)
    )

    assert "25 Jan 2025 12:05" in support.get(page(Order)).content.decode()
    assert "25 Jan 2025 12:05" in support.get(page(world.order)).content.decode()
