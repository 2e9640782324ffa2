"""From nested steps to a flat program: which instruction follows which."""

import pytest

from tests.workflows.definition.conftest import CATALOGUE
from tests.workflows.definition.shapes import (
    IF_ONE,
    after_error,
    branch,
    call,
    emit,
    nested,
    repeat,
    step,
    stop,
    wait,
)
from workflows.definition.errors import InvalidProgram
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.validate import ValidDocument


def program_of(document_with, *steps, **head):
    return compile_document(ValidDocument(document_with(steps=list(steps), **head), CATALOGUE))


def wiring(program):
    """Return name -> name of what follows; "" is the synthetic fail, None the end."""
    names = [one["name"] for one in program["instructions"]]
    return {
        one["name"]: None if one["next"] is None else names[one["next"]]
        for one in program["instructions"]
    }


def named(program, name):
    return next(one for one in program["instructions"] if one["name"] == name)


def name_at(program, index):
    return None if index is None else program["instructions"][index]["name"]


def test_plain_steps_follow_one_another(document_with):
    program = program_of(document_with, call("a"), call("b"))

    assert [one["index"] for one in program["instructions"]] == [0, 1]
    assert wiring(program) == {"a": "b", "b": None}
    assert program["on_failure"] is None
    assert named(program, "a") | {"params": None} == {
        "op": "action", "index": 0, "name": "a", "label": "", "action": "webhook",
        "condition": None, "next": 1, "on_error": "stop", "error_block": None,
        "error_codes": None, "retry": None, "timeout": None, "params": None,
    }  # fmt: skip


def test_the_main_line_comes_first_and_keeps_its_numbers(document_with):
    program = program_of(
        document_with,
        call("a", on_error=after_error(call("x"))),
        branch("b", [call("y")]),
        call("c"),
        on_failure=[call("z")],
    )

    assert [one["name"] for one in program["instructions"]] == ["a", "b", "c", "x", "y", "z", ""]
    assert [one["index"] for one in program["instructions"]] == list(range(7))


def test_a_case_leads_to_where_the_branch_leads(document_with):
    one = branch("b", [call("x"), call("y")], [call("z")], otherwise=[call("o")])
    program = program_of(document_with, one, call("c"))

    assert wiring(program) == {"b": "c", "c": None, "x": "y", "y": "c", "z": "c", "o": "c"}
    stored = named(program, "b")
    assert [(case["label"], name_at(program, case["go_to"])) for case in stored["cases"]] == [
        ("Case 1", "x"),
        ("Case 2", "z"),
    ]
    assert name_at(program, stored["otherwise"]) == "o"


@pytest.mark.parametrize("more", [{}, {"otherwise": []}])
def test_without_otherwise_a_branch_goes_on(more, document_with):
    program = program_of(document_with, branch("b", [call("x")], **more))

    assert named(program, "b")["otherwise"] is None
    assert wiring(program) == {"b": None, "x": None}


def test_a_case_without_a_label_is_called_by_its_number(document_with):
    cases = [{"when": IF_ONE, "steps": [call("x")]}, {"when": IF_ONE, "steps": [call("y")]}]
    program = program_of(document_with, step("b", "branch", cases=cases))

    assert [case["label"] for case in named(program, "b")["cases"]] == ["1", "2"]


def test_the_body_of_a_repeat_leads_back_to_it(document_with):
    program = program_of(document_with, repeat("r", [call("x"), call("y")]), call("c"))

    assert wiring(program) == {"r": "c", "c": None, "x": "y", "y": "r"}
    assert name_at(program, named(program, "r")["body"]) == "x"


@pytest.mark.parametrize(("then", "follower"), [("continue", "b"), ("stop", ""), (None, "")])
def test_a_block_after_an_error_leads_on_or_fails(then, follower, document_with):
    more = {"then": then} if then else {}
    handled = call("a", on_error=after_error(call("x"), call("y"), **more))
    program = program_of(document_with, handled, call("b"))

    stored = named(program, "a")
    assert (stored["on_error"], stored["error_codes"]) == (then or "stop", None)
    assert name_at(program, stored["error_block"]) == "x"
    assert wiring(program)["y"] == follower
    assert any(one["op"] == "fail" for one in program["instructions"]) is (follower == "")


def test_a_block_nested_in_blocks_leads_through_all_of_them(document_with):
    inmost = call("x", on_error=after_error(branch("h", [call("y")]), then="continue"))
    program = program_of(
        document_with,
        branch("b", [repeat("r", [branch("c", [inmost])]), call("e")]),
        call("last", on_error=after_error(branch("s", [call("t")], otherwise=[call("u")]))),
    )

    assert wiring(program) == {
        "b": "last", "last": None,
        "r": "e", "e": "last",
        "c": "r", "x": "r", "h": "r", "y": "r",
        "s": "", "t": "", "u": "", "": None,
    }  # fmt: skip


def test_what_ends_the_run_has_no_follower(document_with):
    program = program_of(
        document_with,
        branch("b", [stop("s")], [{**stop("maybe"), "condition": IF_ONE}]),
        call("a", on_error=after_error(stop("t", outcome="failed", message="x"))),
    )

    assert wiring(program) == {"b": "a", "a": None, "s": None, "maybe": "a", "t": None}
    assert (named(program, "s")["outcome"], named(program, "t")["outcome"]) == (
        "completed",
        "failed",
    )


def test_one_fail_serves_every_block(document_with):
    program = program_of(
        document_with,
        call("a", on_error=after_error(call("x", on_error=after_error(call("y"))))),
        call("b", on_error=after_error(call("z"))),
    )

    fails = [one for one in program["instructions"] if one["op"] == "fail"]
    assert [one["index"] for one in fails] == [5]
    assert wiring(program) == {"a": "b", "b": None, "x": "", "y": "", "z": "", "": None}


def test_a_failed_run_has_its_own_line(document_with):
    program = program_of(document_with, call("a"), on_failure=[call("x"), branch("y", [call("z")])])

    assert name_at(program, program["on_failure"]) == "x"
    assert wiring(program) == {"a": None, "x": "y", "y": None, "z": None}
    assert load_program(program).on_failure == 1


def test_only_the_codes_that_are_named_lead_into_the_block(document_with):
    handled = call("a", on_error=after_error(call("x"), codes=["http_404", "unreachable"]))
    program = load_program(program_of(document_with, handled))

    assert program.instructions[0].error_codes == frozenset({"http_404", "unreachable"})
    assert program.instructions[1].error_codes is None
    assert program.instructions[0].error_block == 1


def test_schemas_of_nested_actions_are_kept(document_with):
    program = program_of(
        document_with,
        branch("b", [step("mail", "send_email", to=["a@b.c"], subject="{{ trigger.a }}")]),
        emit("e", type="x"),
    )

    assert sorted(program["schemas"]) == ["emit_event", "send_email"]


PREVIOUS = {"field": "previous.a", "operator": "exists"}
CHANGED = {"field": "trigger.a", "operator": "changed"}


@pytest.mark.parametrize(
    ("steps", "uses"),
    [
        ([branch("b", [call("x")])], False),
        ([branch("b", [call("x", "{{ previous.a }}")])], True),
        ([branch("b", [call("x", condition={"all": [CHANGED]})])], True),
        ([step("b", "branch", cases=[{"when": {"all": [CHANGED]}, "steps": [call("x")]}])], True),
        ([repeat("r", [call("x")], until={"any": [PREVIOUS]})], True),
        ([call("x", on_error=after_error(call("y", "{{ previous.a }}")))], True),
        ([wait(until="{{ previous.a }}")], True),
    ],
)
def test_before_values_are_found_in_blocks(steps, uses, document_with):
    assert load_program(program_of(document_with, *steps)).uses_previous is uses


def test_before_values_are_found_after_a_failure(document_with):
    after = [call("x", "{{ previous.a }}")]

    assert load_program(program_of(document_with, call("a"), on_failure=after)).uses_previous


@pytest.mark.parametrize("missing", ["on_failure", "instructions"])
def test_a_program_without_its_parts_is_refused(missing, document_with):
    program = program_of(document_with, call("a"))
    del program[missing]

    with pytest.raises(InvalidProgram):
        load_program(program)


@pytest.mark.parametrize("changes", [{"op": "jump"}, {"next": ...}])
def test_an_instruction_that_is_none_is_refused(changes, document_with):
    program = program_of(document_with, call("a"))
    program["instructions"][0] |= changes
    if changes.get("next") is ...:
        del program["instructions"][0]["next"]

    with pytest.raises(InvalidProgram):
        load_program(program)


def test_the_nested_document_compiles_whole():
    program = load_program(compile_document(ValidDocument(nested(), CATALOGUE)))

    assert {one.op for one in program.instructions} == {
        "action", "branch", "stop", "wait", "repeat", "emit_event", "fail",
    }  # fmt: skip
