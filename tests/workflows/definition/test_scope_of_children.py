"""What steps can read of one another when child runs or waits for others lie between them."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest

from tests.workflows.definition.shapes import (
    IF_ONE,
    after_error,
    approval,
    branch,
    call,
    for_each,
    parallel,
    reminder,
    repeat,
    run_workflow,
    step,
    stop,
    wait_for_event,
)

A_OUT = "steps.a.output.x"
A_OR = "steps.a.output.x | default: 1"
PAYLOAD = "steps.w.output.payload.x"
LATE = {"timeout": "1d", "on_timeout": [call("late")]}
FORM = [{"key": "why", "label": "Why?", "type": "text"}]


def reads(path, name="reader", **more):
    return call(name, f"{{{{ {path} }}}}", **more)


def asks(path, operator="exists", **value):
    return {"all": [{"field": path, "operator": operator, **value}]}


def switch(when, *steps, **params):
    return step("b", "branch", cases=[{"when": when, "steps": list(steps)}], **params)


IN_TIME = asks("steps.w.output.timed_out", "is_false")
TOO_LATE = asks("steps.w.output.timed_out", "is_true")


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        # Inside: what ran before the block, and the block's own earlier steps.
        ([call("a"), for_each("l", [reads(A_OUT)])], None),
        ([call("a", condition=IF_ONE), for_each("l", [reads(A_OUT)])], "may_be_missing"),
        ([for_each("l", [call("a"), reads(A_OUT)])], None),
        ([for_each("l", [reads(A_OUT), call("a")])], "later_step"),
        ([for_each("l", [reads(A_OUT)]), call("a")], "later_step"),
        ([for_each("l", [call("a"), for_each("m", [reads(A_OUT)])])], None),
        ([call("a"), parallel("p", x=[reads(A_OUT)], y=[call("c")])], None),
        ([for_each("l", [call("a"), call("c", on_error=after_error(reads(A_OUT)))])], None),
        # Outside: only what the block hands back.
        ([for_each("l", [call("a")]), reads(A_OUT)], "inside_block"),
        ([for_each("l", [call("a")]), reads(A_OR)], "inside_block"),
        ([{**for_each("l", [call("a")]), "on_error": after_error(reads(A_OR))}], "inside_block"),
        ([for_each("l", [for_each("m", [call("a")]), reads(A_OUT)])], "inside_block"),
        ([repeat("r", [for_each("l", [call("a")]), reads(A_OR)])], "inside_block"),
        ([parallel("p", x=[call("a")], y=[call("c")]), reads(A_OUT)], "inside_block"),
        ([parallel("p", x=[call("a")], y=[reads(A_OUT)])], "inside_block"),
        ([for_each("l", [call("a")]), reads("steps.l.output.results | size")], None),
        ([for_each("l", [call("a")]), reads("steps.l.output.results[0].x")], None),
        ([for_each("l", [call("a")]), reads("steps.l.output.failed")], None),
        ([for_each("l", [call("a")]), reads("steps.l.output.result")], "unknown_output_field"),
        ([{**for_each("l", [call("a")]), "condition": IF_ONE}, reads("steps.l.output.items")], "may_be_missing"),
        ([{**for_each("l", [call("a")]), "on_error": "continue"}, reads("steps.l.output.items")], "may_be_missing"),
        ([parallel("p", x=[call("a")], y=[call("c")]), reads("steps.p.output.y.z")], None),
        ([parallel("p", x=[call("a")], y=[call("c")]), reads("steps.p.output.z")], "unknown_output_field"),
        ([run_workflow("o"), reads("steps.o.output.anything.at.all")], None),
        # Items.
        ([for_each("l", [reads("item.sku")])], None),
        ([for_each("l", [reads("item_index")])], None),
        ([for_each("l", [branch("b", [reads("item")])])], None),
        ([for_each("l", [parallel("p", x=[reads("item")], y=[call("c")])])], None),
        ([for_each("l", [for_each("m", [reads("outer.item.sku")])])], None),
        ([for_each("l", [for_each("m", [reads("outer.item_index")])])], None),
        ([for_each("l", [for_each("m", [for_each("n", [reads("outer.outer.item")])])])], None),
        ([for_each("l", [for_each("m", [reads("outer")])])], None),
        ([reads("item.sku")], "no_item_here"),
        ([for_each("l", [call("a")]), reads("item_index")], "no_item_here"),
        ([parallel("p", x=[reads("item")], y=[call("c")])], "no_item_here"),
        ([for_each("l", [reads("outer.item")])], "no_item_here"),
        ([for_each("l", [reads("outer")])], "no_item_here"),
        ([for_each("l", [for_each("m", [reads("outer.outer.item")])])], "no_item_here"),
        ([for_each("l", [for_each("m", [reads("outer.itm")])])], "unknown_item_part"),
        ([for_each("l", [call("c", "{% for item in trigger.list %}{{ item.x }}{% endfor %}")])], None),
        ([for_each("l", [call("c", condition=asks("item.x", "equals", value="{{ outer.item }}"))])], "no_item_here"),
        # What an item hands back that comes to its end: one that a stop ends has no result.
        ([for_each("l", [call("a")], result="{{ steps.a.output.x }}")], None),
        ([for_each("l", [branch("b", [call("a")])], result="{{ steps.a.output.x }}")], "may_be_missing"),
        ([for_each("l", [{**stop(), "condition": IF_ONE}, call("a")], result="{{ steps.a.output.x }}")], None),
        ([for_each("l", [call("a", condition=IF_ONE)], result="{{ steps.a.output.x | default: 0 }}")], None),
        ([for_each("l", [call("a"), stop()], result="{{ steps.a.output.x }}")], "may_be_missing"),
        ([for_each("l", [{**stop(outcome="failed", message="x"), "condition": IF_ONE}, call("a")], result="{{ steps.a.output.x }}")], None),
        ([for_each("l", [{**stop(scope="run"), "condition": IF_ONE}, call("a")], result="{{ steps.a.output.x }}")], None),
        ([for_each("l", [parallel("p", x=[{**stop(), "condition": IF_ONE}], y=[call("c")]), call("a")], result="{{ steps.a.output.x }}")], None),
        ([parallel("p", {"x": "{{ steps.a.output.x }}"}, x=[call("a")], y=[call("c")])], None),
        ([parallel("p", {"x": "{{ steps.a.output.x }}"}, x=[call("a", condition=IF_ONE)], y=[call("c")])], "may_be_missing"),
        # A wait that took too long.
        ([wait_for_event("w"), reads(PAYLOAD)], None),
        ([wait_for_event("w", timeout="1d"), reads(PAYLOAD)], None),
        ([wait_for_event("w", **LATE), reads(PAYLOAD)], "may_be_missing"),
        ([wait_for_event("w", **LATE), reads(f"{PAYLOAD} | default: ''")], None),
        ([wait_for_event("w", **LATE), reads("steps.w.output.timed_out")], None),
        ([wait_for_event("w", **LATE), reads("steps.w.status")], None),
        ([wait_for_event("w", **LATE), reads(PAYLOAD, condition=IN_TIME)], None),
        ([wait_for_event("w", **LATE), reads(PAYLOAD, condition=TOO_LATE)], "may_be_missing"),
        ([wait_for_event("w", **LATE), reads(PAYLOAD, condition=asks("steps.w.output.timed_out"))], "may_be_missing"),
        ([wait_for_event("w", **LATE), reads(PAYLOAD, condition=asks("steps.w.output.timed_out", "equals", value=False))], None),
        ([wait_for_event("w", **LATE), reads(PAYLOAD, condition=asks("steps.w.output.payload"))], None),
        ([wait_for_event("w", **LATE), switch(TOO_LATE, call("c"), otherwise=[reads(PAYLOAD)])], None),
        ([wait_for_event("w", **LATE), switch(TOO_LATE, stop()), reads(PAYLOAD)], None),
        ([wait_for_event("w", **LATE), switch(IN_TIME, stop()), reads(PAYLOAD)], "may_be_missing"),
        ([wait_for_event("w", timeout="1d", on_timeout=[stop()]), reads(PAYLOAD)], None),
        ([wait_for_event("w", timeout="1d", on_timeout=[reads(PAYLOAD)])], "may_be_missing"),
        ([wait_for_event("w", timeout="1d", on_timeout=[call("a")]), reads(A_OUT)], "may_be_missing"),
        ([wait_for_event("w", timeout="1d", on_timeout=[call("a")]), reads(A_OR)], None),
        ([{**wait_for_event("w", **LATE), "condition": IF_ONE}, reads("steps.w.output.timed_out")], "may_be_missing"),
        ([{**wait_for_event("w", **LATE), "condition": IF_ONE}, reads(PAYLOAD, condition=IF_ONE)], "may_be_missing"),
        ([wait_for_event("w"), reads("steps.w.output.event")], "unknown_output_field"),
        ([wait_for_event("w", type="new_order", match={"order_id": "1"}), reads("steps.w.output.payload.order")], "unknown_output_field"),
        # A decision.
        ([approval("w"), reads("steps.w.output.choice")], None),
        ([approval("w", timeout="1d", timeout_choice="reject"), reads("steps.w.output.choice")], None),
        ([approval("w", form=FORM), reads("steps.w.output.answers.why")], None),
        ([approval("w", form=FORM), reads("steps.w.output.answers.which")], "unknown_output_field"),
        ([approval("w"), reads("steps.w.output.answers.which")], "unknown_output_field"),
        ([approval("w"), reads("steps.w.output.link")], "unknown_output_field"),
        # Reminders.
        ([approval("w", reminders=[reminder(reads("steps.w.output.link"))])], None),
        ([approval("w", reminders=[reminder(reads("steps.w.output.reminder"))])], None),
        ([approval("w", reminders=[reminder(reads("steps.w.output.choice"))])], "may_be_missing"),
        ([approval("w", reminders=[reminder(branch("b", [reads("steps.w.output.link")]))])], None),
        ([wait_for_event("w", reminders=[reminder(reads("steps.w.output.reminder"))])], None),
        ([wait_for_event("w", reminders=[reminder(reads("steps.w.output.link | default: ''"))])], "unknown_output_field"),
        ([call("a"), approval("w", reminders=[reminder(reads(A_OUT))])], None),
        ([approval("w", reminders=[reminder(call("a"), reads(A_OUT))])], "may_be_missing"),
        ([approval("w", reminders=[reminder(call("a", on_error="stop"), reads(A_OUT))])], None),
        ([approval("w", reminders=[reminder(call("a"), reads(A_OR))])], None),
        ([approval("w", reminders=[reminder(reads("steps.reader.output.x | default: ''"))])], None),
        ([approval("w", reminders=[reminder(call("a"))]), reads(A_OUT)], "may_be_missing"),
        ([approval("w", reminders=[reminder(call("a"))]), reads(A_OR)], None),
    ],
)  # fmt: skip
def test_what_a_step_can_read(steps, code, document_with, found):
    assert [each for _, each in found(document_with(steps=steps))] == ([code] if code else [])


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([call("a")], None),
        ([call("a", condition=IF_ONE)], "may_be_missing"),
        ([branch("b", [call("a")])], "may_be_missing"),
        ([branch("b", [call("a")], otherwise=[stop(outcome="failed", message="x")])], None),
        ([branch("b", [call("a")], otherwise=[stop()])], None),
        ([{**stop(), "condition": IF_ONE}, call("a")], None),
        # At the end of a run that always stops nothing is certain.
        ([call("a"), stop()], "may_be_missing"),
        ([for_each("l", [call("a")])], "inside_block"),
        ([for_each("l", [{**stop(scope="run"), "condition": IF_ONE}]), call("a")], None),
        ([call("a"), for_each("l", [{**stop(scope="run"), "condition": IF_ONE}])], None),
        ([for_each("l", [{**stop(), "condition": IF_ONE}]), call("a")], None),
        ([parallel("p", x=[{**stop(), "condition": IF_ONE}], y=[call("c")]), call("a")], None),
        ([parallel("p", x=[call("a"), stop()], y=[call("c")])], "inside_block"),
        ([call("c", on_error=after_error(call("a")))], "other_branch"),
    ],
)  # fmt: skip
def test_what_a_run_can_hand_back(steps, code, document_with, found):
    plain = document_with(steps=steps, output={"x": f"{{{{ {A_OUT} }}}}"})
    careful = document_with(steps=steps, output={"x": f"{{{{ {A_OR} }}}}"})
    never = code in {"inside_block", "other_branch"}

    assert found(plain) == ([("/output/x", code)] if code else [])
    assert found(careful) == ([("/output/x", code)] if never else [])


@pytest.mark.parametrize(
    ("reader", "code"),
    [
        (reads("steps.inner.output.x | default: 1"), "inside_block"),
        (reads("steps.l.output.failed | default: 0"), None),
        (reads("steps.l.output.failed"), "may_be_missing"),
        (for_each("m", [reads("item")]), None),
        (reads("steps.remind.output.x | default: 1"), None),
    ],
)
def test_after_a_failure_blocks_stay_closed(reader, code, document_with, found):
    waiting = approval("w", reminders=[reminder(call("remind"))])
    steps = [for_each("l", [call("inner")]), waiting]

    problems = found(document_with(steps=steps, on_failure=[reader]))

    assert [each for _, each in problems] == ([code] if code else [])


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ([for_each("l", [reads("nope")])], "/params/steps/0/params/url"),
        ([for_each("l", [call("c")], result={"a": ["{{ nope }}"]})], "/params/result/a/0"),
        ([parallel("p", x=[call("c")], y=[reads("nope")])], "/params/branches/1/steps/0/params/url"),
        ([parallel("p", {"x": "{{ nope }}"}, x=[call("c")], y=[call("d")])], "/params/branches/0/result"),
        ([wait_for_event("w", timeout="1d", on_timeout=[reads("nope")])], "/params/on_timeout/0/params/url"),
        ([approval("w", reminders=[reminder(reads("nope"))])], "/params/reminders/0/steps/0/params/url"),
    ],
)  # fmt: skip
def test_a_problem_says_where_in_the_blocks_it_is(steps, place, document_with, found):
    assert found(document_with(steps=steps)) == [(f"/steps/0{place}", "unknown_root")]
