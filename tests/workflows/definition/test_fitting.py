"""What can never go well: another table's record, a whole record as text, an empty choice."""

import pytest

from workflows.definition.catalogue import ActionSignature, Catalogue, TableSignature
from workflows.definition.validate import validate

ID = {"type": "string", "format": "uuid"}
INVOICES: dict[str, dict[str, object]] = {
    "id": {**ID, "x-record": "invoices", "x-needed": True},
    "number": {"type": "string", "x-needed": True},
    "status": {"type": "string", "enum": ["unpaid", "paid"], "x-needed": True},
    "note": {"type": "string"},
    "order": {**ID, "x-record": "orders"},
}
PAYMENT = {
    "type": "object",
    "properties": {
        "payment_id": {**ID, "x-record": "payments"},
        "invoice_id": {**ID, "x-record": "invoices"},
        "amount": {"type": "string", "format": "decimal"},
        "paid_on": {"type": "string", "format": "date"},
        "kind": {"type": "string", "enum": ["card", "cash"]},
        "count": {"type": "integer"},
        "reference": {"type": "string"},
        "payer": {"type": "object"},
        "lines": {"type": "array"},
        "any": {},
    },
}
ROW = {"x-row-of": "table", "x-columns-in": "fields"}
FIND = ActionSignature(
    {
        "type": "object",
        "properties": {
            "table": {"type": "string", "x-table": True},
            "where": {"type": "array", "x-readable-fields-of": "table"},
            "fields": {"type": "array"},
        },
    },
    {
        "type": "object",
        "properties": {
            "records": {"type": "array", "items": {"type": "object", **ROW}},
            "first": {"type": ["object", "null"], **ROW},
        },
    },
)
UPDATE = ActionSignature(
    {
        "type": "object",
        "properties": {
            "table": {"type": "string", "x-table": True},
            "id": {"type": "string", "x-text": "plain", "x-record-of": "table"},
            "fields": {
                "type": "object",
                "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                "x-fields-of": "table",
            },
        },
    },
    {"type": "object", "properties": {"id": {"type": "string", "x-record-of": "table"}}},
)
SEND = ActionSignature(
    {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "number": {"type": "number"},
            "body": {},
            "template": {"type": "string"},
            "template_vars": {"type": "object", "x-parameters-of": "template"},
        },
    }
)
SET = ActionSignature(
    {"type": "object", "properties": {"values": {"type": ["object", "string"]}}},
    {"type": "object", "additionalProperties": True, "x-named-in": "values"},
)
COLUMNS = frozenset(INVOICES)
CATALOGUE = Catalogue(
    actions={"find": FIND, "update": UPDATE, "send": SEND, "set": SET},
    events={"payment": PAYMENT},
    tables={
        "invoices": TableSignature(COLUMNS, COLUMNS - {"id"}, COLUMNS, INVOICES),
        "payments": TableSignature(frozenset({"id"}), frozenset(), columns={"id": ID}),
        "orders": TableSignature(frozenset({"id"}), frozenset(), columns={"id": ID}),
    },
    asked={"paid": {"order_id": True, "total": True, "note": False}},
)


def problems(*steps, **more):
    document = {"name": "x", "trigger_type": "payment", "steps": list(steps), **more}
    return [(one.path, str(one.code)) for one in validate(document, CATALOGUE)]


def step(name, action, **params):
    return {"name": name, "action": action, "params": params}


def update(record, fields=None):
    return step(
        "change", "update", table="invoices", id=record, fields=fields or {"status": "paid"}
    )


FOUND = step("found", "find", table="invoices")


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("{{ trigger.invoice_id }}", None),
        ("{{trigger.invoice_id}}", None),
        ("{{ trigger.payment_id }}", "other_record"),
        ("{{ trigger.amount }}", "no_record"),
        ("{{ trigger.paid_on }}", "no_record"),
        ("{{ trigger.kind }}", "no_record"),
        ("{{ trigger.count }}", "no_record"),
        ("{{ trigger.reference }}", None),
        ("{{ trigger.any }}", None),
        ("{{ trigger.payer }}", "whole_record"),
        ("{{ trigger.lines }}", "whole_list"),
        ("{{ steps.found.output.first }}", "whole_record"),
        ("{{ steps.found.output.records }}", "whole_list"),
        ("{{ steps.found.output.first.id }}", None),
        ("{{ steps.found.output.records[0].id }}", None),
        ("{{ steps.found.output.records.first.id }}", None),
        ("{{ steps.found.output.first.order }}", "other_record"),
        ("{{ steps.found.output.first.colour }}", "unknown_output_field"),
        ("{{ trigger.payment_id | upcase }}", None),
        ("0198", None),
    ],
)
def test_a_record_is_named_by_an_id_of_its_table(record, code):
    assert problems(FOUND, update(record)) == ([("/steps/1/params/id", code)] if code else [])


def test_the_id_that_a_change_hands_on_is_of_the_table_it_changed():
    first = {**update("{{ trigger.invoice_id }}"), "name": "first"}
    assert problems(first, update("{{ steps.first.output.id }}")) == []


def test_of_fields_that_were_asked_for_only_those_are_there():
    some = step("found", "find", table="invoices", fields=["id"])
    assert problems(some, update("{{ steps.found.output.first.id }}")) == []
    text = step("say", "send", text="{{ steps.found.output.first.number }}")
    assert problems(some, text) == [("/steps/1/params/text", "unknown_output_field")]


def test_an_element_of_a_list_is_known_by_its_list():
    def each(items, record):
        inner = update(record)
        return step("each", "for_each", items=items, steps=[inner])

    at = "/steps/1/params/steps/0/params/id"
    records = "{{ steps.found.output.records }}"
    assert problems(FOUND, each(records, "{{ item.id }}")) == []
    assert problems(FOUND, each(records, "{{ item.order }}")) == [(at, "other_record")]
    assert problems(FOUND, each(records, "{{ item }}")) == [(at, "whole_record")]
    assert problems(FOUND, each("{{ trigger.lines }}", "{{ item.order }}")) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "paid"}, None),
        ({"status": ""}, "empty"),
        ({"status": None}, "empty"),
        ({"status": "payd"}, "not_a_choice"),
        ({"status": "{{ trigger.kind }}"}, None),
        ({"note": ""}, None),
        ({"note": None}, None),
        ({"number": ""}, "empty"),
        ({"note": "{{ trigger.payer }}"}, "whole_record"),
        ({"note": "{{ trigger.lines }}"}, "whole_list"),
    ],
)
def test_a_column_is_given_what_it_can_hold(fields, code):
    [name] = fields
    found = problems(update("{{ trigger.invoice_id }}", fields))
    assert found == ([(f"/steps/0/params/fields/{name}", code)] if code else [])


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"text": "Dear {{ trigger.payer }}"}, "text"),
        ({"text": "{{ trigger.reference }} {{ trigger.payer }}"}, "text"),
        ({"number": "{{ trigger.payer }}"}, "number"),
        ({"text": "Dear {{ trigger.reference }}"}, None),
        ({"text": "{{ trigger.payer | json }}"}, None),
        ({"body": "{{ trigger.payer }}"}, None),
        ({"body": {"all": "{{ trigger.payer }}"}}, None),
    ],
)
def test_a_whole_record_is_no_text(params, where):
    found = problems(step("say", "send", **params))
    assert found == ([(f"/steps/0/params/{where}", "whole_record")] if where else [])


@pytest.mark.parametrize(
    ("value", "is_wrong"),
    [("{{ trigger.payment_id }}", True), ("{{ trigger.invoice_id }}", False), ("7", False)],
)
def test_a_row_asks_for_the_id_of_its_own_table(value, is_wrong):
    row = {"field": "id", "operator": "equals", "value": value}
    found = problems(step("found", "find", table="invoices", where=[row]))
    assert found == ([("/steps/0/params/where/0/value", "other_record")] if is_wrong else [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [("order_id", "missing_param"), ("total", "missing_param")]),
        ({"order_id": "", "total": "1"}, [("order_id", "missing_param")]),
        ({"order_id": "1", "total": "1"}, []),
        ({"order_id": "1", "total": "1", "note": "x"}, []),
        ({"order_id": "1", "total": "1", "sum": "x"}, [("sum", "unknown_param")]),
    ],
)
def test_a_message_is_given_the_values_that_it_asks_for(given, expected):
    sent = step("send", "send", template="paid", template_vars=given)
    place = "/steps/0/params/template_vars"
    assert problems(sent) == [(f"{place}/{name}", code) for name, code in expected]
    if not given:
        assert problems(step("send", "send", template="paid")) == problems(sent)


def test_names_that_a_step_sets_are_all_that_it_hands_on():
    names = step("names", "set", values={"total": "1"})
    assert problems(names, step("say", "send", text="{{ steps.names.output.total }}")) == []
    wrong = step("say", "send", text="{{ steps.names.output.totl }}")
    assert problems(names, wrong) == [("/steps/1/params/text", "unknown_output_field")]
    whole = step("names", "set", values="{{ trigger.payer }}")
    assert problems(whole, wrong) == []


def test_where_several_events_start_it_only_what_is_known_of_all_counts():
    found = problems(update("{{ trigger.payment_id }}"), also_on=["another"])
    assert found == []
