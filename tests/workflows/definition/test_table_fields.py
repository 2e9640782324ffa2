"""Fields that params name, against the allow-list; and what no document may hold."""

import pytest

from workflows.definition.catalogue import ActionSignature, Catalogue, TableSignature
from workflows.definition.validate import validate

FIELDS = {
    "type": "object",
    "properties": {
        "table": {"type": "string", "x-table": True},
        "fields": {"type": "object", "x-fields-of": "table"},
        "new": {"type": "object", "x-creatable-fields-of": "table"},
        "where": {"type": "array", "x-readable-fields-of": "table"},
        "only": {"type": "array", "x-readable-fields-of": "table"},
        "order_by": {"type": "string", "x-readable-fields-of": "table"},
    },
}
ORDERS = TableSignature(
    readable=frozenset({"status", "total", "number"}),
    writable=frozenset({"status"}),
    creatable=frozenset({"number", "status"}),
)
CATALOGUE = Catalogue(actions={"touch": ActionSignature(FIELDS)}, tables={"orders": ORDERS})


def problems(**params):
    step = {"name": "a", "action": "touch", "params": {"table": "orders", **params}}
    document = {"name": "W", "trigger_type": "x", "steps": [step]}
    return [(p.path.removeprefix("/steps/0/params"), p.code) for p in validate(document, CATALOGUE)]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"fields": {"status": "x"}}, []),
        ({"fields": {"total": 1}}, [("/fields/total", "field_not_writable")]),
        ({"fields": {"colour": 1}}, [("/fields/colour", "unknown_field")]),
        ({"new": {"number": "1", "status": "new"}}, []),
        ({"new": {"total": 1}}, [("/new/total", "field_not_writable")]),
        ({"new": {"colour": 1}}, [("/new/colour", "unknown_field")]),
        ({"where": [{"field": "total", "operator": "equals", "value": 1}]}, []),
        ({"where": [{"field": "colour"}]}, [("/where/0/field", "unknown_field")]),
        ({"only": ["status", "colour"]}, [("/only/1", "unknown_field")]),
        ({"order_by": "-total"}, []),
        ({"order_by": "{{trigger.field}}"}, []),
        ({"order_by": "-colour"}, [("/order_by", "unknown_field")]),
    ],
)
def test_only_fields_of_the_allow_list_are_accepted(params, expected):
    assert problems(**params) == expected


def test_fields_of_an_unknown_table_are_not_reported_twice():
    assert problems(table="invoices", fields={"x": 1}) == [("/table", "unknown_table")]


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_a_document_with_nul_is_refused(text):
    document = {"name": text, "trigger_type": "x", "steps": []}

    assert [p.code for p in validate(document, CATALOGUE)] == ["not_json"]
