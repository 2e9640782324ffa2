"""The steps that lead a run, as the editor shows them: everything has words, and a beginning."""

import pytest
from django.utils import translation

from workflows.admin.editor.endpoints.known import all_known, known
from workflows.admin.editor.form.steps import node_of
from workflows.admin.editor.presentation.kind_lines import duration_words, kind_line
from workflows.admin.editor.presentation.kinds import PRESENTATIONS, dressed
from workflows.admin.editor.presentation.summaries import readable
from workflows.definition.kinds import KINDS


def described(schema, path=""):
    """Yield each member of a kind's params with its place, and those of the objects inside."""
    for name, member in schema.get("properties", {}).items():
        at = f"{path}/{name}".lstrip("/")
        yield at, member
        yield from described(member.get("items", member), at)


def test_every_kind_is_offered():
    assert set(PRESENTATIONS) == set(KINDS)
    assert {one.name for one in all_known() if one.steers} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_every_field_of_a_kind_has_words_and_no_word_lacks_its_field(name):
    members = dict(described(dressed(name)))

    assert [at for at, member in members.items() if not member.get("title")] == []
    hinted = {at.rstrip("/") for at in PRESENTATIONS[name].hints if at}
    assert hinted <= set(members)


@pytest.mark.parametrize("name", KINDS)
def test_the_words_change_nothing_that_is_asked(name):
    def asked(schema):
        if isinstance(schema, list):
            return [asked(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        said = {"title", "description"}
        return {k: asked(v) for k, v in schema.items() if k not in said and k[:2] != "x-"}

    assert asked(dressed(name)) == asked(dict(KINDS[name].params))


@pytest.mark.parametrize("name", KINDS)
def test_a_new_step_begins_with_params_of_its_schema(name):
    begun = known(name)

    assert set(begun.new) <= set(KINDS[name].params["properties"])
    assert set(begun.blocks) <= set(KINDS[name].params["properties"])


def test_the_titles_are_in_the_readers_language():
    with translation.override("en"):
        english = node_of("wait").members["for"].title
    with translation.override("ar"):
        node_of("wait")
    with translation.override("en"):
        assert node_of("wait").members["for"].title == english == "How long"


@pytest.mark.parametrize(
    ("name", "params", "line"),
    [
        ("wait", {"for": "2h"}, "For 2 hours"),
        ("wait", {"for": "1d"}, "For 1 day"),
        ("wait", {"until": "{{ trigger.due_on }}"}, "Until «Due on»"),
        ("wait", {"until": "{{ trigger.due_on }}", "before": "30m"}, "30 minutes before «Due on»"),
        (
            "wait",
            {"window": {"days": ["sun"], "from": "09:00", "to": "17:00"}},
            "Sunday, 09:00 to 17:00",
        ),
        (
            "wait_for_event",
            {"type": "new_order", "timeout": "2d"},
            "“New order”, for 2 days at most",
        ),
        ("repeat", {"every": "5m"}, "Every 5 minutes"),
        ("for_each", {"items": "{{ trigger.lines }}"}, "For each of «Lines»"),
        ("branch", {"cases": [{"label": "Big"}, {"label": "Small"}]}, "Big, Small"),
        ("parallel", {"branches": [{"name": "stock"}, {"label": "Money"}]}, "stock, Money"),
        ("approval", {"title": "Release {{ trigger.order_id }}?"}, "Release «Order id»?"),
        ("stop", {"outcome": "failed", "message": "No"}, "As failed: No"),
        ("stop", {}, "As done"),
        ("emit_event", {}, ""),
        ("run_workflow", {}, ""),
    ],
)
def test_a_card_says_what_its_step_does(name, params, line):
    assert kind_line(name, params, readable) == line


@pytest.mark.parametrize("damaged", [None, "", 5, [], {"x": 1}, "soon", "{{ x }}"])
@pytest.mark.parametrize("name", KINDS)
def test_a_card_of_a_damaged_step_still_shows(name, damaged):
    params = dict.fromkeys(KINDS[name].params["properties"], damaged)

    assert isinstance(kind_line(name, params, readable), str)
    assert isinstance(duration_words(damaged), str)
