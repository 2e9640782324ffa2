"""What steps can read of one another when blocks lie between them."""

# ruff: noqa: E501 -- a row of a table is one line

import pytest

from tests.workflows.definition.shapes import (
    IF_ONE,
    after_error,
    branch,
    call,
    repeat,
    step,
    stop,
)


def reads(path, name="reader", **more):
    return call(name, f"{{{{ {path} }}}}", **more)


def asks(path, operator="exists", **value):
    return {"all": [{"field": path, "operator": operator, **value}]}


A_OUT = "steps.a.output.x"
A_OR = "steps.a.output.x | default: 1"
IF_A = asks("steps.a.output")
UNLESS_A = asks("steps.a.output", "not_exists")


def case(when, *steps):
    return {"when": when, "steps": list(steps)}


def switch(name, *cases, **params):
    return step(name, "branch", cases=list(cases), **params)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        # Inside a case: certain. Behind the branch: not.
        ([branch("b", [call("a"), reads(A_OUT)])], None),
        ([branch("b", [call("a"), branch("c", [reads(A_OUT)])])], None),
        ([branch("b", [call("a")]), reads(A_OUT)], "may_be_missing"),
        ([branch("b", [call("a")]), reads(A_OR)], None),
        ([branch("b", [call("a")]), reads(A_OUT, condition=IF_A)], None),
        ([branch("b", [call("a")]), reads("steps.a.status")], "may_be_missing"),
        ([branch("b", [call("a")]), reads("steps.a.status | default: 'none'")], None),
        ([branch("b", [call("a")]), reads("steps.a.error.code")], "may_be_missing"),
        # A step of the main line that was skipped has a status all the same.
        ([call("a", condition=IF_ONE), reads("steps.a.status")], None),
        # Other branches never run before.
        ([branch("b", [call("a")], [reads(A_OUT)])], "other_branch"),
        ([branch("b", [call("a")], [reads(A_OR)])], "other_branch"),
        ([branch("b", [call("a")], otherwise=[reads(A_OUT)])], "other_branch"),
        ([branch("b", [reads(A_OUT)], [call("a")])], "other_branch"),
        ([branch("b", [reads(A_OUT)], otherwise=[branch("c", [call("a")])])], "other_branch"),
        ([branch("b", [reads(A_OUT)]), call("a")], "later_step"),
        ([reads(A_OUT), branch("b", [call("a")])], "later_step"),
        ([branch("b", [reads(A_OUT), call("a")])], "later_step"),
        # On every path: the others have ended.
        ([branch("b", [stop()], otherwise=[call("a")]), reads(A_OUT)], None),
        ([branch("b", [call("a")], otherwise=[stop()]), reads(A_OUT)], None),
        ([branch("b", [call("a")], [call("d"), stop()], otherwise=[stop("t")]), reads(A_OUT)], None),
        ([branch("b", [call("a"), stop()]), reads(A_OUT)], "other_branch"),
        ([{**branch("b", [stop()], otherwise=[call("a")]), "condition": IF_ONE}, reads(A_OUT)], "may_be_missing"),
        ([{**branch("b", [stop()], otherwise=[call("a")]), "on_error": "continue"}, reads(A_OUT)], "may_be_missing"),
        # A case that asks about a step vouches for it, and the ways past it know the answer too.
        ([call("a", condition=IF_ONE), switch("b", case(IF_A, reads(A_OUT)))], None),
        ([call("a", condition=IF_ONE), switch("b", case(IF_A, call("c")), otherwise=[reads(A_OUT)])], "may_be_missing"),
        ([call("a", condition=IF_ONE), switch("b", case(UNLESS_A, call("c")), otherwise=[reads(A_OUT)])], None),
        ([call("a", condition=IF_ONE), switch("b", case(UNLESS_A, call("c")), case(IF_ONE, reads(A_OUT)))], None),
        ([call("a", condition=IF_ONE), switch("b", case(UNLESS_A, stop())), reads(A_OUT)], None),
        ([call("a", condition=IF_ONE), switch("b", case(UNLESS_A, call("c"))), reads(A_OUT)], "may_be_missing"),
        ([call("a", on_error="continue"), switch("b", case(asks("steps.a.error"), stop())), reads(A_OUT)], None),
        ([call("a", on_error="continue"), switch("b", case(asks("steps.a.status", "equals", value="failed"), stop())), reads(A_OUT)], None),
        ([call("a", on_error="continue"), switch("b", case(asks("steps.a.status", "not_equals", value="completed"), stop())), reads(A_OUT)], None),
        ([call("a", on_error="continue"), switch("b", case(asks("steps.a.status", "equals", value="completed"), stop())), reads(A_OUT)], "may_be_missing"),
        ([call("a", condition=IF_ONE), switch("b", case({"any": [*UNLESS_A["all"], *IF_ONE["all"]]}, stop())), reads(A_OUT)], None),
        ([call("a", condition=IF_ONE), switch("b", case({"all": [*UNLESS_A["all"], *IF_ONE["all"]]}, stop())), reads(A_OUT)], "may_be_missing"),
        ([call("a", condition=IF_ONE), reads(A_OUT, condition=UNLESS_A)], "may_be_missing"),
        ([call("a", condition=IF_ONE), switch("b", case(asks("steps.a.output", "is_empty"), stop())), reads(A_OUT)], None),
        # The condition of a branch guards what is inside it.
        ([call("a", condition=IF_ONE), {**branch("b", [reads(A_OUT)]), "condition": IF_ONE}], None),
        ([call("a", condition=IF_ONE), {**branch("b", [reads(A_OUT)]), "condition": IF_A}], None),
        ([call("a", condition=IF_ONE), branch("b", [reads(A_OUT, condition=IF_ONE)])], None),
        ([branch("b", [call("a", condition=IF_ONE)]), reads(A_OUT, condition=IF_ONE)], "may_be_missing"),
        # Conditions inside a step.
        ([call("a"), switch("b", case(asks(A_OUT, "equals", value=1), call("c")))], None),
        ([call("a", condition=IF_ONE), switch("b", case(asks(A_OUT, "equals", value=1), call("c")))], "may_be_missing"),
        ([call("a", condition=IF_ONE), switch("b", case(UNLESS_A, call("c")), case(asks(A_OUT, "equals", value=1), call("d")))], None),
        ([switch("b", case(asks(A_OUT), call("a")))], "later_step"),
        ([branch("b", [call("a")]), reads("tenant.key", condition=asks("steps.a.status", "equals", value="completed"))], "may_be_missing"),
        ([branch("b", [call("a")]), reads("tenant.key", condition=asks("steps.a.status"))], None),
        # Repeating: once at least.
        ([repeat("r", [call("a")], until=asks(A_OUT, "equals", value=1))], None),
        ([repeat("r", [call("a", condition=IF_ONE)], until=asks(A_OUT, "equals", value=1))], "may_be_missing"),
        ([repeat("r", [branch("b", [call("a")])], until=asks(A_OUT, "equals", value=1))], "may_be_missing"),
        ([repeat("r", [branch("b", [call("a")])], until=asks(A_OUT))], None),
        ([repeat("r", [call("a")]), reads(A_OUT)], None),
        ([{**repeat("r", [call("a")]), "condition": IF_ONE}, reads(A_OUT)], "may_be_missing"),
        ([{**repeat("r", [call("a")]), "on_error": "continue"}, reads(A_OUT)], "may_be_missing"),
        ([repeat("r", [branch("b", [call("a")])], until=IF_A), reads(A_OUT)], None),
        # What the round before has left.
        ([repeat("r", [reads("steps.reader.output.cursor | default: ''")])], None),
        ([repeat("r", [reads("steps.reader.output.cursor")])], "may_be_missing"),
        ([repeat("r", [reads(A_OR), call("a")])], None),
        ([repeat("r", [branch("b", [call("a")], [reads(A_OR)])])], None),
        # After an error.
        ([call("a", on_error=after_error(reads(A_OUT)))], "may_be_missing"),
        ([call("a", on_error=after_error(reads("steps.a.error.code")))], None),
        ([call("a"), call("b", on_error=after_error(reads(A_OUT)))], None),
        ([repeat("r", [call("a")]) | {"on_error": after_error(reads(A_OUT))}], "may_be_missing"),
        ([repeat("r", [call("a")]) | {"on_error": after_error(reads(A_OR))}], None),
        ([call("b", on_error=after_error(call("a"), then="continue")), reads(A_OUT)], "may_be_missing"),
        ([call("b", on_error=after_error(call("a"), then="continue")), reads(A_OR)], None),
        ([call("b", on_error=after_error(call("a"), reads(A_OUT)))], None),
        ([call("b", on_error=after_error(call("a"))), reads(A_OUT)], "other_branch"),
        ([call("a", on_error=after_error(call("c"), then="continue")), reads(A_OUT)], "may_be_missing"),
        ([call("a", on_error=after_error(call("c"), stop(), then="continue")), reads(A_OUT)], None),
        ([call("a", on_error=after_error(call("c"))), reads(A_OUT)], None),
        # The error itself.
        ([call("a", on_error=after_error(reads("run.error.code")))], None),
        ([call("a", on_error=after_error(branch("b", [reads("run.error.http_status")])))], None),
        ([call("a", on_error=after_error(reads("run.error")))], None),
        ([call("a", on_error=after_error(reads("run.error.message")))], "unknown_error_part"),
        ([reads("run.error.code")], "no_error_here"),
        ([reads("run.error.code | default: ''")], "no_error_here"),
        ([branch("b", [reads("run.error.code")])], "no_error_here"),
        ([call("a", on_error=after_error(call("c"), then="continue")), reads("run.error.code")], "no_error_here"),
        ([reads("run.id")], None),
    ],
)  # fmt: skip
def test_what_a_step_can_read(steps, code, document_with, found):
    assert [each for _, each in found(document_with(steps=steps))] == ([code] if code else [])


@pytest.mark.parametrize(
    ("reader", "code"),
    [
        (reads(A_OUT), "may_be_missing"),
        (reads(A_OR), None),
        (reads("steps.a.status"), "may_be_missing"),
        (reads("steps.inner.output.x | default: 1"), None),
        (reads("steps.handler.output.x | default: 1"), None),
        (reads(A_OUT, condition=IF_A), None),
        (reads("run.error.step"), None),
        (reads("steps.after.output.x"), "later_step"),
        (reads("steps.nobody.output.x"), "unknown_step"),
    ],
)
def test_after_a_failure_anything_may_have_run(reader, code, document_with, found):
    steps = [call("a", on_error=after_error(call("handler"))), branch("b", [call("inner")])]

    problems = found(document_with(steps=steps, on_failure=[reader, call("after")]))

    assert [each for _, each in problems] == ([code] if code else [])


def test_the_main_line_cannot_read_what_follows_a_failure(document_with, found):
    document = document_with(steps=[reads(A_OUT)], on_failure=[call("a")])

    assert found(document) == [("/steps/0/params/url", "later_step")]


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ([switch("b", case(asks("nope.x"), call("c")))], "/params/cases/0/when/all/0/field"),
        ([repeat("r", [call("c")], until=asks("nope.x"))], "/params/until/all/0/field"),
        ([branch("b", [call("c")], otherwise=[reads("nope.x")])], "/params/otherwise/0/params/url"),
        ([call("b", on_error=after_error(reads("nope.x")))], "/on_error/steps/0/params/url"),
    ],
)
def test_a_problem_says_where_in_the_blocks_it_is(steps, place, document_with, found):
    assert found(document_with(steps=steps)) == [(f"/steps/0{place}", "unknown_root")]
