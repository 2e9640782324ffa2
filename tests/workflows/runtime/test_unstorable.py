"""Whatever a step leaves behind, or would be given, that its run's row cannot take.

It is a failure of that step, with a code, once; `on_error` holds, and no worker is said to have
died.
"""

import logging
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import connection

from actions.errors import PermanentFailure, TemporaryFailure
from actions.spec import Effect
from tenants.core.json.jsontext import loads
from tenants.models.order import Order
from workflows.models.definition import WorkflowDefinition, WorkflowLane
from workflows.models.run import WorkflowRun
from workflows.services.definitions.publish import publish
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

REPLACED = "\N{REPLACEMENT CHARACTER}"


def step(name, action="probe", **more):
    return {"name": name, "action": action, "params": {}, **more}


def carry_out(tenant, machine, *steps, payload=None, **more):
    document = {"name": "W", "trigger_type": "x", "steps": list(steps), **more}
    publish(tenant, "t", WorkflowDefinition(tenant=tenant, key="w", is_active=True), document)
    [run_id] = fire(tenant, "x", payload or {}).run_ids
    machine.work()
    return WorkflowRun.objects.get(pk=run_id)


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


OUTPUTS = {
    "not JSON": (object(), "output_not_json"),
    "a set": ({1, 2}, "output_not_json"),
    "bytes of no text": (b"\xff", "output_not_json"),
    "NaN": (float("nan"), "output_not_json"),
    "an infinity": (float("inf"), "output_not_json"),
    "a decimal that is no number": (Decimal("NaN"), "output_not_json"),
    "a decimal infinity": (Decimal("-Infinity"), "output_not_json"),
    "a huge exponent": (Decimal("1e1000000"), "output_not_json"),
    "a tiny exponent": (Decimal("1e-200000"), "output_not_json"),
    "a number that could not be read again": (Decimal("1e5000"), "output_not_json"),
    "a whole number of 5,000 digits": (10**5000, "output_not_json"),
    "a whole number of 4,000 digits": (10**4000, "output_not_json"),
    "deep": (nested(300), "output_not_json"),
    "far too deep": (nested(20_000), "output_not_json"),
    "large": ("x" * 300_000, "output_too_large"),
}


@pytest.mark.parametrize("effect", [Effect.NOT_REPEATABLE, Effect.REPEATABLE, Effect.DATABASE])
@pytest.mark.parametrize("what", OUTPUTS)
def test_a_result_that_cannot_be_kept_fails_its_step_once(tenant, machine, library, effect, what):
    value, code = OUTPUTS[what]
    calls = []
    library(effect, lambda params, context: calls.append(1) or {"value": value})

    run = carry_out(tenant, machine, step("a", on_error="continue"), step("b", "log_note") | LOG)

    first, second = run.step_results
    assert (run.status, run.crashes, len(calls)) == ("completed_with_errors", 0, 1)
    assert (first["status"], first["error"]["code"]) == ("failed", code)
    assert second["status"] == "completed"


LOG = {"params": {"text": "done"}}
FAILURES = {
    "NUL": ({"reason": "a\0b"}, {"reason": f"a{REPLACED}b"}),
    "half a character": ({"reason": "a\ud800b"}, {"reason": f"a{REPLACED}b"}),
    "in a name": ({"a\0b": 1}, {f"a{REPLACED}b": 1}),
    "deeper": ({"answer": {"text": ["\0"]}}, {"answer": {"text": [REPLACED]}}),
    "NaN": ({"amount": float("nan")}, {"amount": "nan"}),
    "a huge number": ({"amount": Decimal("1e5000")}, {"amount": "1E+5000"}),
    "no JSON": ({"reason": ValueError("no\0")}, {"reason": f"no{REPLACED}"}),
    "endless": ({"answer": "x" * 500_000}, {"answer": "x" * 4000}),
}


@pytest.mark.parametrize("kind", [PermanentFailure, TemporaryFailure])
@pytest.mark.parametrize("what", FAILURES)
def test_what_a_failure_tells_is_kept_in_a_form_that_can_be(tenant, machine, library, what, kind):
    given, kept = FAILURES[what]
    calls = []

    def fail(params, context):
        calls.append(1)
        raise kind("no", **given)

    library(Effect.REPEATABLE, fail)
    run = carry_out(tenant, machine, step("a", retry={"attempts": 1}))

    assert (run.status, run.error_code, run.crashes, len(calls)) == ("failed", "no", 0, 1)
    assert run.step_results[0]["error"] == {"code": "no", "params": kept}


@pytest.mark.parametrize(
    ("code", "kept"), [("x" * 120, "x" * 100), ("a\0b", f"a{REPLACED}b"), ("ع" * 200, "ع" * 100)]
)
def test_a_code_is_as_long_as_its_column(tenant, machine, library, code, kept):
    def fail(params, context):
        raise PermanentFailure(code)

    library(Effect.REPEATABLE, fail)
    run = carry_out(tenant, machine, step("a"))

    assert (run.status, run.error_code, run.crashes) == ("failed", kept, 0)
    assert run.step_results[0]["error"]["code"] == kept


def test_a_failure_without_a_code_is_the_actions_fault(tenant, machine, library):
    def fail(params, context):
        raise PermanentFailure("", at="noon")

    library(Effect.NOT_REPEATABLE, fail)
    note = {"text": "{{ run.error.code }}"}
    run = carry_out(
        tenant, machine, step("a"), on_failure=[step("n", "log_note") | {"params": note}]
    )

    assert (run.status, run.error_step, run.error_code) == ("failed", "a", "action_crashed")
    assert run.step_results[1]["output"]["text"] == "action_crashed"


class Pair(NamedTuple):
    """What a library may give."""

    left: int


# What an action may give, and what the row keeps of it.
NOT_YET_JSON = [
    ({Decimal("1.5"): 1}, {"1.5": 1}),
    ({7: "x", None: 2, True: 3}, {"7": "x", "null": 2, "true": 3}),
    ((1, (2,)), [1, [2]]),
    (Pair(1), {"left": 1}),
    (b"abc", "abc"),
]


@pytest.mark.parametrize(("given", "kept"), NOT_YET_JSON, ids=repr)
def test_a_result_is_seen_at_once_as_it_will_be_read(tenant, machine, library, given, kept):
    seen = []
    library(Effect.REPEATABLE, lambda params, context: {"value": given})
    library(Effect.REPEATABLE, lambda params, context: seen.append(params["to"]) or {}, "look")
    look = step("b", "look") | {"params": {"to": "{{ steps.a.output.value | json }}"}}

    run = carry_out(tenant, machine, step("a"), look)

    assert run.status == "completed"
    assert loads(seen[0]) == kept == run.step_results[0]["output"]["value"]


class Unspeakable(Exception):
    """Cannot even say what it is."""

    def __str__(self):
        raise RuntimeError("no words")


CRASHES = [
    ValueError("b'\x00\x01'"),
    ValueError("\udcff"),
    ValueError("x" * 1_000_000),
    Unspeakable(),
    SystemExit("argparse"),
    SystemExit(2),
    GeneratorExit(),
    BaseExceptionGroup("tasks", [SystemExit(2)]),
    RecursionError(),
    MemoryError(),
]


@pytest.mark.parametrize("effect", [Effect.NOT_REPEATABLE, Effect.REPEATABLE, Effect.DATABASE])
@pytest.mark.parametrize("bug", CRASHES, ids=lambda bug: type(bug).__name__)
def test_whatever_an_action_raises_it_has_crashed_once(
    tenant, machine, library, caplog, effect, bug
):
    # What is logged of it has characters that the reports of parallel test processes cannot carry.
    caplog.set_level(logging.CRITICAL, "workflows")
    calls = []

    def crash(params, context):
        calls.append(1)
        raise bug

    library(effect, crash)
    run = carry_out(tenant, machine, step("a"))

    assert (run.status, run.error_code, run.crashes) == ("failed", "action_crashed", 0)
    assert type(bug).__name__ in run.error_message
    assert len(calls) == 1


def test_a_step_that_would_be_given_too_much_fails_and_not_the_one_before(tenant, machine, library):
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append(context.step_name) or {})
    much = {"values": {f"part_{number}": "{{ trigger.text }}" for number in range(6)}}

    run = carry_out(
        tenant,
        machine,
        step("a"),
        {"name": "b", "action": "set_values", "params": much, "on_error": "continue"},
        step("c"),
        payload={"text": "x" * 200_000},
    )

    assert [(one["step_name"], one["status"]) for one in run.step_results] == [
        ("a", "completed"),
        ("b", "failed"),
        ("c", "completed"),
    ]
    assert run.step_results[1]["error"]["code"] == "input_too_large"
    assert (calls, run.crashes) == (["a", "c"], 0)


@pytest.fixture
def picky_row(transactional_db):
    """A check of this installation that refuses some rows: the engine cannot know it before."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF position('unwanted' IN NEW.step_results::text) > 0
                    OR position('unasked' IN coalesce(NEW.pending::text, '')) > 0
                    OR position('hopeless' IN NEW.step_results::text) > 0
                THEN RAISE EXCEPTION 'not in this house'; END IF;
                RETURN NEW;
            END $$;
            CREATE FUNCTION refuse_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF position('unasked' IN NEW::text) > 0
                THEN RAISE EXCEPTION 'not in this house'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse_new BEFORE INSERT ON workflow_approvals
                FOR EACH ROW EXECUTE FUNCTION refuse_new();
            CREATE TRIGGER refuse_new BEFORE INSERT ON workflow_runs
                FOR EACH ROW WHEN (NEW.parent_run IS NOT NULL) EXECUTE FUNCTION refuse_new();
            CREATE TRIGGER refuse_some BEFORE UPDATE ON workflow_runs
                FOR EACH ROW EXECUTE FUNCTION refuse_some();
            """
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DROP FUNCTION refuse_some() CASCADE;
            DROP FUNCTION refuse_new() CASCADE;
            """
        )


@pytest.mark.parametrize("effect", [Effect.NOT_REPEATABLE, Effect.REPEATABLE, Effect.DATABASE])
@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_a_result_that_the_row_refuses_fails_its_step(
    tenant, machine, library, picky_row, effect, on_error
):
    calls = []

    def act(params, context):
        calls.append(context.step_name)
        if effect is Effect.DATABASE and context.step_name == "a":
            Order.objects.create(tenant_id=tenant.id, number=str(len(calls)))
        return {"text": "unwanted" if context.step_name == "a" else ""}

    library(effect, act)
    run = carry_out(tenant, machine, step("a", on_error=on_error), step("b"))

    went_on = on_error == "continue"
    assert run.status == ("completed_with_errors" if went_on else "failed")
    assert (run.error_step, run.error_code) == ("a", "result_not_storable")
    assert "not in this house" in run.error_message
    assert (run.crashes, Order.objects.count()) == (0, 0)
    assert set(calls) == ({"a", "b"} if went_on else {"a"})
    if effect is not Effect.DATABASE:
        assert calls.count("a") == 1


NEXT = {
    "a call": step("next", params={"to": "{{ trigger.text }}"}),
    "a question": step(
        "next",
        "approval",
        params={"title": "?", "message": "{{ trigger.text }}", "approvers": ["a@b.co"]},
    ),
    "a list": step(
        "next",
        "for_each",
        params={"items": "{{ trigger.texts }}", "steps": [step("item")]},
    ),
}


@pytest.mark.parametrize("effect", [Effect.NOT_REPEATABLE, Effect.DATABASE])
@pytest.mark.parametrize("what", NEXT)
def test_what_the_row_refuses_of_the_next_step_is_the_next_steps_failure(
    tenant, machine, library, picky_row, effect, what
):
    def act(params, context):
        if effect is Effect.DATABASE:
            Order.objects.create(tenant_id=tenant.id, number=str(Order.objects.count()))
        return {"did": context.step_name}

    library(effect, act)
    payload = {"text": "unasked", "texts": ["unasked"]}
    run = carry_out(
        tenant,
        machine,
        step("a"),
        {**NEXT[what], "on_error": "continue"},
        step("last"),
        payload=payload,
    )

    assert [(one["step_name"], one["status"]) for one in run.step_results] == [
        ("a", "completed"),
        ("next", "failed"),
        ("last", "completed"),
    ]
    assert run.step_results[1]["error"]["code"] == "input_not_storable"
    assert run.crashes == 0
    assert Order.objects.count() == (2 if effect is Effect.DATABASE else 0)


def test_a_run_whose_row_takes_nothing_more_ends_and_says_so(tenant, machine, library, picky_row):
    """Its name is what is refused: not even the failure of the step can be added."""
    calls = []
    library(Effect.NOT_REPEATABLE, lambda params, context: calls.append(1) or {})

    run = carry_out(tenant, machine, step("hopeless"), step("b"))

    assert (run.status, run.error_step, run.error_code) == (
        "failed",
        "hopeless",
        "result_not_storable",
    )
    assert (run.crashes, run.step_results, len(calls)) == (0, [], 1)


def test_a_key_that_is_checked_at_the_commit_is_refused_as_one_checked_at_once(
    tenant, machine, library
):
    calls = []

    def act(params, context):
        calls.append(1)
        Order.objects.create(tenant_id=tenant.id, number="1")
        nobody = "00000000-0000-0000-0000-000000000000"
        WorkflowLane.objects.create(tenant_id=tenant.id, definition_id=nobody, key="k", limit=1)
        return {}

    library(Effect.DATABASE, act)
    run = carry_out(tenant, machine, step("a", on_error="continue"), step("b", "log_note") | LOG)

    assert [(one["status"], one.get("error", {}).get("code")) for one in run.step_results] == [
        ("failed", "refused_by_database"),
        ("completed", None),
    ]
    assert (len(calls), run.crashes, Order.objects.count()) == (1, 0, 0)


@pytest.mark.parametrize("effect", [Effect.DATABASE, Effect.REPEATABLE])
def test_what_the_database_refuses_is_not_tried_again(tenant, machine, library, effect):
    calls = []

    def act(params, context):
        calls.append(1)
        Order.objects.create(tenant_id=tenant.id, number="1" * 5000)

    library(effect, act)
    run = carry_out(tenant, machine, step("a", retry={"attempts": 3}))

    assert (run.status, run.error_code, len(calls)) == ("failed", "refused_by_database", 1)


@pytest.mark.parametrize("bad", ["%00", "%ED%A0%80"])
def test_a_question_is_asked_without_the_signs_that_no_row_takes(tenant, machine, library, bad):
    library(Effect.REPEATABLE, lambda params, context: {})
    ask = {"title": "{{ trigger.t | url_decode }}", "message": "{{ trigger.t | url_decode }}"}
    run = carry_out(
        tenant,
        machine,
        step("ask", "approval", params={**ask, "approvers": ["a@b.co"]}),
        payload={"t": f"a{bad}b"},
    )

    assert (run.status, run.crashes, run.wait_type) == ("waiting", 0, "approval")
