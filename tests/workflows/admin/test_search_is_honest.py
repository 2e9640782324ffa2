"""What a list's search answers is right, the newest first, and complete or marked as cut off.

Words, statuses, workflows and dates are drawn at random, and the limits are so small that most
answers are cut. What is true is asked of the database itself, by one plain statement.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.core.database.ids import lowest_id_at
from workflows.models.definition import WorkflowDefinition
from workflows.models.event import WorkflowEvent
from workflows.models.run import WorkflowRun

NAMES = ("karim", "haddad", "zeina", "khoury", "zbigniew", "usd")
OFTEN = (0.4, 0.3, 0.15, 0.1, 0.02, 1.0)
STATUSES = ("completed", "failed", "cancelled", "queued")
KINDS = ("new_order", "order_updated")
FIRST_DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS, EVENTS = 10, 150
TRUTH = """
SELECT found.id FROM {table} AS found JOIN workflow_events AS event ON event.id = {event}
WHERE found.tenant_id = %(tenant)s AND {narrowed}
AND NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word WHERE NOT {holds})
ORDER BY found.id DESC
"""
EXACTLY = "%(tenant)s || ':' || word = ANY (event.search_keys)"
PARTLY = """EXISTS (SELECT FROM unnest(event.search_keys) AS key
    WHERE position(word IN replace(key, %(tenant)s || ':', '')) > 0)"""
TERMS = st.lists(
    st.sampled_from([*NAMES, "hadd", "zbig", "ari", "nobody"]), min_size=1, max_size=2, unique=True
)
DATES = st.one_of(
    st.none(),
    st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).map(lambda days: tuple(sorted(days))),
)
LIMITS = st.fixed_dictionaries(
    {"MAX_FOUND": st.sampled_from([3, 400]), "MAX_MATCHED": st.sampled_from([8, 400]),
     "MAX_READ": st.sampled_from([20, 400])}
)  # fmt: skip


def make_history(tenants):
    chance = Random(7)
    definitions = {
        one: [WorkflowDefinition.objects.create(tenant=one, key=key, name=key) for key in "vw"]
        for one in tenants
    }
    moments = sorted(chance.random() * DAYS for _ in range(EVENTS))
    for tenant in tenants:
        events, runs = [], []
        for past in moments:
            moment = FIRST_DAY + timedelta(days=past)
            row_id = UUID(int=lowest_id_at(moment).int + chance.getrandbits(60))
            words = [name for name, often in zip(NAMES, OFTEN, strict=True)
                     if chance.random() < often]  # fmt: skip
            keys = [f"{tenant.pk}:{word}" for word in words]
            kind = chance.choice(KINDS)
            events.append(WorkflowEvent(id=row_id, tenant=tenant, type=kind, search_keys=keys))
            if kind == "order_updated" and chance.random() < 0.8:
                continue
            status = chance.choice(STATUSES)
            runs.append(
                WorkflowRun(
                    id=row_id, tenant=tenant, definition=chance.choice(definitions[tenant]),
                    version=1, event_id=row_id, status=status,
                    due_at=moment if status == "queued" else None,
                    error_fingerprint="f" if status == "failed" else None,
                )
            )  # fmt: skip
        WorkflowEvent.objects.bulk_create(events)
        WorkflowRun.objects.bulk_create(runs)
    return [str(one.pk) for one in definitions[tenants[0]]]


def truth(model, tenant, words, narrowed):
    """Return the ids of all rows that hold the words, or else that hold them as parts."""
    is_run = model is WorkflowRun
    for holds in (EXACTLY, PARTLY):
        conditions = [f"found.{name} = %({name})s" for name in narrowed if name[:4] != "day_"]
        if "day_first" in narrowed:
            conditions.append("found.id >= %(day_first)s AND found.id < %(day_last)s")
        asked = TRUTH.format(
            table=model._meta.db_table,
            event="found.event_id" if is_run else "found.id",
            narrowed=" AND ".join(conditions) or "true",
            holds=holds,
        )
        with connection.cursor() as cursor:
            facts = {**narrowed, "tenant": str(tenant.pk), "words": words}
            cursor.execute(asked.replace("= %(tenant)s AND", "= %(tenant)s::uuid AND"), facts)
            found = [row[0] for row in cursor.fetchall()]
        if found:
            return found
    return []


def asked_for(model, narrowed):
    """Return the parameters of the list that narrow it like that."""
    names = {"status": "status", "definition_id": "workflow", "type": "type"}
    return {names[name]: value for name, value in narrowed.items() if name in names}


@pytest.mark.parametrize("model", [WorkflowRun, WorkflowEvent])
def test_a_search_is_complete_or_says_that_it_is_not(
    model, support, support_user, tenant, other_tenant, page, monkeypatch
):
    support_user.time_zone = "UTC"
    support_user.save()
    workflows = make_history([tenant, other_tenant])
    if model is WorkflowRun:
        filters = st.fixed_dictionaries(
            {}, optional={"status": st.sampled_from(STATUSES),
                          "definition_id": st.sampled_from(workflows)}
        )  # fmt: skip
    else:
        filters = st.fixed_dictionaries({}, optional={"type": st.sampled_from(KINDS)})
    seen = set()

    @settings(max_examples=25, database=None)
    @given(words=TERMS, narrowed=filters, days=DATES, limits=LIMITS)
    def check(words, narrowed, days, limits):
        for name, limit in limits.items():
            monkeypatch.setattr(f"workflows.services.events.search.{name}", limit, raising=False)
        narrowed, query = dict(narrowed), {"q": " ".join(words), **asked_for(model, narrowed)}
        if days is not None:
            first, last = (FIRST_DAY.date() + timedelta(days=day) for day in days)
            query |= {"made_from": first.isoformat(), "made_to": last.isoformat()}
            start = datetime.combine(first, datetime.min.time(), tzinfo=UTC)
            end = datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
            narrowed |= {"day_first": lowest_id_at(start), "day_last": lowest_id_at(end)}
        expected = truth(model, tenant, words, narrowed)

        answer = support.get(page(model), query)

        content = answer.content.decode()
        shown = [row.pk for row in answer.context["cl"].queryset]
        is_marked = "Only the newest" in content or ("newest" in content and "only" in content)
        assert shown == expected[: len(shown)], (query, limits)
        assert shown == expected or is_marked, (query, limits)
        if is_marked:
            assert "At least" in content or "More than" in content or "None yet" in content
        seen.add(("marked" if is_marked else "complete", bool(shown)))

    check()
    # Else the limits, or the words, were not such that anything was shown.
    assert {("marked", True), ("complete", True), ("complete", False)} <= seen
