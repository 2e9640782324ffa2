"""What people write is taken at publish, with templates in it; what no step can do is refused."""

import pytest

from actions import registry
from workflows.definition.catalogue import Catalogue, TableSignature
from workflows.definition.checks.params import check_params

CATALOGUE = Catalogue(
    tables={
        "orders": TableSignature(
            frozenset({"id", "status"}),
            frozenset({"status"}),
            frozenset({"number", "status", "note"}),
        )
    },
    references={"connection:http": frozenset({"crm"})},
)
ROW = {"field": "status", "operator": "equals", "value": "{{trigger.status}}"}
GET = {"method": "GET", "url": "{{trigger.url}}"}
GOOD = [
    ("find_records", {"table": "orders"}),
    (
        "find_records",
        {
            "table": "orders",
            "where": [
                ROW,
                {"field": "status", "operator": "in", "value": ["new", "{{trigger.a}}"]},
            ],
            "order_by": "-id",
            "limit": "{{values.limit}}",
            "expect": "one",
            "fields": ["id"],
        },
    ),
    ("create_record", {"table": "orders", "fields": {"number": "{{trigger.n}}", "note": None}}),
    ("aggregate_records", {"table": "orders", "function": "count", "group_by": "status"}),
    (
        "http_request",
        {
            **GET,
            "query": {"a": "{{trigger.a}}", "b": [1, "x"], "c": None},
            "connection": "crm",
            "accept_status": [404],
            "fail_when": [
                {"field": "body.ok", "operator": "equals", "value": False, "message": "m"}
            ],
            "response": {"pick": {"رقم": "item['Deal Id']"}},
            "pages": {"next": "headers.link", "items": "body", "at_most": 3},
        },
    ),
    ("webhook", {"url": "x", "response": {"pick": {"id": "body[0].id"}}, "fail_when": []}),
    ("transform", {"items": "{{steps.a.output.items}}", "do": []}),
    (
        "transform",
        {
            "items": [1, "{{trigger.a}}"],
            "do": [
                {"keep": [ROW]},
                {"pick": ["a"]},
                {"rename": {"a": "b"}},
                {"sort": {"by": "a", "descending": True}},
                {"unique": "."},
                {"first": "{{values.n}}"},
                {"join": {"with": "{{steps.b.output.items}}", "on": "a", "as": "b"}},
                {"without": {"list": ["{{trigger.a}}"], "on": "a"}},
            ],
        },
    ),
    ("set_values", {"values": {"a": "{{trigger.a}}", "b": {"c": [1]}}}),
    ("log_note", {"text": "{{trigger.a}} done", "level": "warning"}),
]
BAD = [
    ("find_records", {"table": "users"}),
    ("find_records", {"table": "{{trigger.table}}"}),
    ("find_records", {"table": "orders", "limit": 1001}),
    ("find_records", {"table": "orders", "limit": 0}),
    ("find_records", {"table": "orders", "where": [{**ROW, "operator": "like"}]}),
    ("find_records", {"table": "orders", "where": [{**ROW, "field": "{{trigger.field}}"}]}),
    ("find_records", {"table": "orders", "order_by": "{{trigger.field}}"}),
    ("create_record", {"table": "orders", "fields": {}}),
    ("create_record", {"table": "orders", "fields": {"number": ["1"]}}),
    ("aggregate_records", {"table": "orders", "function": "median"}),
    ("http_request", {"url": "x"}),
    ("http_request", {**GET, "method": "TRACE"}),
    ("http_request", {**GET, "response": {"pick": {"id": "data.id"}}}),
    ("http_request", {**GET, "response": {"pick": {"status": "body.id"}}}),
    ("http_request", {**GET, "response": {"pick": {"id": "{{trigger.path}}"}}}),
    ("http_request", {**GET, "pages": {"items": "body"}}),
    ("http_request", {**GET, "pages": {"next": "body.next", "items": "item.x"}}),
    ("http_request", {**GET, "pages": {"next": "body.n", "items": "body", "at_most": 101}}),
    ("webhook", {"url": "x", "response": {"pick": {"id": "item.id"}}}),
    ("webhook", {"url": "x", "fail_when": [{"field": "ok", "operator": "equals"}]}),
    ("transform", {"items": [], "do": [{"first": 1, "chunk": 2}]}),
    ("transform", {"items": [], "do": [{"shuffle": True}]}),
    ("transform", {"items": [], "do": [{"chunk": 0}]}),
    ("transform", {"items": {}, "do": []}),
    ("set_values", {"values": {}}),
    ("log_note", {"text": ""}),
    ("log_note", {"text": "a", "level": "fatal"}),
]


def problems(action, params):
    schema = registry.get(action).params
    return [problem.code for problem in check_params(params, "", schema, CATALOGUE)]


@pytest.mark.parametrize(("action", "params"), GOOD)
def test_taken(action, params):
    assert problems(action, params) == []


@pytest.mark.parametrize(("action", "params"), BAD)
def test_refused(action, params):
    assert len(problems(action, params)) == 1
