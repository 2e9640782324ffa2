"""Who is asked because of what a run brought belongs to the company, or is allowed by it."""

import json

import pytest
from django.forms import CharField
from django.urls import reverse

from actions.spec import Effect
from tenants.admin.tenants import AddressesField
from tests.support.paying import Bench, ask, step
from tests.support.people import make_member
from workflows.definition.errors import InvalidDocument
from workflows.models.approval import WorkflowApproval
from workflows.models.definition import WorkflowVersion
from workflows.models.run import WorkflowRun
from workflows.presentation.runs import errors
from workflows.runtime.runs.programs import program_of
from workflows.runtime.waits.approval_store import stranger_among
from workflows.services.dry_run.run import dry_run
from workflows.services.events.fire import fire
from workflows.services.runs.retry import retry_failed_step

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bench(tenant, worker, library):
    boss = make_member(tenant, "boss", "operations")
    boss.email = "boss@cedar.example"
    boss.save()
    found = Bench(tenant, worker, boss)
    library(Effect.REPEATABLE, found.act)
    return found


# What an event names, whether it may be asked, and what the company allows besides members.
NAMED = [
    ("boss", True, []),
    ("BOSS@Cedar.example", True, []),
    ("role:operations", True, []),
    ("role:nobody", False, []),
    ("key:bank", False, []),
    ("stranger@evil.example", False, []),
    ("nobody", False, []),
    ("left", False, []),
    ("left@cedar.example", False, []),
    ("off@cedar.example", False, []),
    ("other", False, []),  # a member of another company
    ("partner@firm.example", True, ["partner@firm.example"]),
    ("Partner@FIRM.example", True, ["partner@firm.example"]),
    ("anybody@firm.example", True, ["@Firm.example"]),
    ("anybody@sub.firm.example", False, ["@firm.example"]),
    ("anybody@notfirm.example", False, ["@firm.example"]),
    ("anybody@firm.example.evil.example", False, ["@firm.example"]),
    ("partner", False, ["partner@firm.example", "@firm.example"]),
]


def test_who_the_company_knows(bench, tenant, other_tenant, django_user_model):
    make_member(other_tenant, "other", "operations")
    django_user_model.objects.create_user("left", email="left@cedar.example")
    off = make_member(tenant, "off", "operations")
    off.email, off.is_active = "off@cedar.example", False
    off.save()
    for entry, may, allowed in NAMED:
        tenant.approver_addresses = allowed
        tenant.save()
        assert (stranger_among(tenant.pk, ["boss", entry]) is None) is may, (entry, allowed)


STRANGER = "stranger@evil.example"
# name: the approvers as they are written, and whether the stranger of the event may be asked
WRITTEN = {
    "from the event": (["{{ trigger.manager }}"], False),
    "a list of the event": ("{{ trigger.managers }}", False),
    "beside a member": (["boss", "{{ trigger.manager }}"], False),
    "in a part": (["{{ trigger.who }}@evil.example"], False),
    "of a step before": (["{{ steps.first.output.to }}"], False),
    "where the event names none": (
        ["{{ trigger.nothing | default: 'outside@partner.example' }}"], True,
    ),
    "written out": (["outside@partner.example"], True),
    "a value of the workflow": (["{{ values.head }}"], True),
}  # fmt: skip


@pytest.mark.parametrize("way", WRITTEN)
def test_a_stranger_is_asked_only_where_the_workflow_names_them(bench, way):
    approvers, may = WRITTEN[way]
    values = {"head": "outside@partner.example"}
    first = step("first", "{{ trigger.manager }}")
    bench.publish(first, ask(approvers=approvers, title="Pay?"), step("pay", "x"), values=values)
    payload = {"manager": STRANGER, "managers": ["boss", STRANGER], "who": "stranger"}

    fire(bench.tenant, "x", payload)
    bench.go_on()

    run = WorkflowRun.objects.get()
    if may:
        assert run.status == "waiting"
        return
    assert (run.status, run.error_code, run.error_step) == ("failed", "approver_not_allowed", "ask")
    assert STRANGER in run.error_message
    assert not WorkflowApproval.objects.exists()
    assert bench.paid() == []


def test_the_first_step_too_and_on_error_holds(bench):
    on_error = {"steps": [step("tell", "x")], "then": "continue", "codes": ["approver_not_allowed"]}
    asked = {**ask(approvers=["{{ trigger.manager }}"], title="Pay?"), "on_error": on_error}
    bench.publish(asked, step("last", "ok"))

    fire(bench.tenant, "x", {"manager": STRANGER})
    bench.go_on()

    run = WorkflowRun.objects.get()
    assert run.status == "completed_with_errors"
    assert bench.calls == [("tell", "x"), ("last", "ok")]


def test_behind_a_step_that_writes_to_the_database(bench, library):
    library(Effect.DATABASE, bench.act)
    bench.publish(step("first", "x"), ask(approvers=["{{ trigger.manager }}"], title="Pay?"))

    fire(bench.tenant, "x", {"manager": STRANGER})
    bench.go_on()

    run = WorkflowRun.objects.get()
    assert (run.status, run.error_code) == ("failed", "approver_not_allowed")
    assert bench.calls == [("first", "x")]


def test_it_goes_on_once_the_company_knows_them(bench):
    bench.publish(ask(approvers=["{{ trigger.manager }}"], title="Pay?"), step("pay", "x"))
    fire(bench.tenant, "x", {"manager": STRANGER})
    bench.go_on()
    bench.tenant.approver_addresses = [STRANGER]
    bench.tenant.save()

    retry_failed_step(bench.tenant, WorkflowRun.objects.get().pk)
    bench.go_on()

    assert WorkflowApproval.objects.get().approvers == [STRANGER]


def test_a_rehearsal_says_the_same(bench):
    document = {
        "name": "W",
        "trigger_type": "x",
        "steps": [ask(approvers=["{{ trigger.manager }}"], title="Pay?")],
    }

    found = dry_run(bench.tenant, document, {"manager": STRANGER})

    assert "approver_not_allowed" in json.dumps([dict(one) for one in found.entries])


def test_a_program_of_an_earlier_language_asks_whom_it_asked(bench):
    bench.publish(ask(approvers=["{{ trigger.manager }}"], title="Pay?"))
    version = WorkflowVersion.objects.get()
    old = {**version.program, "language_version": 2}
    WorkflowVersion.objects.filter(pk=version.pk)._raw_delete(using="default")
    WorkflowVersion(
        tenant=bench.tenant,
        definition=version.definition,
        version=1,
        document=version.document,
        program=old,
        language_version=2,
    ).save(force_insert=True)
    program_of.cache_clear()

    fire(bench.tenant, "x", {"manager": STRANGER})
    bench.go_on()

    assert WorkflowRun.objects.get().status == "waiting"


@pytest.mark.parametrize(
    "bad",
    [
        "Rana Haddad <rana@cedar.example>",
        "rana@",
        "rana@cedar.example, sami@cedar.example",
        "role:boss",
        "role:",
        "key:",
        " ",
        "a\nb",
    ],
)
def test_publishing_refuses_whoever_can_be_nobody(bench, bad):
    with pytest.raises(InvalidDocument) as why:
        bench.publish(ask(approvers=["boss", bad]))

    found = [(one.path, one.code) for one in why.value.problems]
    assert found == [("/steps/0/params/approvers/1", "bad_approver")]


@pytest.mark.parametrize("good", ["rana", "rana@cedar.example", "role:support", "key:Bank desk"])
def test_and_takes_everybody_else(bench, good):
    bench.publish(ask(approvers=[good]))


@pytest.mark.parametrize(
    ("approvers", "rule"),
    [
        (["boss"] * 21, "maxItems"),
        ([], "minItems"),
        (["a" * 255], "maxLength"),
        ([""], "minLength"),
        ("boss", "type"),
        ([5], "type"),
    ],
)
def test_an_event_names_no_more_than_a_document_could(bench, approvers, rule):
    bench.publish(ask(approvers="{{ trigger.managers }}", title="Pay?"))

    fire(bench.tenant, "x", {"managers": approvers})
    bench.go_on()

    run = WorkflowRun.objects.get()
    error = run.step_results[0]["error"]
    assert (error["code"], error["params"]["rule"]) == ("bad_param", rule)


def test_the_sentence_says_what_to_do():
    said = errors.sentence("approver_not_allowed", {"approver": STRANGER})

    assert STRANGER in said
    assert "Make this person a member" in said


# The company's own list


def test_an_administrator_writes_them_one_a_line(client, tenant, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root", password="x"))
    page = reverse("admin:tenants_tenant_change", args=[tenant.pk])
    form = client.get(page).context["adminform"].form
    given = {name: form[name].value() for name in form.fields}

    client.post(page, {**given, "approver_addresses": "a@firm.example\n@partner.example\n"})

    tenant.refresh_from_db()
    assert tenant.approver_addresses == ["a@firm.example", "@partner.example"]
    answer = client.post(page, {**given, "approver_addresses": "firm.example"})
    assert "neither a mail address nor a domain" in str(answer.context["errors"])


def test_lines_may_have_commas_and_blanks_between_them():
    field = AddressesField(CharField(), required=False)

    assert field.clean(" a@b.example, \n\n@c.example;a@b.example ") == ["a@b.example", "@c.example"]
