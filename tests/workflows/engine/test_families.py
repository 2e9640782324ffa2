"""Steps that start child runs: begin, look after them, end; and what a child hands over."""

import pytest

from tests.workflows.engine.walking import NOW, kind, program_of, say, walker
from workflows.engine.children import PAGE, ChildEnd, ChildRuns
from workflows.engine.history.entries import Timing
from workflows.engine.outcomes import CancelAsked, StepCompleted, StepFailed
from workflows.engine.progress import Ended, WaitType
from workflows.engine.statuses import RunStatus

REFUSED = {"code": "http_404", "step": "say_it", "message": "no"}
WHO = "{{ trigger.who }}"


def each(*, result="{{ steps.say_it.output.id }}", steps=None, **params):
    inside = steps or [say("say_it")]
    return kind("for_each", items="{{ trigger.list }}", steps=inside, result=result, **params)


def parallel(**params):
    arms = [{"name": name, "label": name, "steps": [say(name)]} for name in ("left", "right")]
    return kind("parallel", branches=arms, **params)


def stored(parked):
    """Return what the row of a parent keeps once its children are started."""
    ids = {"oldest": "c-1", "first": "c-1", "last": "c-9"}
    return {**parked.pending, "children": {**ids, **parked.pending["children"]}}


def meet(program, parked, *ends, still_open=0, trigger=None, pending=None):
    found = ChildRuns(still_open, list(ends))
    kept = pending or stored(parked)
    return walker(program, trigger=trigger).begin(parked.next_step, kept, NOW, found)


def done(index, result=None):
    return ChildEnd(index, RunStatus.COMPLETED, {"result": result})


def failed(index):
    return ChildEnd(index, RunStatus.FAILED, None, REFUSED)


# The parent.


def begin(program, items):
    return walker(program, trigger={"list": items}).begin(0, None, NOW)


def test_a_list_parks_the_run_and_starts_its_children():
    parked = begin(program_of(each(), say("after")), ["a", "b"])

    assert (parked.status, parked.wait_type, parked.due_in) == (
        RunStatus.WAITING,
        WaitType.CHILDREN,
        None,
    )
    assert [one.item for one in parked.spawn.children] == ["a", "b"]
    assert (parked.pending["awaits"], parked.pending["since"]) == ("children", NOW.isoformat())
    assert parked.pending["input"] == {"items": ["a", "b"]}


def test_an_empty_list_starts_nobody_and_the_run_goes_on():
    progress = begin(program_of(each(), say("after")), [])

    assert (progress.spawn, progress.job.instruction.name) == (None, "after")
    nothing = {"results": [], "items": 0, "succeeded": 0, "failed": 0}
    assert progress.entries[0]["output"] == nothing


def test_a_list_beyond_the_limit_fails_before_anybody_starts():
    progress = begin(program_of(each()), list(range(10_001)))

    assert (progress.status, progress.spawn) == (RunStatus.FAILED, None)
    assert progress.error["error"]["code"] == "limit_reached"


def test_while_children_are_open_the_parent_waits_on():
    program = program_of(each(), say("after"))
    parked = begin(program, ["a", "b"])

    progress = meet(program, parked, done(0), still_open=1)

    assert (progress.status, progress.entries, progress.spawn) == (RunStatus.WAITING, (), None)
    assert not progress.cancels_children
    assert progress.pending == stored(parked)


@pytest.mark.parametrize(("if_one_fails", "cancels"), [("stop", True), ("continue", False)])
def test_where_one_that_fails_stops_the_others_they_are_cancelled_first(if_one_fails, cancels):
    program = program_of(each(if_one_fails=if_one_fails), say("after"))
    parked = begin(program, ["a", "b"])

    progress = meet(program, parked, failed(0), still_open=1)

    assert (progress.status, progress.cancels_children) == (RunStatus.WAITING, cancels)


def test_the_next_page_starts_when_the_last_of_one_has_ended():
    program = program_of(each(), say("after"))
    items = list(range(PAGE + 1))
    parked = begin(program, items)

    more = meet(program, parked, *(done(index, index) for index in range(PAGE)))
    assert (more.status, [one.item_index for one in more.spawn.children]) == (
        RunStatus.WAITING,
        [PAGE],
    )
    assert more.pending["children"]["started"] == PAGE + 1
    end = meet(program, more, *(done(index, index) for index in range(PAGE + 1)))

    assert end.job.instruction.name == "after"
    assert end.entries[0]["output"]["results"] == items


def test_no_page_is_started_behind_a_failure_that_stops():
    program = program_of(each(if_one_fails="stop"))
    parked = begin(program, list(range(PAGE + 1)))

    end = meet(program, parked, failed(0), *(done(index) for index in range(1, PAGE)))

    assert (end.status, end.spawn) == (RunStatus.FAILED, None)
    assert end.error["error"] == {"code": "item_failed", "params": {"item": 1, **REFUSED}}


def test_the_entry_names_the_children_in_which_a_retry_goes_on():
    program = program_of(each(if_one_fails="stop"))
    parked = begin(program, ["a", "b"])

    [entry] = meet(program, parked, done(0, "A"), failed(1)).entries

    assert entry["children"] == ["c-1", "c-9"]
    assert entry["input"] == {"items": ["a", "b"]}


def test_a_retry_of_what_version_0_1_ended_starts_only_those_that_failed():
    program = program_of(each(if_one_fails="stop"))
    again = {"step": 0, "step_name": "it", "action": "for_each", "done": {"0": {"result": "A"}}}
    parked = walker(program, trigger={"list": ["a", "b"]}).begin(0, again, NOW)
    assert [one.item_index for one in parked.spawn.children] == [1]

    end = meet(program, parked, done(1, "B"))

    assert end.entries[0]["output"]["results"] == ["A", "B"]


def test_trouble_in_a_list_that_goes_on_is_remembered_at_the_end():
    program = program_of(each(if_one_fails="continue"))
    parked = begin(program, ["a", "b"])

    end = meet(program, parked, done(0, "A"), failed(1))

    assert end.status is RunStatus.COMPLETED_WITH_ERRORS
    assert end.error["error"]["code"] == "items_failed"


@pytest.mark.parametrize(("on_error", "status"), [(None, "failed"), ("continue", None)])
def test_a_failed_family_is_treated_like_any_failed_step(on_error, status):
    program = program_of(parallel() | ({"on_error": on_error} if on_error else {}), say("after"))
    parked = walker(program).begin(0, None, NOW)

    progress = meet(program, parked, done(0), failed(1))

    assert progress.entries[0]["error"]["code"] == "branch_failed"
    assert (progress.status == status) == (status is not None)
    assert (progress.job is not None) == (status is None)


def stop_of(levels, **more):
    stop = {"levels": levels, "has_failed": False, "message": "Enough", **more}
    return ChildEnd(0, RunStatus.COMPLETED, {"stop": stop})


def test_a_child_that_ends_the_whole_run_ends_it():
    program = program_of(parallel(), say("after"))
    parked = walker(program).begin(0, None, NOW)

    waiting = meet(program, parked, stop_of(0), still_open=1)
    end = meet(program, parked, stop_of(0), ChildEnd(1, RunStatus.CANCELLED, None))

    assert (waiting.status, waiting.cancels_children) == (RunStatus.WAITING, True)
    assert (end.status, end.job) == (RunStatus.COMPLETED, None)


def test_a_child_can_end_it_as_failed():
    program = program_of(parallel(), on_failure=[say("tell")])
    parked = walker(program).begin(0, None, NOW)

    end = meet(program, parked, stop_of(0, has_failed=True))

    assert end.job.instruction.name == "tell"
    assert end.entries[0]["error"] == {"code": "stopped", "params": {"message": "Enough"}}


# The child.

END = {"scope": "run", "outcome": "failed", "message": "Bad: {{ trigger.who }}"}


def child(program, entry, results=(), who="Rami"):
    return walker(program, results, trigger={"who": who}, is_child=True, entry=entry)


def settled(program, entry, outcome):
    own = child(program, entry)
    job = own.begin(entry, None, NOW).job
    return child(program, entry).settle(job, outcome, Timing(NOW, 1), now=NOW, jitter=0)


def test_a_child_hands_over_what_its_block_says():
    program = program_of(each())
    entry = program.instructions[0].body

    end = settled(program, entry, StepCompleted({"id": 7}))

    assert (end.status, end.ended) == (RunStatus.COMPLETED, Ended(7))
    assert end.ended.as_json() == {"result": 7}


def test_a_result_that_cannot_be_made_fails_the_child():
    program = program_of(each(result="{{ steps.say_it.output.missing.deep }}"))
    entry = program.instructions[0].body

    end = settled(program, entry, StepCompleted({"id": 7}))

    assert (end.status, end.error["step_name"]) == (RunStatus.FAILED, "it")
    assert end.error["error"]["code"] == "missing_value"
    assert [one["action"] for one in end.entries] == ["say", "output"]


@pytest.mark.parametrize(("if_one_fails", "tells"), [("stop", True), ("continue", False)])
def test_a_failure_is_told_at_once_only_where_it_stops_the_others(if_one_fails, tells):
    program = program_of(each(if_one_fails=if_one_fails), on_failure=[say("tell")])
    entry = program.instructions[0].body

    end = settled(program, entry, StepFailed("http_404"))

    # The steps for a failed run are its parent's affair.
    assert (end.status, end.job) == (RunStatus.FAILED, None)
    assert (end.ended.result, end.ended.tells_at_once) == (None, tells)


def test_a_cancelled_child_is_cancelled_though_its_result_cannot_be_made():
    program = program_of(each())
    entry = program.instructions[0].body

    end = settled(program, entry, CancelAsked())

    assert (end.status, end.entries, end.error) == (RunStatus.CANCELLED, (), None)
    assert end.ended == Ended()


@pytest.mark.parametrize("scope", ["item", "run"])
def test_a_stop_ends_the_item_or_the_whole(scope):
    inside = [kind("stop", "end", scope=scope, outcome="completed", message="Enough")]
    program = program_of(each(steps=inside, result=None))
    entry = program.instructions[0].body

    end = child(program, entry).begin(entry, None, NOW)

    assert end.status is RunStatus.COMPLETED
    stop = {"has_failed": False, "message": "Enough", "levels": 0}
    if scope == "item":
        assert (end.ended.stop, end.ended.tells_at_once) == (None, False)
    else:
        assert end.ended == Ended(stop=stop, tells_at_once=True)
        assert end.ended.as_json() == {"stop": stop}


def test_a_stop_two_lists_deep_counts_the_runs_above_it_down():
    inner = {**each(steps=[kind("stop", "end", **END)], result=None), "name": "inner"}
    inner["params"]["items"] = "{{ item }}"
    program = program_of(each(steps=[inner], result=None))
    outer_entry = program.instructions[0].body
    inner_step = program.instructions[outer_entry]
    assert inner_step.name == "inner"

    lowest = child(program, inner_step.body).begin(inner_step.body, None, NOW)
    assert (lowest.status, lowest.ended.stop) == (
        RunStatus.FAILED,
        {"levels": 1, "has_failed": True, "message": "Bad: Rami"},
    )

    pending = {"awaits": "children", "step_name": "inner", "action": "for_each", "input": {}}
    pending["children"] = {"oldest": "c-1", "first": "c-1", "last": "c-1", "done": {}}
    ends = ChildRuns(0, [ChildEnd(0, lowest.status, lowest.ended.as_json(), REFUSED)])
    middle = child(program, outer_entry).begin(outer_entry, pending, NOW, ends)

    assert (middle.status, middle.ended.tells_at_once) == (RunStatus.FAILED, True)
    assert middle.ended.stop == {"levels": 0, "has_failed": True, "message": "Bad: Rami"}


def test_a_called_workflow_hands_over_its_output_and_does_its_own_steps_for_failure():
    program = program_of(
        say("a"), output={"id": "{{ steps.a.output.id }}"}, on_failure=[say("tell")]
    )

    well = settled(program, 0, StepCompleted({"id": 7}))
    badly = settled(program, 0, StepFailed("http_404"))

    assert (well.status, well.ended.as_json()) == (RunStatus.COMPLETED, {"result": {"id": 7}})
    assert badly.job.instruction.name == "tell"


def test_a_called_workflow_without_an_output_hands_over_null():
    assert settled(program_of(say("a")), 0, StepCompleted({"id": 7})).ended == Ended(None)


def test_a_poisoned_child_tells_at_once_only_where_it_stops_the_others():
    for if_one_fails in ("stop", "continue"):
        program = program_of(each(if_one_fails=if_one_fails))
        entry = program.instructions[0].body

        end = child(program, entry).poisoned(entry, None, 5)

        assert (end.status, end.error["error"]["code"]) == (RunStatus.FAILED, "poisoned")
        assert end.ended.tells_at_once == (if_one_fails == "stop")
