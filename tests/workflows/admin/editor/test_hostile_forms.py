"""What the editor is asked grows with what it is sent, and not with its square."""

import sys

import pytest

from workflows.admin.editor.endpoints.check import MAX_SHOWN, checked
from workflows.admin.editor.form.shape import to_form
from workflows.services.definitions.catalogue import things_of

pytestmark = pytest.mark.django_db
SMALL, TIMES = 110, 4


def document(*steps, **more):
    return {"name": "N", "trigger_type": "new_order", "steps": list(steps), **more}


def step(action, **params):
    return {"name": "a", "action": action, "params": params}


def row(number):
    return {"field": f"trigger.a{number} b", "operator": "equal", "value": 1}


NOTE = step("log_note", text="x")
# Something wrong in each of so many places.
FORMS = {
    "values": lambda n: document(NOTE, values={f"v {i}": {} for i in range(n)}),
    "named values": lambda n: document(
        step("set_values", values={f"v{i}": "{{ nothing.a }}" for i in range(n)})
    ),
    "elements": lambda n: document(
        step("transform", items=[{"x": "{{ nothing }}"}] * n, do=[{"first": "x"}] * n)
    ),
    "approvers": lambda n: document(step("approval", title="x", approvers=["{{ no }}"] * n)),
    "fields": lambda n: document(
        step(
            "approval",
            title="x",
            approvers=["x"],
            form=[{"key": f"k {i}", "label": "l", "type": "no"} for i in range(n)],
        )
    ),
    "cases": lambda n: document(
        step(
            "branch",
            cases=[{"label": "x", "when": {"all": [row(i)]}, "steps": []} for i in range(n)],
        )
    ),
    "filter": lambda n: document(NOTE, trigger_filter={"all": [row(i) for i in range(n)]}),
    "output": lambda n: document(NOTE, output={f"x{i}": "{{ nothing }}" for i in range(n)}),
    "unknown keys": lambda n: document(NOTE, **{f"k{i}": 1 for i in range(n)}),
    "steps": lambda n: document(*({**NOTE, "name": f"s {i}"} for i in range(n))),
    "text": lambda n: document(step("log_note", text="{{ nothing.a }} " * n)),
}


def lines_run(work):
    """Return how many lines of ours it takes: the same on every machine."""
    lines = 0

    def local(_frame, event, _arg):
        nonlocal lines
        lines += event == "line"
        return local

    def trace(frame, _event, _arg):
        is_ours = "/workflows/" in frame.f_code.co_filename
        return local if is_ours else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        found = work()
    finally:
        sys.settrace(before)
    return lines, found


@pytest.mark.parametrize("name", FORMS)
def test_a_hostile_form_is_checked_in_proportion_to_its_size(tenant, name):
    things, taken = things_of(tenant), []
    checked(tenant, to_form(FORMS[name](3)), things=things)  # what is read once
    for size in (SMALL, SMALL * TIMES):
        form = to_form(FORMS[name](size))
        lines, found = lines_run(lambda form=form: checked(tenant, form, things=things))
        taken.append(lines)
        assert len(found["problems"]) <= 2 * MAX_SHOWN

    assert taken[1] <= taken[0] * TIMES * 1.2
