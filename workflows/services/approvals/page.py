"""An approval as a person reads it, before and after it is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from tenants.core.json import Json
from tenants.core.text.listing import listed
from workflows.models.approval import WorkflowApproval
from workflows.models.run import WorkflowRun
from workflows.presentation import values
from workflows.presentation.actors import actor_words
from workflows.presentation.approvals import (
    ApprovalState,
    decision_words,
    fault_words,
    need_words,
    refusal_words,
    state_badge,
)
from workflows.presentation.badges import Badge
from workflows.presentation.redaction import mask_links
from workflows.presentation.times import short_moment
from workflows.services.approvals.answers import Field, FieldType, Option, fields_of, options_of
from workflows.services.approvals.approvers import Decider, refusal
from workflows.services.approvals.decide import has_expired
from workflows.services.approvals.refusals import AnswerFault

MAX_FACTS: Final = 10
MAX_PARENT_DEPTH: Final = 20
ANSWER: Final = "answer."  # before the key of a field, in what a browser sends


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field with what was typed into it, and what is wrong with that."""

    field: Field
    typed: str = ""
    fault: str = ""
    need: str = ""  # in words, who has to answer it; "": everybody

    @property
    def name(self) -> str:
        """Its name in what a browser sends, and its id on the page."""
        return ANSWER + self.field.key


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """Everything that a page says about an approval."""

    approval: WorkflowApproval
    run: WorkflowRun | None
    workflow: str
    state: ApprovalState
    badge: Badge
    message: str
    asked_by: str
    expires: str
    facts: tuple[values.ShownValue, ...]
    choices: tuple[Option, ...]
    fields: tuple[ShownField, ...]
    answers: tuple[values.ShownValue, ...]
    decision: str  # who, what, when and through what; "" while it is open
    hindrance: str  # why the reader cannot decide; "" if they can


def state_of(approval: WorkflowApproval, run: WorkflowRun | None, now: datetime) -> ApprovalState:
    """Return where an approval stands."""
    if approval.decided_at is not None:
        return ApprovalState.DECIDED
    if run is None or run.due_at is None or approval.closed_at is not None:
        return ApprovalState.ENDED
    return ApprovalState.EXPIRED if has_expired(approval, now) else ApprovalState.OPEN


def approval_page(
    approval: WorkflowApproval, decider: Decider | None, now: datetime
) -> ApprovalPage:
    """Return what the page shows to `decider`; None: to somebody who only reads (a mail)."""
    own = WorkflowRun.objects.filter(tenant=approval.tenant_id, pk=approval.run_id)
    run = own.select_related("definition", "event").first()
    state, label = state_of(approval, run, now), chosen(approval)
    when = short_moment(approval.decided_at)
    is_decided = state is ApprovalState.DECIDED
    return ApprovalPage(
        approval=approval,
        run=run,
        workflow=str(run.definition) if run else "",
        state=state,
        badge=state_badge(state, label),
        message=mask_links(approval.message),
        asked_by=_asked_by(approval),
        expires=short_moment(approval.expires_at),
        facts=_facts(run) if run else (),
        choices=options_of(approval.choices),
        fields=shown_fields(approval.form, approval.choices),
        answers=_answers(approval),
        decision=decision_words(approval, label, when) if is_decided else "",
        hindrance=_hindrance(approval, run, decider, state),
    )


def with_typed(
    page: ApprovalPage, typed: Mapping[str, str], faults: Mapping[str, AnswerFault]
) -> ApprovalPage:
    """Return the page with what somebody has typed, and what is wrong with it at its field."""
    fields = (
        replace(one, typed=typed.get(one.field.key, ""), fault=_fault(faults.get(one.field.key)))
        for one in page.fields
    )
    return replace(page, fields=tuple(fields))


def typed_answers(approval: WorkflowApproval, sent: Mapping[str, Any]) -> dict[str, str]:
    """Return what a browser sent for the form's fields, by their keys."""
    fields = fields_of(approval.form)
    return {field.key: str(sent.get(ANSWER + field.key, "")) for field in fields}


def chosen(approval: WorkflowApproval) -> str:
    """Return the label of the choice that was made; "" if none was."""
    labels = {choice.key: choice.label for choice in options_of(approval.choices)}
    return labels.get(approval.choice, approval.choice)


def shown_fields(form: Json, choices: Json) -> tuple[ShownField, ...]:
    """Return the questions of a form, each with the choices that it has to be answered for."""
    offered = options_of(choices)

    def shown(field: Field) -> ShownField:
        if field.required:
            return ShownField(field)
        needed = [one.label for one in offered if field.is_needed_for(one.key)]
        return ShownField(field, need=need_words(needed))

    return tuple(shown(field) for field in fields_of(form))


def _asked_by(approval: WorkflowApproval) -> str:
    """Return the people behind the run; if nobody knows any, what started it."""
    people = (who for who in approval.requesters or () if who.startswith(("user:", "mail:")))
    return listed(map(actor_words, people)) or actor_words(approval.requested_by)


def _hindrance(
    approval: WorkflowApproval,
    run: WorkflowRun | None,
    decider: Decider | None,
    state: ApprovalState,
) -> str:
    if state is ApprovalState.ENDED:
        return refusal_words("step_over" if run and run.due_at else "run_ended")
    if state is ApprovalState.EXPIRED:
        return refusal_words("expired")
    if decider is None or state is ApprovalState.DECIDED:
        return ""
    return refusal_words(refusal(approval, decider))


def _fault(fault: AnswerFault | None) -> str:
    return fault_words(fault.code, fault.params) if fault else ""


def _facts(run: WorkflowRun) -> tuple[values.ShownValue, ...]:
    """Return the plain values of what began the run; of a part of it, the whole run's."""
    root = _root(run)
    event_type = root.event.type if root.event else ""
    labels, words = values.payload_fields(event_type), values.payload_words(event_type)
    shown = values.show(root.trigger_payload, labels=labels, words=words)
    facts = (part for part in shown.parts if part.kind is values.ValueLayout.TEXT)
    return tuple(facts)[:MAX_FACTS]


def _root(run: WorkflowRun) -> WorkflowRun:
    for _level in range(MAX_PARENT_DEPTH):
        if run.parent_run is None:
            break
        own = WorkflowRun.objects.filter(tenant=run.tenant_id, pk=run.parent_run)
        run = own.select_related("event").first() or run
    return run


def _answers(approval: WorkflowApproval) -> tuple[values.ShownValue, ...]:
    given = approval.answers or {}
    fields = (field for field in fields_of(approval.form) if field.key in given)
    return tuple(values.show(_label(field, given[field.key]), field.label) for field in fields)


def _label(field: Field, value: Json) -> Json:
    if field.type is FieldType.CHOICE:
        return {option.key: option.label for option in field.options}.get(value, value)
    return value
