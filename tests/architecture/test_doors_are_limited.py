"""A new door for JSON goes by the limits of all the others, or says here why it need not."""

import ast
from pathlib import Path

import pytest

import tenants

ROOT = Path(tenants.__file__).parent.parent
PACKAGES = ("actions", "config", "tenants", "workflows")

# Where JSON text is read within the limits: by whom it was written, and by what.
DOORS = {
    "workflows/api/json.py": "bodies of requests",
    "workflows/admin/json_field.py": "fields of forms: corrections, payloads of schedules",
    "actions/web/answer.py": "an answer that somebody pasted as an example",
    "workflows/admin/dry_run/views.py": "what a tester types",
    "workflows/admin/editor/form/scalars.py": "JSON inside the editor's form",
    "workflows/presentation/documents/document_text.py": "documents: editor, files, imports",
}
# Where it is read without: who wrote it is no stranger.
OWN = {
    "actions/models/encryption.py": "what was encrypted here",
    "actions/outbound/answer.py": "answers of providers: `scrub` holds them to the limits",
    "actions/sandbox/web.py": "the sandbox, which tests speak to",
    "actions/whatsapp/answers.py": "what WhatsApp labels otherwise: only a code and words are kept",
    "config/demo/seed/records.py": "files of the demo",
    "config/demo/seed/workflows.py": "files of the demo",
    "config/demo/visitor.py": "answers to the demo's own requests",
    "config/environment.py": "the file of secrets of this installation",
    "tenants/core/database/fields.py": "rows, whatever they hold",
    "tenants/core/json/jsontext.py": "the reader of rows itself",
    "tenants/core/json/strict_json.py": "the limits themselves",
    "workflows/definition/templates/filters/text.py": "parse_json: bounded, and kept by `keep`",
    "workflows/runtime/workers/reaper.py": "a column that the supervisor wrote",
    "workflows/runtime/runs/claims.py": "rows of runs",
    "workflows/runtime/database.py": "rows",
    "workflows/runtime/waits/matching.py": "rows of events",
    "workflows/runtime/workers/session.py": "rows",
    "workflows/runtime/waits/wait_keys.py": "a column that the engine wrote",
    "workflows/services/onboarding/gallery.py": "files of this package",
}
READERS = {"json", "jsontext", "simplejson"}
STRICT = {"strict_json"}
READING = {"loads", "load", "loads_object", "JSONDecoder"}


def modules():
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in file.parts:
                yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


def reads_json(tree):
    """Whether a module reads JSON text, and whether within the limits."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            last = node.module.rsplit(".", 1)[-1]
            names = {alias.name for alias in node.names}
            if last in READERS | STRICT and names & {
                "loads",
                "load",
                "loads_object",
                "JSONDecoder",
            }:
                found.add("strict" if last in STRICT else "plain")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in READERS and node.attr in {"loads", "load", "JSONDecoder"}:
                found.add("plain")
            if node.value.id in STRICT and node.attr in {"loads", "loads_object"}:
                found.add("strict")
    return found


def test_json_is_read_by_no_other_module():
    kinds = {name: reads_json(tree) for name, tree in modules()}
    plain = {name for name, found in kinds.items() if "plain" in found}
    strict = {name for name, found in kinds.items() if "strict" in found}

    assert strict == set(DOORS)
    assert plain - {"tenants/core/json/strict_json.py"} <= set(OWN)
    assert set(OWN) <= plain | set(OWN) & {"tenants/core/json/strict_json.py"}


@pytest.mark.parametrize("library", ["django.forms.JSONField", "django.db.models.JSONField"])
def test_no_field_reads_json_past_the_limits(library):
    """`JsonField` for forms, `SafeJSONField` and `ExactJSONField` for columns."""
    base = library.rsplit(".", 2)[1]
    used = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "JSONField"
        and isinstance(node.value, ast.Name)
        and node.value.id == base
    }

    # The first makes the others; the second asks what kind a column is; the third is a cast.
    assert used <= {
        "tenants/core/database/fields.py",
        "actions/tables/queries.py",
        "workflows/models/run.py",
    }


def test_every_door_for_text_is_tried_with_hostile_values():
    from tests.hostile import doors

    tried = {door.__name__ for door in doors.TEXT_DOORS}
    assert tried >= {
        "api_fire",
        "correct_as_json",
        "schedule_payload",
        "test_page",
        "editor_form",
        "import_of_a_file",
        "import_by_command",
        "step_that_reads_json",
    }
