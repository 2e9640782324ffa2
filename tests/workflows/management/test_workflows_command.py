"""Workflows in files: written, compared, brought back, as a repository and its CI use it."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.support.company import case
from tests.support.definitions import publish_log
from workflows.models.definition import WorkflowDefinition, WorkflowVersion
from workflows.services.definitions.drafts import save_draft


@pytest.fixture
def definition(tenant):
    return publish_log(tenant, "log", "new_order")


@pytest.fixture
def run(tenant, tmp_path):
    """Run the command for the first tenant; return the code it ended with, and what it said."""

    def called(job, *args, key=tenant.key):
        out, err = io.StringIO(), io.StringIO()
        where = ("--tenant", key, "--dir", str(tmp_path / "flows"))
        try:
            call_command("workflows", job, *where, *args, stdout=out, stderr=err)
        except SystemExit as ended:
            return ended.code, out.getvalue() + err.getvalue()
        except CommandError as mistake:
            return 1, f"{out.getvalue()}{err.getvalue()}{mistake}"
        return 0, out.getvalue() + err.getvalue()

    return called


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "flows"
    path.mkdir()
    return path


def write(folder, key, document):
    content = {"sayr_workflows": 1, "workflows": [{"key": key, "workflow": document}]}
    (folder / f"{key}.json").write_text(json.dumps(content))


def edited(folder, key, **changes):
    content = json.loads((folder / f"{key}.json").read_text())
    write(folder, key, {**content["workflows"][0]["workflow"], **changes})


def test_what_was_exported_does_not_differ(run, folder, definition, other_tenant):
    publish_log(other_tenant, "theirs", "new_order")
    save_draft(definition.tenant, "x", WorkflowDefinition(key="draft"), {"name": "Draft"})

    assert run("export") == (0, f"1 workflows written to {folder}.\n")

    assert [path.name for path in folder.iterdir()] == ["log.json"]
    assert run("diff") == (0, "Files and published workflows agree.\n")


def test_a_difference_is_told_in_words_and_ends_with_1(run, folder, definition):
    run("export")
    edited(folder, "log", name="Other")
    write(folder, "more", {"name": "More"})

    code, said = run("diff")

    assert code == 1
    assert said.splitlines() == [
        "log: The workflow itself: “Name of the workflow” changed from “Workflow log” to “Other”.",
        "more: new, not published yet",
    ]


def test_a_difference_says_which_numbers_the_newest_language_changes(run, folder, definition):
    run("export")
    hook = {"url": "https://example.com", "body": "{{ trigger.price | plus: 1 }}"}
    edited(folder, "log", steps=[{"name": "call", "action": "webhook", "params": hook}])
    WorkflowVersion.objects.filter(definition=definition).update(language_version=1)

    code, said = run("diff")

    assert code == 1
    assert said.splitlines()[:2] == [
        "log: Numbers now stay numbers: A number with decimals, such as 149.9, went out as text "
        "(“149.9”). From the next version on it goes out as the number that it is. "
        "Text stays text.",
        "log: Numbers now stay numbers: Step 1 “Call”, “Body”: {{ trigger.price | plus: 1 }}",
    ]


def test_a_workflow_without_a_file_is_a_difference(run, folder, definition):
    assert run("diff") == (1, "log: published, but there is no file\n")


def test_only_the_named_ones_are_looked_at(run, folder, definition, tenant):
    publish_log(tenant, "more", "new_order")

    run("export", "log")

    assert [path.name for path in folder.iterdir()] == ["log.json"]
    assert run("diff", "log")[0] == 0
    assert run("diff")[0] == 1


def test_files_come_in_as_drafts(run, folder, definition):
    run("export")
    edited(folder, "log", name="Other")

    assert run("import") == (0, "log: kept as a draft\n")

    definition.refresh_from_db()
    assert (definition.version, definition.draft["name"]) == (1, "Other")


def test_files_are_published_with_a_note(run, folder, definition):
    run("export")
    edited(folder, "log", name="Other")

    assert run("import", "--publish", "--note", "From git") == (0, "log: version 2 published\n")

    version = WorkflowVersion.objects.get(version=2)
    assert (version.note, version.published_by) == ("From git", "command:workflows")
    assert run("import", "--publish") == (0, "log: unchanged\n")
    assert run("diff")[0] == 0


def test_a_new_one_is_published_switched_off(run, folder, definition, tenant):
    write(folder, "more", {**definition.definition, "name": "More"})

    run("import", "--publish")

    made = WorkflowDefinition.objects.get(tenant=tenant, key="more")
    assert (made.version, made.is_active) == (1, False)


def test_nothing_is_published_if_one_of_them_is_wrong(run, folder, definition):
    run("export")
    edited(folder, "log", name="Other")
    write(folder, "zz", case("seed_new_order"))

    code, said = run("import", "--publish")

    assert code == 1
    assert "zz: Step 2 “Notify customer”, “Message template”: “order_confirmed” does not" in said
    assert "Nothing was imported." in said
    assert WorkflowVersion.objects.count() == 1
    assert not WorkflowDefinition.objects.filter(key="zz").exists()


def test_one_that_runs_another_of_the_files_is_published_after_it(run, folder, definition, tenant):
    call = {"name": "more", "action": "run_workflow", "params": {"workflow": "zz"}}
    write(folder, "aa", {**definition.definition, "name": "A", "steps": [call]})
    write(folder, "zz", {**definition.definition, "name": "Z"})

    code, said = run("import", "--publish")

    assert (code, said.splitlines()) == (
        0,
        ["zz: version 1 published", "aa: version 1 published"],
    )


def test_managed_ones_are_marked(run, folder, definition):
    run("export")

    run("import", "--publish", "--managed")
    definition.refresh_from_db()
    assert (definition.managed_by, definition.version) == ("git", 1)

    edited(folder, "log", name="Other")
    assert run("import", "--publish")[0] == 0
    definition.refresh_from_db()
    assert (definition.managed_by, definition.version) == ("git", 2)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("log.json", "{", "log.json: This is not JSON: line 1"),
        ("log.json", "{}", "log.json: This file holds no exported workflows."),
        (
            "other.json",
            '{"sayr_workflows": 1, "workflows": [{"key": "log", "workflow": {}}]}',
            "other.json: it has to hold one workflow, with the key 'other'.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run, folder, definition, name, content, said):
    (folder / name).write_text(content)

    code, told = run("import")

    assert code == 1
    assert said in told


def test_an_unknown_company_and_folder_are_named(run, definition):
    assert run("export", key="nobody") == (1, "There is no company with the key 'nobody'.")
    assert run("import")[1].endswith("flows is not a folder.")
