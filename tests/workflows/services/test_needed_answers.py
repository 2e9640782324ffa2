"""A question of an approval has to be answered for the choices that name it, at every door."""

from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from actions.spec import Effect
from tenants.models.api_key import ApiKey
from tests.support.paying import Bench, ask
from tests.support.people import make_member
from workflows.definition.errors import InvalidDocument
from workflows.models.approval import WorkflowApproval
from workflows.services.approvals.answers import fields_of
from workflows.services.approvals.approvers import Via, user_decider
from workflows.services.approvals.decide import GivenAnswer, decide
from workflows.services.approvals.links import link_for
from workflows.services.approvals.refusals import AnswerInvalid
from workflows.services.dry_run.run import dry_run
from workflows.services.events.fire import fire

pytestmark = pytest.mark.django_db(transaction=True)

USUAL = None
OWN = [
    {"key": "yes", "label": "Yes"},
    {"key": "some", "label": "Some"},
    {"key": "no", "label": "No"},
]
REJECTS = [{"key": "pay", "label": "Pay"}, {"key": "reject", "label": "Refuse"}]

# The choices, what the question says, and the choices that then need an answer.
LAW = [
    (USUAL, {}, set()),
    (USUAL, {"required": False}, set()),
    (USUAL, {"required": True}, {"approve"}),
    (USUAL, {"required_for": ["reject"]}, {"reject"}),
    (USUAL, {"required_for": ["approve"]}, {"approve"}),
    (USUAL, {"required_for": ["approve", "reject"]}, {"approve", "reject"}),
    (REJECTS, {"required": True}, {"pay"}),
    (REJECTS, {"required": False, "required_for": ["reject"]}, {"reject"}),
    (OWN, {"required": True}, {"yes", "some", "no"}),
    (OWN, {"required_for": ["some"]}, {"some"}),
    (OWN, {"required_for": ["some", "no"]}, {"some", "no"}),
]


@pytest.fixture
def bench(tenant, worker, library):
    found = Bench(tenant, worker, make_member(tenant, "boss", "operations"))
    library(Effect.REPEATABLE, found.act)
    return found


def asked(bench, choices, said, key="amount"):
    """Let a run ask; return the approval."""
    own = {"choices": choices} if choices else {}
    field = {"key": key, "label": "Amount", "type": "number", **said}
    step = ask(title="Pay?", form=[field], **own)
    if not choices:
        del step["params"]["choices"]
    bench.publish(step)
    fire(bench.tenant, "x", {})
    bench.go_on()
    return WorkflowApproval.objects.latest("id")


def is_taken(bench, approval, choice):
    """Try to decide without an answer."""
    decider = user_decider(bench.tenant, bench.boss, Via.ADMIN)
    try:
        decide(bench.tenant, approval.pk, decider, GivenAnswer(choice))
    except AnswerInvalid:
        return False
    return True


def test_which_choices_need_an_answer(bench):
    for choices, said, needed in LAW:
        approval = asked(bench, choices, said)
        keys = [one["key"] for one in approval.choices]
        (field,) = fields_of(approval.form)
        assert {key for key in keys if field.is_needed_for(key)} == needed, said
        for key in keys:
            WorkflowApproval.objects.filter(pk=approval.pk).update(decided_at=None)
            assert is_taken(bench, approval, key) is (key not in needed), (said, key)


def test_a_question_that_an_earlier_release_asked_keeps_its_meaning(bench):
    approval = asked(bench, USUAL, {})
    form = [{"key": "amount", "label": "Amount", "type": "number", "required": True, "options": []}]
    WorkflowApproval.objects.filter(pk=approval.pk).update(form=form)

    assert not is_taken(bench, approval, "reject")


REASON = {"required_for": ["reject"]}


def by_admin(bench, approval, client, sent):
    client.force_login(bench.boss)
    page = reverse("admin:workflows_workflowapproval_change", args=[approval.pk])
    shown = client.get(page).content.decode()
    assert "(only needed for: Reject)" in shown
    return client.post(page, sent).content.decode()


def by_link(bench, approval, client, sent):
    path = urlsplit(link_for(approval, "user:boss")).path
    assert "(only needed for: Reject)" in client.get(path).content.decode()
    return client.post(path, sent).content.decode()


def by_api(bench, approval, client, sent):
    ApiKey.objects.all().delete()
    scopes = ["approvals:decide", "runs:read"]
    _key, secret = ApiKey.objects.create_key(tenant=bench.tenant, name="desk", scopes=scopes)
    WorkflowApproval.objects.filter(pk=approval.pk).update(approvers=["key:desk"])
    headers = {"Authorization": f"Api-Key {secret}"}
    shown = APIClient().get(f"/api/v1/approvals/{approval.pk}/", headers=headers).json()
    assert [(one["required"], one["required_for"]) for one in shown["form"]] == [
        (False, ["reject"])
    ]
    answer = APIClient().post(
        f"/api/v1/approvals/{approval.pk}/decide/",
        {"choice": sent["choice"], "answers": {"amount": sent.get("answer.amount", "")}},
        format="json",
        headers=headers,
    )
    return answer.content.decode()


@pytest.mark.parametrize("door", [by_admin, by_link, by_api])
def test_a_reason_for_rejecting_alone(bench, client, door):
    approval = asked(bench, USUAL, REASON)

    said = door(bench, approval, client, {"choice": "reject"})

    approval.refresh_from_db()
    assert "Fill this in." in said
    assert approval.decided_at is None
    door(bench, approval, client, {"choice": "approve"})
    approval.refresh_from_db()
    assert approval.choice == "approve"


@pytest.mark.parametrize(
    ("said", "path", "code"),
    [
        ({"required_for": ["refuse"]}, "/steps/0/params/form/0/required_for/0", "not_a_choice"),
        ({"required_for": []}, "/steps/0/params/form/0/required_for", "too_few"),
        (
            {"required": True, "required_for": ["reject"]},
            "/steps/0/params/form/0/required_for",
            "not_together",
        ),
    ],
)
def test_publishing_refuses_what_cannot_be_meant(bench, said, path, code):
    with pytest.raises(InvalidDocument) as why:
        asked(bench, USUAL, said)

    assert path in [one.path for one in why.value.problems]


def test_a_rehearsal_answers_what_its_choice_needs(bench):
    fields = [
        {"key": "amount", "label": "Amount", "type": "number", "required": True},
        {"key": "why", "label": "Why", "type": "text", "required_for": ["reject"]},
    ]
    step = ask(title="Pay?", form=fields)
    del step["params"]["choices"]
    document = {"name": "W", "trigger_type": "x", "steps": [step]}

    found = dry_run(bench.tenant, document, {}, whatever=True)

    output = found.entries[0]["output"]
    assert (output["choice"], output["answers"]) == ("approve", {"amount": 1, "why": ""})
