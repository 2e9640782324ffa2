"""The editor, errors and comparisons of versions call each part of a workflow by one name."""

import copy

import pytest
from django.utils import translation
from hypothesis import given

from actions import registry
from tenants.core.json.pointers import pointer
from tests.workflows.definition.changes.test_nothing_is_lost import DOCUMENTS
from workflows.admin.editor.endpoints.known import all_known
from workflows.admin.editor.form.steps import node_of
from workflows.admin.editor.presentation.operators import operators
from workflows.admin.editor.presentation.texts import texts
from workflows.definition.catalogue import Catalogue
from workflows.definition.operators import OPERATORS
from workflows.definition.validate import validate
from workflows.presentation.changes.sentences import sentences, told
from workflows.presentation.documents import places
from workflows.presentation.documents.comparisons import comparison
from workflows.presentation.documents.problems import sentence
from workflows.presentation.documents.summary import summary
from workflows.presentation.vocabulary import step_label

LANGUAGES = ("en", "ar")
# What the scripts of the editor call a part that no schema describes: their text, and the part.
OF_SCRIPTS = {
    "workflow_name": "/name",
    "trigger_type": "/trigger_type",
    "also_on": "/also_on",
    "filter": "/trigger_filter",
    "settings": "/settings",
    "values": "/values",
    "turns": "/settings/concurrency_key",
    "when_busy": "/settings/when_busy",
    "max_running": "/settings/max_running",
    "deadline": "/settings/deadline",
    "own_changes": "/settings/start_on_own_changes",
    "output": "/output",
    "if_workflow_fails": "/on_failure",
    "label": "/steps/0/label",
    "name": "/steps/0/name",
    "only_if": "/steps/0/condition",
    "if_fails": "/steps/0/on_error",
    "if_it_fails": "/steps/0/on_error/steps",
    "fails_then": "/steps/0/on_error/then",
    "fails_codes": "/steps/0/on_error/codes",
    "after_crash": "/steps/0/after_crash",
    "retry_own": "/steps/0/retry",
    "retry_attempts": "/steps/0/retry/attempts",
    "retry_delay": "/steps/0/retry/delay",
    "retry_backoff": "/steps/0/retry/backoff",
    "retry_max_delay": "/steps/0/retry/max_delay",
    "timeout": "/steps/0/timeout",
    "field": "/steps/0/condition/all/0/field",
    "operator": "/trigger_filter/any/0/operator",
    "value": "/trigger_filter/all/0/any/1/value",
}


def shown_params(action):
    """Yield the title of each field of an action's form, with its pointer in the first step."""
    yield from _fields(node_of(action), pointer("/steps/0", "params"))


def _fields(node, path):
    for name, inner in node.members.items():
        at = pointer(path, name)
        yield at, inner.title
        yield from _fields(inner, at)
        if inner.items is not None:
            yield from _fields(inner.items, pointer(at, 0))


def one_step(**more):
    return {"name": "only", "action": "send_email", "params": {}, **more}


def with_value_at(path, step, value):
    """Return a document with this step, in which the value stands at the place."""
    document = {"name": "x", "steps": [copy.deepcopy(step)]}
    here, keys = document, path.split("/")[1:]
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        inner = value if following is None else [] if following.isdecimal() else {}
        if isinstance(here, list):
            here += [{} for _ in range(int(key) + 1 - len(here))]
            here[int(key)] = here[int(key)] or inner
            here = here[int(key)]
        else:
            here[key] = value if following is None else here.get(key) or inner
            here = here[key]
    return document


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", [one.name for one in all_known()])
def test_an_error_names_every_param_as_its_field_is_called(action, language):
    document = {"steps": [one_step(action=action)]}

    with translation.override(language):
        fields = list(shown_params(action))
        others = [(at, title) for at, title in fields if title not in places.place(at, document)]

    assert fields or action == "stop"
    assert others == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", [one.name for one in all_known()])
def test_what_changed_names_every_param_as_its_field_is_called(action, language):
    step = one_step(action=action)

    with translation.override(language):
        others = [
            (at, title)
            for at, title in shown_params(action)
            if title not in said_to_change(at, step)
        ]

    assert others == []


def said_to_change(path, step):
    old, new = (with_value_at(path, step, value) for value in ("old", "new"))
    return " ".join(sentences(told(old, new)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("text", "path"), OF_SCRIPTS.items())
def test_errors_and_changes_name_the_other_parts_as_the_editor_does(text, path, language):
    step = one_step(name="", action="log_note")

    with translation.override(language):
        title = texts()[text]
        assert title in places.place(path, {"steps": [step]})
        assert title in said_to_change(path, step)


def test_a_step_that_may_be_done_again_asks_for_its_crash_in_other_words():
    again = {"steps": [one_step(action="http_request")]}

    assert texts()["after_doubt"] in places.place("/steps/0/after_crash", again)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OPERATORS)
def test_a_comparison_has_one_name(name, language):
    row = {"field": "trigger.total", "operator": name, "value": "5"}
    problem = {"operator": name}

    with translation.override(language):
        [label] = [one["label"] for one in operators() if one["name"] == name]
        assert label in comparison(row)
        assert label in sentence("operator_needs_value", problem)


def test_what_is_missing_is_named_as_its_field_is_called():
    catalogue = Catalogue(actions={one.name: one for one in registry.all_actions()})
    steps = [
        {"name": "ask", "action": "approval", "params": {}},
        {"name": "rest", "action": "wait", "params": {"for": "1d", "before": "2h"}},
        {"name": "mail", "action": "send_email", "params": {}},
        {"name": "loop", "action": "wait", "params": {}, "retry": {"attempts": 3}},
    ]
    document = {"name": "x", "trigger_type": "new_order", "steps": steps}

    lines = {
        ": ".join(places.problem_words(one, document)) for one in validate(document, catalogue)
    }

    assert {
        "Step 1 “Ask”, “The question”: “The question” is missing. Fill it in.",
        "Step 1 “Ask”, “Who may decide?”: “Who may decide?” is missing. Fill it in.",
        "Step 2 “Rest”, “This long before it”: “This long before it” needs “Until” beside it. "
        "Fill that in, or remove this.",
        "Step 3 “Mail”, “To”: “To” is missing. Fill it in.",
        "Step 4 “Loop”: Fill in one of these: How long, Until, Between these hours.",
        "Step 4 “Loop”, “Try again like this”: “Try again like this” has no meaning for “Wait”. "
        "Remove it.",
    } <= lines


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            "/steps/0/params/cases/1/steps/0/params/to",
            "Step 1 “Which way”, “Paths”, “Dear ones”, “Then”, “Tell them”, “To”",
        ),
        (
            "/steps/0/params/cases/0/when/all/1/value",
            "Step 1 “Which way”, “Paths”, no. 1, “When does it take this path?”, no. 2, “Value”",
        ),
        ("/on_failure/0/params/to", "“If the workflow fails”, “Mail”, “To”"),
        ("/on_failure/4", "“If the workflow fails”, no. 5"),
        (
            "/steps/0/on_error/steps/0",
            "Step 1 “Which way”, “If this step fails in the end”, “If it fails”, “Mail”",
        ),
        (
            "/steps/1/params/fields/delivery_status",
            "Step 2 “Change”, “New values”, “Delivery status”",
        ),
        ("/values/due_days", "“Fixed values”, “due_days”"),
    ],
)
def test_a_place_inside_other_steps_leads_there_title_by_title(path, words):
    mail = {"name": "mail", "action": "send_email", "params": {}}
    cases = [{"steps": []}, {"label": "Dear ones", "steps": [{**mail, "label": "Tell them"}]}]
    document = {
        "values": {"due_days": 5},
        "steps": [
            {
                "name": "which_way",
                "action": "branch",
                "params": {"cases": cases},
                "on_error": {"steps": [mail]},
            },
            {
                "name": "change",
                "action": "update_record",
                "params": {"table": "orders", "fields": {"delivery_status": "late"}},
            },
        ],
        "on_failure": [mail],
    }

    assert places.place(path, document) == words


@pytest.mark.parametrize(
    ("step", "label"),
    [
        ({"label": "Tell them", "name": "send_email", "action": "send_email"}, "Tell them"),
        ({"label": "", "name": "tell_them", "action": "send_email"}, "Tell them"),
        # The editor made these names of the action's.
        ({"name": "send_email", "action": "send_email"}, "Send a mail"),
        ({"name": "send_email_12", "action": "send_email"}, "Send a mail"),
        ({"action": "send_email"}, "Send a mail"),
        ({"label": 5, "name": [], "action": {}}, "a step without a name"),
        (None, "a step without a name"),
    ],
)
def test_a_step_has_one_label_wherever_it_is_named(step, label):
    assert step_label(step) == label
    steps = [step, {"name": "last", "action": "log_note", "params": {}}]
    if step is not None:
        assert places.place("/steps/0", {"steps": steps}) == f"Step 1 “{label}”"
        assert summary({"trigger_type": "x", "steps": steps}).endswith(f": {label}, Last.")
    if step and isinstance(step.get("name"), str):
        assert said_to_change("/steps/0/condition", step).startswith(f"{label}: ")


@given(DOCUMENTS)
def test_every_problem_of_any_document_has_a_place_and_a_sentence(document):
    for problem in validate(document, Catalogue()):
        assert all(places.problem_words(problem, document))


@pytest.mark.parametrize("key", ["params", "name", "action"])
def test_of_a_step_that_lacks_what_it_needs_the_step_is_named(key):
    step = {name: value for name, value in one_step().items() if name != key}
    document = {"name": "x", "trigger_type": "new_order", "steps": [step]}

    said = [places.problem_words(one, document) for one in validate(document, Catalogue())]

    assert any(
        place.startswith("Step 1 “") and sentence.endswith("is missing. Fill it in.")
        for place, sentence in said
    )
