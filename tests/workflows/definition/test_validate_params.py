"""Validation of params: the action's schema, and what its hints name."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest

from workflows.definition.catalogue import ActionSignature, Catalogue
from workflows.definition.validate import validate


def webhook(name="call", **step):
    return {"name": name, "action": "webhook", "params": {"url": "https://x"}, **step}


@pytest.mark.parametrize(
    ("action", "params", "problems"),
    [
        ("webhook", {}, [("/url", "missing_param")]),
        ("webhook", {"url": 5}, [("/url", "wrong_type")]),
        ("webhook", {"url": "x", "urll": 1}, [("/urll", "unknown_param")]),
        ("webhook", {"url": "x", "seconds": "5"}, [("/seconds", "wrong_type")]),
        ("webhook", {"url": "x", "seconds": 0}, [("/seconds", "bad_param")]),
        ("webhook", {"url": "x", "seconds": "{{ trigger.s }}"}, []),
        ("webhook", {"url": "x", "channel": "ops"}, []),
        ("webhook", {"url": "x", "channel": "sales"}, []),
        ("webhook", {"url": "x", "channel": "nope"}, [("/channel", "unknown_reference")]),
        ("webhook", {"url": "x", "channel": "{{ trigger.c }}"}, []),
        ("send_email", {"to": "a@b.c", "subject": "s"}, [("/to", "wrong_type")]),
        ("send_email", {"to": "{{ trigger.to }}", "subject": "s"}, []),
        ("send_email", {"to": [], "subject": "s"}, [("/to", "empty")]),
        ("send_email", {"to": ["{{ trigger.to }}", "", "ab"], "subject": "s"}, [("/to/1", "empty"), ("/to/2", "bad_param")]),
        ("send_email", {"to": ["abc"], "subject": "s", "priority": "hihg"}, [("/priority", "not_a_choice")]),
        ("send_email", {"to": ["abc"], "subject": "s", "priority": "{{ trigger.p }}"}, []),
        ("send_email", {"to": ["abc"], "subject": "s", "template": "order_confirmed"}, [("/template", "unknown_reference")]),
        ("whatsapp_notify", {"phone": "1", "template": "{{ trigger.t }}"}, [("/template", "template_not_allowed")]),
        ("update_record", {"table": "ordrs", "id": "1", "fields": {"x": 1}}, [("/table", "unknown_table")]),
        ("update_record", {"table": "orders", "id": "1", "fields": {"status": "a", "notes": "b", "stats": "c"}}, [("/fields/notes", "field_not_writable"), ("/fields/stats", "unknown_field")]),
        ("update_record", {"table": "{{ trigger.t }}", "id": "1", "fields": {"x": 1}}, [("/table", "template_not_allowed")]),
        ("update_record", {"table": "orders", "id": "1", "fields": {}}, [("/fields", "empty")]),
        ("update_record", {}, [("/table", "missing_param"), ("/id", "missing_param"), ("/fields", "missing_param")]),
    ],
)  # fmt: skip
def test_params(action, params, problems, document_with, found):
    document = document_with(steps=[{"name": "a", "action": action, "params": params}])

    assert found(document) == [(f"/steps/0/params{path}", code) for path, code in problems]


@pytest.mark.parametrize(
    ("code", "params", "suggestion"),
    [
        ("unknown_param", {"ulr": "x", "url": "x"}, "url"),
        ("unknown_reference", {"url": "x", "channel": "op"}, "ops"),
        ("unknown_filter", {"url": "{{ trigger.a | upcse }}"}, "upcase"),
        ("unknown_root", {"url": "{{ triger.a }}"}, "trigger"),
        ("unknown_tenant_field", {"url": "{{ tenant.currncy }}"}, "currency"),
    ],
)
def test_a_near_miss_is_suggested(code, params, suggestion, document_with, catalogue):
    problems = validate(document_with(steps=[webhook(params=params)]), catalogue)

    assert [(p.code, p.params["suggestion"]) for p in problems] == [(code, suggestion)]


TEXT = {"type": "string"}
MESSAGE = {
    "type": "object",
    "properties": {
        "to": {"anyOf": [TEXT, {"type": "array", "items": {"enum": ["a", "b"]}}]},
        "text": TEXT,
        "html": TEXT,
    },
    "anyOf": [{"required": ["text"]}, {"required": ["html"]}],
}


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        ({"to": "{{ trigger.to }}", "text": "x"}, []),
        ({"to": ["{{ trigger.to }}", "a"], "html": "{{ trigger.x }}"}, []),
        # A template elsewhere is no excuse for what is missing.
        ({"to": "{{ trigger.to }}"}, [("/text", "missing_param")]),
        ({"to": 5, "text": "{{ trigger.x }}"}, [("/to", "wrong_type")]),
        ({"to": ["{{ trigger.to }}", "c"], "text": "x"}, [("/to/1", "not_a_choice")]),
    ],
)
def test_one_of_several_forms(params, problems, document_with):
    catalogue = Catalogue(actions={"message": ActionSignature(MESSAGE)})
    document = document_with(steps=[{"name": "a", "action": "message", "params": params}])

    assert [(p.path, p.code) for p in validate(document, catalogue)] == [
        (f"/steps/0/params{path}", code) for path, code in problems
    ]
