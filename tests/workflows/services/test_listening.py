"""What decides about an event at firing: the database's clock, asked only if something reads it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tenants.models.order import Order
from tests.support.definitions import publish_log
from workflows.definition.conditions import may_read_clock
from workflows.definition.operators import OPERATORS, Sides
from workflows.definition.templates.filters.dates import DATE_FILTERS
from workflows.models.run import WorkflowRun
from workflows.services.events import evaluation as listening
from workflows.services.events.drafts import EventDraft
from workflows.services.events.fire import fire, fire_all

pytestmark = pytest.mark.django_db

# All hold of a row that was saved a moment ago.
TRUE_NOW = {
    "within_last": {"field": "trigger.at", "operator": "within_last", "value": "1h"},
    "older_than": {"field": "trigger.at", "operator": "older_than", "value": "0s"},
    "within_next": {"field": "trigger.soon", "operator": "within_next", "value": "1h"},
}


@pytest.fixture(params=[-timedelta(seconds=2), -timedelta(milliseconds=5), timedelta(hours=3)])
def host_clock(request, monkeypatch):
    """Let this host's clock be wrong."""
    right = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: right() + request.param)


@pytest.fixture
def questions(monkeypatch):
    """Count how often the database is asked for its time."""
    asked, ask = [], listening.database_clock

    def counted():
        asked.append(ask())
        return asked[-1]

    monkeypatch.setattr(listening, "database_clock", counted)
    return asked


@pytest.mark.parametrize("name", TRUE_NOW)
def test_a_filter_goes_by_the_databases_clock(tenant, host_clock, name):
    publish_log(tenant, "one", "tea", trigger_filter={"all": [TRUE_NOW[name]]})
    saved_at = Order.objects.create(tenant=tenant, number="1").created_at
    payload = {
        "at": saved_at,
        "soon": saved_at + timedelta(minutes=59),
    }

    [evaluation] = fire(tenant, "tea", payload).evaluations

    assert (evaluation.reason, evaluation.details) == ("started", {})


def test_a_key_goes_by_the_databases_clock(tenant, host_clock):
    publish_log(
        tenant,
        "one",
        "tea",
        settings={"concurrency_key": "{{ trigger.word | date: '%Y-%m-%dT%H' }}"},
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_char(clock_timestamp() AT TIME ZONE %s, 'YYYY-MM-DD\"T\"HH24')",
            [tenant.time_zone],
        )
        [hour] = cursor.fetchone()

    fire(tenant, "tea", {"word": "now"})

    assert WorkflowRun.objects.get().lane == hour


def test_who_reads_no_clock_asks_none(tenant, questions):
    publish_log(
        tenant,
        "one",
        "tea",
        trigger_filter={"all": [{"field": "trigger.cups", "operator": "greater_than", "value": 1}]},
        settings={"concurrency_key": "{{ trigger.cups }}"},
    )

    fire(tenant, "tea", {"cups": 2})

    assert (WorkflowRun.objects.count(), questions) == (1, [])


def test_many_events_of_one_call_ask_once(tenant, questions):
    for key in ("one", "two"):
        publish_log(tenant, key, "tea", trigger_filter={"all": [TRUE_NOW["within_last"]]})
    at = timezone.now().isoformat()

    fire_all(tenant.facts(), [EventDraft("tea", {"at": at}) for _ in range(5)])

    assert (WorkflowRun.objects.count(), len(questions)) == (10, 1)


class Watched(Exception):
    """The clock was read."""


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_that_reads_the_clock_is_known(name):
    condition = {"field": "trigger.at", "operator": name, "value": "1h"}

    assert may_read_clock(condition) or not reads_clock(
        lambda clock: OPERATORS[name].decide(
            Sides("at", "2026-01-01T00:00:00Z", "1h", clock, timezone.utc, "2026", "previous")
        )
    )


def reads_clock(act):
    class Clock:
        def __sub__(self, other):
            raise Watched

        __rsub__ = astimezone = __lt__ = __gt__ = __sub__

    try:
        act(Clock())
    except Watched:
        return True
    except Exception:  # noqa: BLE001  # the value does not fit the operator: no matter
        return False
    return False


@pytest.mark.parametrize("name", [one.name for one in DATE_FILTERS])
def test_every_filter_that_reads_the_clock_is_known(name):
    text = f"{{{{ trigger.word | {name}: '1 day' }}}}"

    assert may_read_clock({"all": [{"field": text, "operator": "equals", "value": 1}]})
    assert may_read_clock(["{{ now }}", None])
    assert not may_read_clock([{"literal": "{{ trigger.cups | plus: 1 }}"}, None, 7])
