"""Validation of templates and conditions: what they read has to exist."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest

ROW = {"field": "trigger.a", "operator": "equals", "value": 1}


def webhook(name="call", **step):
    return {"name": name, "action": "webhook", "params": {"url": "https://x"}, **step}


def calling(**params):
    return webhook(params={"url": "https://x", **params})


EARLIER = [
    {"name": "save", "action": "update_record", "params": {"table": "orders", "id": "1", "fields": {"status": "a"}}},
    webhook("maybe", condition={"all": [ROW]}),
    webhook("shaky", on_error="continue"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{{ trigger.order_id }}", None),
        ("{{ trigger.oder_id }}", "unknown_trigger_field"),
        ("{{ trigger.oder_id | default: 'x' }}", "unknown_trigger_field"),
        ("{{ trigger.order_id.size }}", None),
        ("{{ previous.nope }}", "unknown_trigger_field"),
        ("{{ steps.save.output.updated }}", None),
        ("{{ steps.save.output.updatd }}", "unknown_output_field"),
        ("{{ steps.save.status }}", None),
        ("{{ steps.save.result }}", "unknown_step_part"),
        ("{{ steps.sav.output }}", "unknown_step"),
        ("{{ steps.here.output }}", "later_step"),
        ("{{ steps.later.output }}", "later_step"),
        ("{{ steps.maybe.output }}", "may_be_missing"),
        ("{{ steps.maybe.output.x | default: 1 }}", None),
        ("{{ steps.maybe.output.x | skip_if_empty }}", None),
        ("{{ steps.maybe.output.x | upcase | default: 1 }}", "may_be_missing"),
        ("{% if steps.maybe.output %}{{ steps.maybe.output.x }}{% endif %}", None),
        ("{% if steps.shaky.output %}{{ steps.maybe.output.x }}{% endif %}", "may_be_missing"),
        ("{{ steps.shaky.output }}", "may_be_missing"),
        ("{{ steps.shaky.error.code }}", None),
        ("{{ values.vat }}", None),
        ("{{ values.vta }}", "unknown_value"),
        ("{{ values.vat[trigger.order_id] }}", None),
        ("{{ tenant.name }} {{ run.id }} {{ now }}", None),
        ("{{ tenant.names }}", "unknown_tenant_field"),
        ("{{ item.x }}", "no_item_here"),
        ("{{ secrets.key }}", "unknown_root"),
        ("{% for line in trigger.order_id %}{{ line.nope }}{% endfor %}", None),
        ("{{ trigger.order_id ", "template_syntax"),
    ],
)
def test_what_a_template_reads_has_to_exist(template, code, document_with, found):
    step = webhook("here", params={"url": "https://x", "body": {"a": [template]}})
    document = document_with(
        trigger_type="new_order", steps=[*EARLIER, step, webhook("later")], values={"vat": {}}
    )
    # The conditional step asks for a field that the event has.
    document["steps"][1] = webhook(
        "maybe", condition={"all": [{**ROW, "field": "trigger.order_id"}]}
    )

    expected = [("/steps/3/params/body/a/0", code)] if code else []
    assert found(document) == expected


@pytest.mark.parametrize(
    ("condition", "problems"),
    [
        ({"all": [{"field": "steps.maybe.output", "operator": "exists"}]}, []),
        ({"all": [{"field": "steps.maybe.status", "operator": "equals", "value": "completed"}]}, []),
        # The same condition as that of the step it reads.
        ({"all": [ROW]}, []),
        ({"all": [{**ROW, "value": 2}]}, [("/steps/1/params/url", "may_be_missing")]),
        (None, [("/steps/1/params/url", "may_be_missing")]),
    ],
)  # fmt: skip
def test_a_condition_can_vouch_for_an_earlier_step(condition, problems, document_with, found):
    steps = [
        webhook("maybe", condition={"all": [ROW]}),
        webhook("next", params={"url": "{{ steps.maybe.output.url }}"}, condition=condition),
    ]

    assert found(document_with(steps=steps)) == problems


@pytest.mark.parametrize("known", [True, False])
def test_with_several_events_a_field_has_to_be_in_one(known, document_with, found):
    step = calling(body="{{ trigger.extra }}")
    changes = {"also_on": ["anything"]} if known else {}
    document = document_with(trigger_type="new_order", steps=[step], **changes)

    expected = [] if known else [("/steps/0/params/body", "unknown_trigger_field")]
    assert found(document) == expected


@pytest.mark.parametrize(
    ("condition", "problems"),
    [
        ([], [("", "wrong_type")]),
        (ROW, [("", "bad_condition")]),
        ({"all": []}, [("/all", "empty")]),
        ({"all": ROW}, [("/all", "wrong_type")]),
        ({"all": [ROW], "any": [ROW]}, [("/any", "unknown_key")]),
        ({"all": [5]}, [("/all/0", "wrong_type")]),
        ({"all": [{}]}, [("/all/0/field", "required"), ("/all/0/operator", "required")]),
        ({"all": [{"any": [ROW, {**ROW, "operator": "is"}]}]}, [("/all/0/any/1/operator", "unknown_operator")]),
        ({"all": [{**ROW, "operator": ["equals"]}]}, [("/all/0/operator", "unknown_operator")]),
        ({"all": [{**ROW, "field": 5}]}, [("/all/0/field", "wrong_type")]),
        ({"all": [{**ROW, "field": "a b"}]}, [("/all/0/field", "bad_path")]),
        ({"all": [{**ROW, "field": "nope.x"}]}, [("/all/0/field", "unknown_root")]),
        ({"all": [{**ROW, "field": "{{ trigger.a | nope }}"}]}, [("/all/0/field", "unknown_filter")]),
        ({"all": [{**ROW, "value": "{{ nope.x }}"}]}, [("/all/0/value", "unknown_root")]),
        ({"all": [{**ROW, "extra": 1}]}, [("/all/0/extra", "unknown_key")]),
        ({"all": [{"field": "trigger.a", "operator": "equals"}]}, [("/all/0/value", "operator_needs_value")]),
        ({"all": [{**ROW, "value": None}]}, []),
        ({"all": [{**ROW, "operator": "greater_than", "value": None}]}, [("/all/0/value", "operator_needs_value")]),
        ({"all": [{**ROW, "operator": "greater_than", "value": []}]}, [("/all/0/value", "not_comparable")]),
        ({"all": [{**ROW, "operator": "exists"}]}, [("/all/0/value", "operator_takes_no_value")]),
        ({"all": [{**ROW, "operator": "in"}]}, [("/all/0/value", "operator_wants_list")]),
        ({"all": [{**ROW, "operator": "in", "value": "{{ trigger.l }}"}]}, []),
        ({"all": [{**ROW, "operator": "between", "value": [1]}]}, [("/all/0/value", "operator_wants_pair")]),
        ({"all": [{**ROW, "operator": "older_than", "value": "3 days"}]}, [("/all/0/value", "operator_wants_duration")]),
        ({"all": [{**ROW, "operator": "before", "value": "03/04/2026"}]}, [("/all/0/value", "operator_wants_date")]),
        ({"all": [{**ROW, "operator": "crosses_below", "value": "five"}]}, [("/all/0/value", "operator_wants_number")]),
        ({"all": [{"field": "run.id", "operator": "changed"}]}, [("/all/0/field", "needs_trigger_field")]),
        ({"any": [ROW] * 101}, [("", "too_many")]),
    ],
)  # fmt: skip
def test_conditions(condition, problems, document_with, found):
    document = document_with(steps=[webhook(condition=condition)])

    assert found(document) == [(f"/steps/0/condition{path}", code) for path, code in problems]


@pytest.mark.parametrize(
    ("row", "problems"),
    [
        (ROW, []),
        ({**ROW, "field": "previous.a"}, []),
        ({"field": "trigger.a", "operator": "changed"}, []),
        ({**ROW, "field": "{{ trigger.a }}"}, [("/field", "filter_takes_trigger_only")]),
        ({**ROW, "field": "tenant.name"}, [("/field", "filter_takes_trigger_only")]),
        ({**ROW, "field": "steps.a.output"}, [("/field", "filter_takes_trigger_only")]),
        ({**ROW, "value": "{{ trigger.b }}"}, [("/value", "filter_takes_no_template")]),
        ({**ROW, "operator": "in", "value": [1, "{{ trigger.b }}"]}, [("/value", "filter_takes_no_template")]),
    ],
)  # fmt: skip
def test_the_trigger_filter_reads_the_event_only(row, problems, document_with, found):
    document = document_with(trigger_filter={"all": [row]})

    assert found(document) == [(f"/trigger_filter/all/0{path}", code) for path, code in problems]
