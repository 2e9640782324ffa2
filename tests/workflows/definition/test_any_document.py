"""Any document that the language takes becomes a program whose every part is reached."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.definition.conftest import CATALOGUE
from tests.workflows.definition.shapes import (
    IF_ONE,
    approval,
    branch,
    call,
    emit,
    for_each,
    parallel,
    reminder,
    repeat,
    run_workflow,
    stop,
    wait,
    wait_for_event,
)
from workflows.definition.blocks import lists_in
from workflows.definition.programs.compiler import compile_document
from workflows.definition.programs.program import load_program
from workflows.definition.validate import ValidDocument, validate

IF_ERROR = st.sampled_from(["stop", "continue"])


def numbered(steps, count):
    """Give every step, however deep, a name of its own."""
    for one in steps:
        count += 1
        one["name"] = f"s{count}"
        for _, block in lists_in(one, ""):
            count = numbered(block, count)
    return count


def blocks(levels):
    inner = blocks(levels - 1) if levels else None
    plain = [
        st.builds(call),
        st.builds(stop),
        st.builds(stop, scope=st.just("run")),
        st.builds(wait, **{"for": st.just("1m")}),
        st.builds(emit, type=st.just("x")),
        st.builds(run_workflow),
        st.builds(wait_for_event),
        st.builds(approval),
    ]
    errors = IF_ERROR
    if levels:
        handled = st.builds(lambda steps, then: {"steps": steps, "then": then}, inner, IF_ERROR)
        errors = IF_ERROR | handled
    extras = st.fixed_dictionaries({}, optional={"on_error": errors, "condition": st.just(IF_ONE)})
    kinds = st.one_of(plain + (nesting(inner) if levels else []))
    steps = st.builds(lambda one, more: {**one, **more}, kinds, extras)
    return st.lists(steps, min_size=1, max_size=2)


def nesting(inner):
    two = st.tuples(inner, inner)
    return [
        st.lists(inner, min_size=1, max_size=2).map(lambda cases: branch("b", *cases)),
        two.map(lambda pair: branch("b", pair[0], otherwise=pair[1])),
        inner.map(lambda steps: repeat("r", steps)),
        inner.map(lambda steps: for_each("l", steps)),
        two.map(lambda pair: parallel("p", x=pair[0], y=pair[1])),
        two.map(late_and_reminded),
        two.map(lambda pair: approval(reminders=[reminder(*steps) for steps in pair])),
    ]


def late_and_reminded(pair):
    return wait_for_event(timeout="1d", on_timeout=pair[0], reminders=[reminder(*pair[1])])


def document_of(main, after):
    main, after = copy.deepcopy(main), copy.deepcopy(after)
    count = numbered(main, 0)
    numbered(after, count)
    head = {"name": "A", "trigger_type": "anything"}
    return {**head, "steps": main, **({"on_failure": after} if after else {})}


def without_dead_steps(document):
    """Take out what the check says can never run."""
    for _ in range(60):
        problems = validate(document, CATALOGUE)
        if not problems:
            return document
        assert {problem.code for problem in problems} == {"unreachable_step"}
        *keys, index = problems[0].path.split("/")[1:]
        target = document
        for key in keys:
            target = target[int(key) if isinstance(target, list) else key]
        del target[int(index) :]
    raise AssertionError("there is always one more")


def ways_on(one):
    """Return the indexes to which the engine can go from an instruction, in the same run."""
    found = {one.error_block}
    may_pass = one.condition is not None or (one.on_error == "continue" and not one.error_block)
    match one.op:
        case "branch":
            found |= {case.go_to for case in one.cases} | {one.otherwise}
            may_pass = may_pass or one.otherwise is None
        case "repeat":
            found.add(one.body)
            may_pass = True
        case "wait_for_event" | "approval":
            found |= {each.body for each in one.reminders} | {getattr(one, "on_timeout", None)}
            may_pass = True
        case "stop" | "fail":
            pass
        case _:
            may_pass = True
    return {index for index in found | ({one.next} if may_pass else set()) if index is not None}


def reached_from(program, start):
    """Return the indexes that a run comes to which begins at `start`."""
    waiting, reached = [start], set()
    while waiting:
        index = waiting.pop()
        if index not in reached:
            reached.add(index)
            waiting += ways_on(program.instructions[index])
    return reached


@given(main=blocks(2), after=blocks(1) | st.just([]))
@settings(max_examples=100, deadline=None)
def test_every_way_leads_somewhere_and_every_instruction_is_reached(main, after):
    document = without_dead_steps(document_of(main, after))

    stored = json.loads(json.dumps(compile_document(ValidDocument(document, CATALOGUE))))
    program = load_program(stored)

    count = len(program.instructions)
    assert [one.index for one in program.instructions] == list(range(count))
    for one in program.instructions:
        assert one.next is None or 0 <= one.next < count
        assert all(0 <= index < count for index in ways_on(one))
    starts = [0, *([] if program.on_failure is None else [program.on_failure]), *program.blocks]
    regions = [reached_from(program, start) for start in starts]
    assert set().union(*regions) == set(range(count))
    # No way leads from one run into the steps of another; `fail` serves all.
    own = [[i for i in region if program.instructions[i].op != "fail"] for region in regions]
    assert sum(map(len, own)) == len(set().union(*own))
    # A child run that has come to its end does nothing more.
    for region in regions[-len(program.blocks) :] if program.blocks else []:
        assert all(program.instructions[i].next in {None, *region} for i in region)


@given(main=blocks(2), after=blocks(1) | st.just([]))
@settings(max_examples=50, deadline=None)
def test_a_stop_ends_no_more_runs_than_lie_around_it(main, after):
    document = without_dead_steps(document_of(main, after))

    program = load_program(compile_document(ValidDocument(document, CATALOGUE)))

    depth = dict.fromkeys(range(len(program.instructions)), 0)
    # A block lies behind the step that starts it.
    for start in program.blocks:
        owner = next(one.index for one in program.instructions if start in bodies_of(one))
        for index in reached_from(program, start):
            depth[index] = depth[owner] + 1
    stops = [one for one in program.instructions if one.op == "stop"]
    assert all(one.levels <= depth[one.index] for one in stops)


def bodies_of(one):
    """Return where the child runs of an instruction begin."""
    match one.op:
        case "for_each":
            return [one.body]
        case "parallel":
            return [arm.body for arm in one.arms]
        case _:
            return []
