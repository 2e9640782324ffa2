"""Files of workflows: written always alike, and read with an eye on what somebody made of them."""

import json

import pytest

from tests.support.company import case
from workflows.presentation.documents import export_format
from workflows.presentation.documents.document_text import UnreadableDocument
from workflows.presentation.documents.export_format import ExportedWorkflow

ENTRY = ExportedWorkflow("orders", case("seed_new_order"))


def file(workflows, version=1):
    return json.dumps({"sayr_workflows": version, "workflows": workflows}).encode()


def test_a_file_says_what_was_written(settings):
    assert export_format.read(export_format.write([ENTRY]).encode()) == [ENTRY]


def test_the_same_workflow_is_always_written_alike():
    document = json.loads(json.dumps(ENTRY.document))
    shuffled = {key: document[key] for key in reversed(document)}

    text = export_format.write([ENTRY])

    assert export_format.write([ExportedWorkflow("orders", shuffled)]) == text
    assert text.startswith('{\n  "sayr_workflows": 1,\n  "workflows": [\n    {\n      "key"')
    assert text.endswith("}\n")


def test_letters_of_any_language_stay_readable():
    text = export_format.write([ExportedWorkflow("a", {"name": "طلب جديد"})])

    assert "طلب جديد" in text
    assert export_format.read(b"\xef\xbb\xbf" + text.encode()) == [
        ExportedWorkflow("a", {"name": "طلب جديد"})
    ]


ONE = {"key": "a", "workflow": {}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"[]", "no exported workflows"),
        (b'{"name": "a", "steps": []}', "no exported workflows"),
        (file([]), "no exported workflows"),
        (file({}), "no exported workflows"),
        (file([ONE], version=2), "format (2)"),
        (file([ONE], version=True), "format (True)"),
        (file([ONE], version="1"), "format (1)"),
        (file(["a"]), "Workflow 1"),
        (file([ONE, {"key": "b"}]), "Workflow 2"),
        (file([{**ONE, "more": 1}]), "Workflow 1"),
        (file([{"key": "a", "workflow": []}]), "Workflow 1"),
        (file([{"key": "../etc", "workflow": {}}]), "no usable key"),
        (file([{"key": "a" * 101, "workflow": {}}]), "no usable key"),
        (file([{"key": 5, "workflow": {}}]), "no usable key"),
        (file([{"key": "", "workflow": {}}]), "no usable key"),
        (file([ONE, ONE]), "stands twice in this file"),
        (file([{"key": f"k{n}", "workflow": {}} for n in range(201)]), "at most 200"),
        (b'{"sayr_workflows": 1, "sayr_workflows": 1}', "stands twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested too deeply"),
        (b'{"sayr_workflows": ' + b"1" * 5_000 + b"}", "number in this text is too long"),
        (b'{"sayr_workflows": NaN}', "NaN"),
        (b'{"sayr_workflows": 1, "workflows": "\\u0000"}', "cannot be stored"),
        (b'["\\u0000", ' + b"[" * 900 + b"]" * 900 + b"]", "t"),
        (b" " * 2_000_001, "too large"),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else None,
)
def test_what_is_no_export_is_refused_in_words(content, said):
    with pytest.raises(UnreadableDocument) as refused:
        export_format.read(content)

    assert said in str(refused.value)
