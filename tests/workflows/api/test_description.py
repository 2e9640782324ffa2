"""The description of the API is complete, and the answers are as it says."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from tests.support.definitions import publish_log
from workflows import api
from workflows.api.codes import KINDS, PARAMETER_SENTENCES
from workflows.models.run import WorkflowRun

OPERATIONS = {
    ("/api/v1/triggers/{trigger_type}/", "post"): "fire_event",
    ("/api/v1/runs/", "get"): "list_runs",
    ("/api/v1/runs/{run_id}/", "get"): "get_run",
    ("/api/v1/runs/{run_id}/cancel/", "post"): "cancel_run",
    ("/api/v1/runs/{run_id}/retry/", "post"): "retry_run",
    ("/api/v1/runs/{run_id}/done/", "post"): "mark_step_done",
    ("/api/v1/events/{event_id}/", "get"): "get_event",
    ("/api/v1/approvals/", "get"): "list_approvals",
    ("/api/v1/approvals/{approval_id}/", "get"): "get_approval",
    ("/api/v1/approvals/{approval_id}/decide/", "post"): "decide_approval",
    ("/api/v1/health/", "get"): "get_health",
}


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The description as the command writes it; the command fails on any warning."""
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command(
        "spectacular",
        "--validate",
        "--fail-on-warn",
        "--format",
        "openapi-json",
        "--file",
        str(file),
    )
    return json.loads(file.read_text())


def test_the_operations_have_names_for_generated_clients(described):
    found = {
        (path, method): operation["operationId"]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    }
    assert found == OPERATIONS


def test_the_headers_are_described(described):
    operation = described["paths"]["/api/v1/triggers/{trigger_type}/"]["post"]
    assert "Idempotency-Key" in [one["name"] for one in operation["parameters"]]
    assert "Idempotency-Replayed" in operation["responses"]["202"]["headers"]
    assert "Retry-After" in operation["responses"]["429"]["headers"]
    assert operation["security"] == [{"ApiKey": []}]


def test_every_problem_is_described_as_one(described):
    for path, method in OPERATIONS:
        responses = described["paths"][path][method]["responses"]
        assert {"500", "503"} <= set(responses)
        for status, response in responses.items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_the_health_needs_no_key(described):
    assert described["paths"]["/api/v1/health/"]["get"].get("security", [{}]) == [{}]


def test_it_is_served_without_a_key(nobody, described):
    answer = nobody.get("schema/")
    assert answer.status_code == 200
    assert answer.json()["paths"].keys() == described["paths"].keys()


def test_it_is_served_to_who_asks_for_json(nobody):
    assert nobody.get("schema/", Accept="application/json").status_code == 200


def _strict(node):
    """Turn OpenAPI 3.0 into JSON Schema that allows nothing that is not described."""
    if isinstance(node, list):
        return [_strict(member) for member in node]
    if not isinstance(node, dict):
        return node
    turned = {key: _strict(value) for key, value in node.items() if key != "nullable"}
    if "properties" in turned:
        turned.setdefault("additionalProperties", False)
    if node.get("nullable"):
        return {"anyOf": [turned, {"type": "null"}]}
    return turned


@pytest.fixture
def assert_as_described(described):
    def check(answer, path, method, media_type="application/json"):
        content = described["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        schema = {
            **_strict(deepcopy(content[media_type]["schema"])),
            "components": _strict(described["components"]),
        }
        Draft202012Validator(schema).validate(answer.json())

    return check


def test_answers_are_as_described(caller, tenant, assert_as_described):
    publish_log(tenant, "log", "new_order")
    only = {"all": [{"field": "trigger.total", "operator": "greater_than", "value": "1"}]}
    publish_log(tenant, "problem", "sale", trigger_filter=only)
    fired = caller.fire(query="?subject_type=order&subject_id=1")
    sale = caller.fire("sale").json()
    fired_id, run_id = fired.json()["event_id"], fired.json()["runs"][0]["id"]
    error = {"code": "missing_value", "params": {"path": "trigger.x"}}
    tried = {"started_at": "2026-03-01T08:00:00+00:00", "duration_ms": 1, "error": error}
    step = {
        "step_name": "call",
        "action": "webhook",
        "status": "failed",
        **tried,
        "attempts": [tried],
    }
    WorkflowRun.objects.update(
        step_results=[step], error_code="missing_value", error_step="call", error_message="x"
    )

    assert_as_described(fired, "/api/v1/triggers/{trigger_type}/", "post")
    assert_as_described(caller.get("runs/"), "/api/v1/runs/", "get")
    assert_as_described(caller.get(f"runs/{run_id}/"), "/api/v1/runs/{run_id}/", "get")
    assert_as_described(caller.get(f"events/{fired_id}/"), "/api/v1/events/{event_id}/", "get")
    assert_as_described(
        caller.get(f"events/{sale['event_id']}/"), "/api/v1/events/{event_id}/", "get"
    )
    assert_as_described(caller.get("health/"), "/api/v1/health/", "get")


def test_problems_are_as_described(caller, nobody, assert_as_described):
    media_type = "application/problem+json"
    trigger = ("/api/v1/triggers/{trigger_type}/", "post")
    for answer in (
        caller.fire(body="{"),
        caller.fire(body='{"a": "\\u0000"}'),
        caller.fire(query="?x=1"),
        nobody.fire(),
    ):
        assert_as_described(answer, *trigger, media_type)


@pytest.mark.parametrize(
    ("body", "field", "limit"),
    [("Decision", "as", 100), ("Decision", "on_behalf_of", 120), ("Retry", "from", 100)],
)
def test_the_limits_of_a_body_are_described(described, body, field, limit):
    assert described["components"]["schemas"][body]["properties"][field]["maxLength"] == limit


def test_the_readme_names_every_code():
    text = (Path(api.__file__).parent / "README.md").read_text()
    missing = [code for code in (*KINDS, *PARAMETER_SENTENCES) if f"`{code}`" not in text]
    assert missing == []
