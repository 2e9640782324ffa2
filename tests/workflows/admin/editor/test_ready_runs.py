"""What the light calls ready completes its dry run: random documents, many of them wrong."""

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.models.order import Order
from workflows.admin.editor.endpoints.check import checked
from workflows.admin.editor.endpoints.trial import tried
from workflows.admin.editor.form.shape import to_form
from workflows.models.run import WorkflowRun
from workflows.services.dry_run.run import dry_run
from workflows.services.dry_run.test_runs import sample_input

PATHS = st.sampled_from(
    [
        *("trigger.order_number", "trigger.order_id", "trigger.total_amount", "trigger.status"),
        *("trigger.customer_phone", "trigger.nothing", "tenant.name", "values.limit", "now"),
        *("steps.found.output.first", "steps.found.output.first.id", "steps.found.output.count"),
        *("steps.found.output.records", "steps.names.output.a", "item", "item.number", "item.id"),
        *("steps.ask.output.choice", "steps.found.output.first.customer_email"),
    ]
)
FILTERS = st.sampled_from(
    ["", "", "", " | upcase", " | plus: 1", " | default: '-'", " | date: '%Y'"]
)
VALUES = st.builds(lambda path, more: f"{{{{ {path}{more} }}}}", PATHS, FILTERS)
TEXTS = VALUES | st.builds("Dear {} and {}".format, VALUES, VALUES) | st.sampled_from(["x", ""])


def step(name, action, params):
    return st.fixed_dictionaries(
        {"name": st.just(name), "action": st.just(action), "params": params},
        optional={"on_error": st.just("continue")},
    )


def params(**members):
    return st.fixed_dictionaries(members)


ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "field": st.sampled_from(["number", "id", "status", "nothing"]),
            "operator": st.sampled_from(["equals", "not_equals", "greater_than"]),
            "value": VALUES | st.just("C-1"),
        },
    ),
    max_size=1,
)
FIND = step(
    "found",
    "find_records",
    params(table=st.just("orders"), where=ROWS, expect=st.sampled_from(["any", "one", "many"])),
)
UPDATE = step(
    "change",
    "update_record",
    params(
        table=st.just("orders"),
        id=VALUES,
        fields=st.dictionaries(
            st.sampled_from(["status", "note"]),
            st.sampled_from(["shipped", "", "gone"]) | VALUES,
            min_size=1,
        ),
    ),
)
NAMES = step("names", "set_values", params(values=params(a=VALUES)))
NOTE = step("note", "log_note", params(text=TEXTS))
ASK = step("ask", "approval", params(title=TEXTS, approvers=st.just(["role:operations"])))
WAIT = step("rest", "wait", st.just({"for": "2h"}))
EACH = step("each", "for_each", params(items=VALUES, steps=st.lists(NOTE, min_size=1, max_size=1)))
DOCUMENTS = st.tuples(
    *(st.none() | one for one in (FIND, NAMES, ASK, WAIT, UPDATE, EACH)), NOTE
).map(
    lambda steps: {
        "name": "Random",
        "trigger_type": "new_order",
        "language": 1,
        "values": {"limit": 5},
        "steps": [one for one in steps if one],
    }
)


@pytest.mark.parametrize("has_orders", [True, False])
def test_what_the_light_calls_ready_completes_its_dry_run(tenant, ops_user, has_orders):
    if has_orders:
        order = {"number": "C-1", "customer_name": "Rana", "customer_phone": "03 881 234"}
        Order.objects.create(tenant=tenant, total_amount="149.90", **order)
    WorkflowRun.objects.all().delete()
    seen = set()

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(DOCUMENTS)
    def every_document(document):
        cache.clear()
        form = to_form(document)
        light = tried(tenant, None, form)["state"]
        seen.add(str(light))
        assert (light == "invalid") == bool(checked(tenant, form)["problems"])
        if light == "ran":
            sample = sample_input(tenant, document)
            found = dry_run(tenant, document, sample["payload"], previous=sample["previous"])
            assert found.status in {"completed", "completed_with_errors"}
        assert not WorkflowRun.objects.exists()
        assert Order.objects.filter(status="shipped").count() == 0

    every_document()

    assert {"ran", "invalid"} <= seen
