"""Child runs and waits for others in the flat program: where they begin, and what follows."""

import json

import pytest

from tests.workflows.definition.conftest import CATALOGUE
from tests.workflows.definition.shapes import (
    IF_ONE,
    after_error,
    approval,
    branch,
    call,
    emit,
    for_each,
    parallel,
    reminder,
    repeat,
    run_workflow,
    step,
    stop,
    wait_for_event,
    with_everything,
)
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.validate import ValidDocument


def program_of(document_with, *steps, **head):
    document = document_with(steps=list(steps), **head)
    return json.loads(json.dumps(compile_document(ValidDocument(document, CATALOGUE))))


def wiring(program):
    names = [one["name"] for one in program["instructions"]]
    return {
        one["name"]: None if one["next"] is None else names[one["next"]]
        for one in program["instructions"]
    }


def named(program, name):
    return next(one for one in program["instructions"] if one["name"] == name)


def name_at(program, index):
    return None if index is None else program["instructions"][index]["name"]


def own(program, name):
    """Return what only this kind of instruction has."""
    common = {
        *("op", "index", "name", "label", "action", "condition", "next", "on_error"),
        *("error_block", "error_codes"),
    }
    return {key: value for key, value in named(program, name).items() if key not in common}


def test_the_steps_for_each_item_end_by_themselves(document_with):
    body = [
        branch("b", [call("x")], otherwise=[call("y")]),
        call("z", on_error=after_error(call("sorry"), then="continue")),
    ]
    program = program_of(document_with, for_each("l", body), call("last"))

    assert wiring(program) == {
        "l": "last", "last": None, "b": "z", "x": "z", "y": "z", "z": None, "sorry": None,
    }  # fmt: skip
    assert own(program, "l") == {
        "params": {"object": {"items": {"template": "{{ trigger.list }}", "as": "value"}}},
        "body": named(program, "b")["index"],
        "result": None,
        "concurrency": 5,
        "if_one_fails": "continue",
    }
    assert load_program(program).blocks.keys() == {named(program, "b")["index"]}


def test_branches_at_once_end_by_themselves(document_with):
    one = parallel("p", {"x": {"n": "{{ steps.a.output.n }}"}}, x=[call("a")], y=[call("b")])
    one["params"] |= {"if_one_fails": "continue"}
    one["params"]["branches"][1]["label"] = "The other"
    program = program_of(document_with, one, call("last"))

    assert wiring(program) == {"p": "last", "last": None, "a": None, "b": None}
    result = {"object": {"n": {"template": "{{ steps.a.output.n }}", "as": "value"}}}
    assert own(program, "p") == {
        "arms": [
            {"name": "x", "label": "", "body": 2, "result": result},
            {"name": "y", "label": "The other", "body": 3, "result": None},
        ],
        "if_one_fails": "continue",
    }
    assert [block.step_name for block in load_program(program).blocks.values()] == ["p", "p"]


def test_an_error_that_stops_a_child_leads_to_the_one_fail(document_with):
    body = [call("x", on_error=after_error(call("sorry")))]
    program = program_of(document_with, for_each("l", body))

    assert wiring(program) == {"l": None, "x": None, "sorry": "", "": None}


def in_list(one):
    return for_each("l", [one, call("after")])


def in_branch(one):
    return parallel("p", x=[one, call("after_p")], y=[call("other")])


SAYS_ITEM = {**stop("s", scope="item"), "condition": IF_ONE}
SAYS_RUN = {**stop("s", scope="run"), "condition": IF_ONE}
SAYS_NOTHING = {**stop("s"), "condition": IF_ONE}


@pytest.mark.parametrize(
    ("outer", "levels"),
    [
        (SAYS_NOTHING, 0),
        (SAYS_RUN, 0),
        (branch("b", [repeat("r", [SAYS_NOTHING])]), 0),
        (in_list(SAYS_NOTHING), 0),
        (in_list(SAYS_ITEM), 0),
        (in_list(SAYS_RUN), 1),
        (in_list(call("c", on_error=after_error(SAYS_RUN, then="continue"))), 1),
        (in_branch(SAYS_NOTHING), 1),
        (in_branch(SAYS_RUN), 1),
        (in_list(in_branch(SAYS_NOTHING)), 1),
        (in_list(in_branch(SAYS_ITEM)), 1),
        (in_list(in_branch(SAYS_RUN)), 2),
        (in_branch(in_list(SAYS_NOTHING)), 0),
        (in_branch(in_list(SAYS_RUN)), 2),
        (for_each("m", [in_list(SAYS_NOTHING)]), 0),
        (for_each("m", [in_list(SAYS_RUN)]), 2),
        (approval("w", reminders=[reminder(SAYS_NOTHING)]), 0),
        (for_each("m", [approval("w", reminders=[reminder(SAYS_NOTHING)])]), 0),
        (call("c", on_error=after_error(in_branch(SAYS_NOTHING))), 1),
    ],
)
def test_a_stop_says_how_many_runs_end_with_it(outer, levels, document_with):
    program = program_of(document_with, outer)

    index = named(program, "s")["index"]
    assert load_program(program).instructions[index].levels == levels


def test_a_wait_for_an_event_knows_where_it_goes_when_it_took_too_long(document_with):
    waiting = wait_for_event(
        "w",
        timeout="2d",
        look_back="1h",
        on_timeout=[call("late"), call("later")],
        reminders=[
            reminder(call("notice"), call("notice_too"), after="30m"),
            reminder(call("daily"), every="1d"),
            reminder(call("thrice"), every="1d", at_most=3),
        ],
    )
    program = program_of(document_with, waiting, call("last"))

    assert wiring(program) == {
        "w": "last", "last": None, "late": "later", "later": "last",
        "notice": "notice_too", "notice_too": "w", "daily": "w", "thrice": "w",
    }  # fmt: skip
    stored = own(program, "w")
    assert name_at(program, stored.pop("on_timeout")) == "late"
    reminders = stored.pop("reminders")
    assert [name_at(program, one.pop("body")) for one in reminders] == ["notice", "daily", "thrice"]
    assert reminders == [
        {"after": "30m", "every": None, "at_most": 1},
        {"after": "1h", "every": "1d", "at_most": 10},
        {"after": "1h", "every": "1d", "at_most": 3},
    ]
    match = {"object": {"id": {"template": "{{ trigger.a }}", "as": "value"}}}
    assert stored == {
        "params": {"object": {"match": match}},
        "event_type": "fetched",
        "look_back": "1h",
        "give_up_after": "2d",
    }


def test_a_plain_wait_for_an_event(document_with):
    stored = own(program_of(document_with, wait_for_event("w", match={"id": 5})), "w")

    assert stored == {
        "params": {"literal": {"match": {"id": 5}}},
        "event_type": "fetched",
        "look_back": "0s",
        "on_timeout": None,
        "give_up_after": None,
        "reminders": [],
    }


def test_a_decision_has_choices_and_fields_in_full(document_with, scope_of):
    form = [
        {"key": "why", "label": "Why?", "type": "text"},
        {"key": "how", "label": "How?", "type": "choice", "required": True, "options": ["a"]},
    ]
    asked = approval("w", title="Order {{ trigger.a }}", form=form, timeout="7d", allow_self=True)
    program = program_of(document_with, asked, call("last"))

    stored = own(program, "w")
    assert stored | {"params": None} == {
        "params": None,
        "timeout_choice": None,
        "allow_self": True,
        "give_up_after": "7d",
        "reminders": [],
    }
    assert load_program(program).instructions[0].render(scope_of({"a": 1})) == {
        "title": "Order 1",
        "message": "",
        "approvers": ["role:operations"],
        "choices": [
            {"key": "approve", "label": "Approve"},
            {"key": "reject", "label": "Reject"},
        ],
        "form": [
            {**form[0], "required": False, "options": []},
            # "Required" alone means each choice but the one that says no.
            {**form[1], "required": False, "required_for": ["approve"]},
        ],
    }


def test_own_choices_replace_the_usual_ones(document_with, scope_of):
    choices = [{"key": "release", "label": "Release"}]
    asked = approval("w", choices=choices, timeout="7d", timeout_choice="release")
    program = load_program(program_of(document_with, asked))

    assert program.instructions[0].timeout_choice == "release"
    assert program.instructions[0].render(scope_of())["choices"] == choices


def test_steps_of_a_reminder_go_on_after_an_error_unless_they_say_otherwise(document_with):
    steps = [
        call("quiet", on_error=after_error(call("handler"))),
        branch("b", [call("inner")]),
        call("loud", on_error="stop"),
        for_each("l", [call("item_step")]),
    ]
    program = program_of(document_with, approval("w", reminders=[reminder(*steps)]), call("last"))

    says = {one["name"]: one["on_error"] for one in program["instructions"]}
    assert says == {
        "w": "stop", "last": "stop", "": "stop",
        "quiet": "stop", "handler": "continue",
        "b": "continue", "inner": "continue", "loud": "stop",
        # Its failing is the list's to judge.
        "l": "continue", "item_step": "stop",
    }  # fmt: skip


def test_another_workflow_is_called_with_its_input(document_with, scope_of):
    program = program_of(document_with, run_workflow("o", input={"id": "{{ trigger.a }}"}))
    plain = program_of(document_with, run_workflow("o"))

    assert named(program, "o")["workflow"] == "refunds"
    assert load_program(program).instructions[0].render(scope_of({"a": 1})) == {"input": {"id": 1}}
    assert load_program(plain).instructions[0].render(scope_of()) == {"input": {}}


def test_what_a_run_hands_back_is_a_plan(document_with, scope_of):
    program = program_of(document_with, call("a"), output={"n": "{{ trigger.n }}", "m": [1]})

    assert load_program(program).output(scope_of({"n": 5})) == {"n": 5, "m": [1]}
    assert "output" not in program_of(document_with, call("a"))


def test_the_key_of_the_lane_is_a_plan_that_gives_text(document_with, scope_of):
    settings = {
        "concurrency_key": "{{ trigger.n }}",
        "when_busy": "replace",
        "max_running": 20,
        "deadline": "7d",
        "start_on_own_changes": True,
    }
    program = program_of(document_with, call("a"), settings=settings)

    plan = {"template": "{{ trigger.n }}", "as": "text"}
    assert program["settings"] == {**settings, "concurrency_key": plan}
    loaded = load_program(program)
    assert loaded.settings.concurrency_key(scope_of({"n": 5})) == "5"
    assert (loaded.settings.when_busy, loaded.settings.max_running) == ("replace", 20)
    assert loaded.settings.deadline.days == 7
    assert loaded.starts_on_own_changes is True


@pytest.mark.parametrize(("said", "kept"), [({}, "ask"), ({"after_crash": "repeat"}, "repeat")])
def test_a_call_says_what_becomes_of_it_after_a_crash(said, kept, document_with):
    program = program_of(document_with, call("a", **said))

    assert ("after_crash" in named(program, "a")) is bool(said)
    assert load_program(program).instructions[0].after_crash == kept


def test_only_what_is_filled_in_is_held_against_a_schema(document_with):
    document = with_everything()
    document["steps"].append(emit("e", type="x"))
    schemas = compile_document(ValidDocument(document, CATALOGUE))["schemas"]

    assert {name: sorted(schema["properties"]) for name, schema in schemas.items()} == {
        "approval": ["approvers", "choices", "form", "message", "title"],
        "emit_event": ["payload", "subject_id", "subject_type", "type"],
        "for_each": ["items"],
        "run_workflow": ["input"],
        "wait_for_event": ["match"],
        "webhook": sorted(CATALOGUE.actions["webhook"].params["properties"]),
    }


PREVIOUS = "{{ previous.a }}"


@pytest.mark.parametrize(
    ("steps", "head", "uses"),
    [
        ([for_each("l", [call("x")])], {}, False),
        ([for_each("l", [call("x")], items=PREVIOUS)], {}, True),
        ([for_each("l", [call("x", PREVIOUS)])], {}, True),
        ([for_each("l", [call("x")], result={"a": PREVIOUS})], {}, True),
        ([parallel("p", {"y": PREVIOUS}, x=[call("a")], y=[call("b")])], {}, True),
        ([wait_for_event("w", match={"a": PREVIOUS})], {}, True),
        ([approval("w", reminders=[reminder(call("x", PREVIOUS))])], {}, True),
        ([call("x")], {"output": [PREVIOUS]}, True),
        ([call("x")], {"settings": {"concurrency_key": PREVIOUS}}, True),
    ],
)
def test_before_values_are_found_everywhere(steps, head, uses, document_with):
    assert load_program(program_of(document_with, *steps, **head)).uses_previous is uses


def test_compiling_leaves_the_document_as_it_is(document_with):
    one = step("w", "wait_for_event", type="x", match={"a": 1}, reminders=[reminder(call("r"))])
    document = document_with(steps=[one])
    before = json.dumps(document)

    compile_document(ValidDocument(document, CATALOGUE))

    # That a reminder goes on after an error stands in the program only.
    assert json.dumps(document) == before
