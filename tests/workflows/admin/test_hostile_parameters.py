"""Whatever stands in the address of a list: the list, or the list without it; never an error.

And nothing that the list does not offer is asked of the database.
"""

import re
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.admin.offered import OfferedLookups, offered
from workflows.models.run import WorkflowRun

EVERY = sorted(admin.site._registry, key=lambda model: model._meta.label)
NUL = "\x00"
HUGE = "9" * 30
VALUES = ["", "x", "(", "'", "%", "\\", HUGE, "9" * 5000, "-1", "1e5000", NUL, f"a{NUL}", "ä" * 300]
VALUES += ["[]", "{}", "None", "True", "0001-01-01", "9999-12-31", "\ud7ff", "\u202e", "null"]
NAMES = ["q", "p", "o", "all", "e", "_popup", "_facets", "made", "status", "tenant", "mistake"]
NAMES += ["part_of", "workflow", "trigger", "type", "state", "archive", "no_such", "a__b__c", "__"]
SHAPES = [
    {"status": "cancelled", "made": "x"},
    {"made": "30", "status": "skipped"},
    {"o": "1.2.-3"},
    {"o": "-" + HUGE},
    {"o": "99.x..-"},
    {"p": HUGE, "e": "1"},
    {"p": "0", "e": "1"},
    {"q": "x" * 1_000_000},
    {"q": "a b " * 100_000},
    {"q": f"{NUL}", "status": "cancelled"},
    {"q": "'\"\\%_"},
    {"_changelist_filters": "status=(&x"},
    {"is_active__exact": "abc"},
    {"revoked__exact": "abc", "e": "1"},
    {"status__exact": "zzz"},
    {"status__isnull": "zzz"},
    {"_to_field": "no_such"},
]
# The end of a look-up, and what breaks it.
LOOKUPS = [
    ("__regex", "("),
    ("__iregex", "(?<"),
    ("__startswith", "a"),
    ("__icontains", "a"),
    ("__year", "99999999999"),
    ("__gte", "x"),
    ("__in", "1,2"),
    ("__isnull", "x"),
    ("__range", "1"),
    ("__id__exact", "x"),
    ("__tenant__name__startswith", "N"),
    ("__no_such", "x"),
    ("", "x"),
]
ALONE = [{name: f"x{NUL}"} for name in NAMES]
# All at once: one that is read badly is enough.
ASKED = SHAPES + [dict.fromkeys(NAMES, value) for value in VALUES]


@pytest.fixture
def root(db):
    """Somebody who sees every list."""
    return get_user_model().objects.create_superuser("root", password="root")


@pytest.fixture(params=["ops", "root"])
def reader(request, client, ops_user, root, world):
    """A browser of each role, in which a mistake of ours is an answer and no exception."""
    people = {"ops": ops_user, "root": root}
    client.force_login(people[request.param])
    client.raise_request_exception = False
    return client


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def is_shown(model, reader):
    """Say whether the reader may see the list at all: if not, no parameter is looked at."""
    return reader.get(list_of(model)).status_code == 200


def is_fine(answer):
    return answer.status_code in {200, 302, 400, 403, 404}


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model._meta.label)
def test_a_hostile_parameter_never_breaks_a_list(model, reader, request):
    broken = []
    # Who is shown all lists is asked less: the parameters are read by the same code.
    everything = ALONE + ASKED if "ops" in request.node.callspec.id else ASKED[::2]
    for asked in everything if is_shown(model, reader) else ASKED[:2]:
        answer = reader.get(list_of(model), asked)
        if not is_fine(answer) or b"database installation" in answer.content:
            broken.append((answer.status_code, {k: v[:20] for k, v in asked.items()}))

    assert not broken


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model._meta.label)
def test_a_hostile_look_up_is_never_asked_of_the_database(model, reader):
    columns = [field.name for field in model._meta.get_fields()] + ["pk", "tenant_id"]
    shown_by = admin.site.get_model_admin(model)
    for ending, value in LOOKUPS if is_shown(model, reader) else LOOKUPS[:1]:
        asked = {name + ending: value for name in columns}
        asked = {name: value for name in asked if name not in offered(shown_by, None)}
        if not asked:
            continue

        # The first answer leads to the list without them; asked to stay, it leaves them out.
        led, stayed = reader.get(list_of(model), asked), None
        with CaptureQueriesContext(connection) as statements:
            stayed = reader.get(list_of(model), {**asked, "e": "1"})

        assert not any(shown_by.lookup_allowed(one, value, led.wsgi_request) for one in asked)
        assert is_fine(led)
        assert led.status_code != 302 or led.url.endswith("?e=1") or "login" in led.url
        assert is_fine(stayed)
        assert not [name for name in columns if _filters_on(model, name, statements)]


def _filters_on(model, name, asked):
    """Whether the rows were narrowed by the column, other than by what the list always asks."""
    if name in {"pk", "id", "tenant", "tenant_id"}:
        return False
    table, column = model._meta.db_table, f'"{model._meta.db_table}"."{name}"'
    narrowed = [
        one["sql"].partition(" WHERE ")[2]
        for one in asked.captured_queries
        if f'FROM "{table}"' in one["sql"]
    ]
    always = {
        "paused_at",
        "archived_at",
        "decided_at",
        "closed_at",
        "expires_at",
        "parent_run",
        "success",
    }
    return name not in always and any(
        re.search(re.escape(column) + r"(::\w+)? (=|LIKE|~|IN|>|<|BETWEEN|IS)", where)
        for where in narrowed
    )


def test_a_list_is_only_sorted_where_it_offers_that(reader):
    for model in EVERY:
        usual = reader.get(list_of(model))
        shown_by = admin.site.get_model_admin(model)
        if usual.status_code != 200 or shown_by.sortable_by != ():
            continue
        for place in range(1, 8):
            answer = reader.get(list_of(model), {"o": str(place)})

            orders = answer.context["cl"].queryset.query.order_by
            assert orders == usual.context["cl"].queryset.query.order_by, model


@pytest.mark.parametrize("key", ["x", HUGE, f"a{NUL}b", "%", "_5", "ä" * 300, "a/b/change"])
def test_a_hostile_key_is_that_of_no_row(key, reader):
    for model in EVERY:
        endings = ("change/", "history/", "delete/", "")
        for ending in endings if is_shown(model, reader) else endings[:1]:
            answer = reader.get(f"{list_of(model)}{quote(key)}/{ending}")

            assert is_fine(answer), (model, ending)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model._meta.label)
def test_hostile_choices_of_rows_do_nothing(model, reader):
    shown_by = admin.site.get_model_admin(model)
    # What is offered, and one that is not.
    for action in [*(shown_by.actions or ()), "no_such"]:
        for chosen, index in (("x", "0"), (HUGE, "x"), (NUL, "-9"), ("é", "0"), ("1", "x")):
            sent = {"action": action, "_selected_action": chosen, "index": index}
            answer = reader.post(list_of(model), sent)

            assert is_fine(answer), (action, chosen)


@pytest.mark.parametrize(
    "address",
    [
        "/admin/r/1/xyz/",
        "/admin/r/x/y/",
        f"/admin/r/{HUGE}/{HUGE}/",
        "/admin/r/1/a%00/",
        "/admin/autocomplete/",
        "/admin/autocomplete/?app_label=tenants&model_name=membership&field_name=tenant&term=a%00",
        "/admin/autocomplete/?app_label=tenants&model_name=membership&field_name=tenant&page=x",
        "/admin/autocomplete/?app_label=tenants&model_name=membership&field_name=user&term="
        + "a%20" * 5000,
        "/admin/autocomplete/?app_label=x%00&model_name=y&field_name=z",
        "/admin/jsi18n/?x=%00",
        "/admin/%00/",
        "/admin/my-settings/?x=%00",
        "/admin/?x=(",
        "/approvals/a%00/",
        "/approvals/" + "a" * 5000 + "/",
    ],
)
def test_a_hostile_address_is_no_page(address, reader):
    assert is_fine(reader.get(address))


def test_a_hostile_next_leads_to_no_page_that_is_not_there(client, ops_user):
    for following in ("", "https://evil.example/", "x", "//evil.example", "/\\evil.example"):
        sent = {"username": "ops", "password": "ops", "next": following}
        answer = client.post("/admin/login/", sent)

        assert answer.status_code in {200, 302}
        assert answer.status_code == 200 or "evil" not in answer.url
        assert answer.status_code == 200 or "profile" not in answer.url
        client.logout()


def test_every_list_refuses_what_it_does_not_offer():
    """A page that somebody registers with Django's own class would take any look-up again."""
    for shown_by in admin.site._registry.values():
        assert isinstance(shown_by, OfferedLookups)
        assert shown_by.date_hierarchy is None


def test_a_junk_date_is_none_for_the_newest_rows(support, world, page, monkeypatch):
    monkeypatch.setattr("tenants.admin.lists.LOOKED_AT", 1)
    world.end_run(world.run, "cancelled")
    newer = WorkflowRun.objects.get(subject_id=str(world.make_order("newer").pk))
    world.end_run(newer, "skipped")

    for made in ("x", NUL, "31", "", "TODAY"):
        answer = support.get(page(WorkflowRun), {"status": "cancelled", "made": made})
        assert list(answer.context["cl"].result_list) == []
