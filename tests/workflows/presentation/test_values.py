"""Values, places, durations and documents as people read them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from workflows.presentation.documents import document_text
from workflows.presentation.documents.places import place
from workflows.presentation.times import duration
from workflows.presentation.values import ValueLayout, raw, show

DOCUMENT = {
    "steps": [
        {"name": "confirm", "action": "update_record", "params": {}},
        {"name": "notify_customer", "action": "whatsapp_notify", "params": {"template": "x"}},
        "not a step",
    ]
}


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, ValueLayout.EMPTY, "empty"),
        ("", ValueLayout.EMPTY, "empty"),
        ([], ValueLayout.EMPTY, "empty"),
        ({}, ValueLayout.EMPTY, "empty"),
        (True, ValueLayout.TEXT, "yes"),
        (False, ValueLayout.TEXT, "no"),
        (0, ValueLayout.TEXT, "0"),
        (Decimal("149.90"), ValueLayout.TEXT, "149.90"),
        ("a" * 240, ValueLayout.TEXT, "a" * 240),
        ("a" * 241, ValueLayout.LONG_TEXT, "a" * 241),
    ],
)
def test_a_scalar_is_shown_as_words(value, kind, text):
    shown = show(value)

    assert (shown.kind, shown.text) == (kind, text)


def test_an_object_is_shown_in_the_order_and_by_the_names_of_its_labels():
    shown = show({"b_c": 1, "a": {"x": [2]}}, labels={"a": "First", "b_c": ""})

    assert [part.label for part in shown.parts] == ["First", "B c"]
    assert shown.parts[0].parts[0].kind is ValueLayout.LIST


def test_what_lies_too_deep_is_shown_as_json():
    value = "bottom"
    for _ in range(50):
        value = [value]

    shown = show(value)
    for _ in range(8):
        shown = shown.parts[0]

    assert shown.kind is ValueLayout.LONG_TEXT


def test_raw_keeps_exact_numbers():
    assert raw({"total": Decimal("149.90")}) == '{\n  "total": 149.90\n}'


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("", "The whole document"),
        ("/name", "“Name of the workflow”"),
        ("/steps/1/params/template", "Step 2 “Notify customer”, “Message template”"),
        ("/steps/1/params/template_vars/total", "Step 2 “Notify customer”, “Values”, “Total”"),
        ("/steps/0/params/to/0", "Step 1 “Confirm”, “To”, no. 1"),
        ("/steps/2", "Step 3"),
        ("/steps/9/name", "Step 10, “Short name”"),
        ("/trigger_filter/all/0/value", "“Does it start every time?”, no. 1, “Value”"),
        ("/values/a~1b", "“Fixed values”, “a/b”"),
    ],
)
def test_a_pointer_is_put_into_words(pointer, words):
    assert place(pointer, DOCUMENT) == words


@pytest.mark.parametrize("document", [None, [], "x", {"steps": {}}, {"steps": None}])
def test_a_place_in_a_broken_document_never_raises(document):
    assert place("/steps/0/params/x", document)


@pytest.mark.parametrize(
    ("took", "words"),
    [
        (None, ""),
        (timedelta(milliseconds=-5), "0 ms"),
        (timedelta(milliseconds=12), "12 ms"),
        (timedelta(seconds=1.25), "1.2 s"),
        (timedelta(seconds=125), "2 min 5 s"),
        (timedelta(hours=3, minutes=4), "3 h 4 min"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
    ],
)
def test_a_duration_has_two_units_at_most(took, words):
    assert duration(took) == words


def test_a_document_is_written_in_one_order_of_keys():
    text = document_text.write(
        {
            "steps": [
                {
                    "params": {"fields": {}, "id": "1", "table": "orders"},
                    "action": "update_record",
                    "name": "a",
                }
            ],
            "trigger_type": "new_order",
            "name": "N",
        }
    )

    places = [text.index(f'"{key}"') for key in ("name", "trigger_type", "steps", "action")]
    assert places == sorted(places)
    assert text.index('"table"') < text.index('"id"') < text.index('"fields"')
    assert document_text.read(text)["steps"][0]["name"] == "a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "b"}', "line 2, column 5"),
        ('{"a": 1, "a": 2}', "“a” stands twice"),
        ('{"a": NaN}', "NaN"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_text_that_is_no_json_is_refused_with_its_place(text, said):
    with pytest.raises(document_text.UnreadableDocument, match=said):
        document_text.read(text)
