"""What an approval looks like from outside, and how a decision arrives."""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.reverse import reverse

from tenants.core.json import Json
from tenants.core.json.pointers import pointer
from tenants.models.api_key import ApiKey
from workflows.api.presenting import moment
from workflows.api.refusals import ApiProblem
from workflows.presentation.approvals import fault_words, refusal_words
from workflows.presentation.redaction import mask_links
from workflows.services.approvals.answers import fields_of, options_of
from workflows.services.approvals.approvers import Decider, key_decider, key_decider_for
from workflows.services.approvals.decide import Answer
from workflows.services.approvals.page import chosen
from workflows.services.approvals.queries import FoundApproval
from workflows.services.approvals.refusals import (
    AlreadyDecided,
    AnswerInvalid,
    MayNotDecide,
    NoLongerOpen,
    NotDecided,
    UnknownChoice,
)

LONGEST_NAME: Final = 100  # characters of “as”
LONGEST_ADDRESS: Final = 120
KNOWN: Final = frozenset({"choice", "answers", "as", "on_behalf_of"})


def approval(request: Request, found: FoundApproval) -> dict[str, Json]:
    """Return an approval."""
    row, run = found.approval, found.run
    return {
        "id": str(row.pk),
        "url": reverse("api-approval", args=[row.pk], request=request),
        "status": found.state.value,
        "workflow": run
        and {"key": run.definition.key, "name": run.definition.name, "version": run.version},
        "run": {
            "id": str(row.run_id),
            "url": reverse("api-run", args=[row.run_id], request=request),
        },
        "step": row.step_name,
        "title": row.title,
        "message": mask_links(row.message),
        "approvers": list(row.approvers),
        "choices": [{"key": one.key, "label": one.label} for one in options_of(row.choices)],
        "form": [_field(one) for one in fields_of(row.form)],
        "allow_self": row.allow_self,
        "requested_by": row.requested_by,
        "requesters": row.requesters or [],
        "created_at": moment(row.created_at),
        "expires_at": moment(row.expires_at),
        "decision": _decision(found),
    }


def approval_brief(request: Request, found: FoundApproval) -> dict[str, Json]:
    """Return what a key hears of an approval that it may decide, and not read."""
    row = found.approval
    return {
        "id": str(row.pk),
        "url": reverse("api-approval", args=[row.pk], request=request),
        "status": found.state.value,
        "decision": _decision(found),
    }


def answer_in(body: Mapping[str, Json]) -> Answer:
    """Read a decision from a request's body. Raises ApiProblem."""
    strangers = sorted(set(body) - KNOWN)
    if strangers:
        raise _wrong(strangers[0], {"expected": ", ".join(sorted(KNOWN))})
    choice, answers = body.get("choice"), body.get("answers", {})
    if not isinstance(choice, str):
        raise _wrong("choice", {"expected": "text"})
    if not isinstance(answers, dict):
        raise _wrong("answers", {"expected": "object"})
    return Answer(choice, answers)


def decider_in(body: Mapping[str, Json], key: ApiKey) -> Decider:
    """Return the key as a decider, for whom its caller says it decides. Raises ApiProblem."""
    signed = _text(body, "as", LONGEST_NAME)
    address = _text(body, "on_behalf_of", LONGEST_ADDRESS)
    return key_decider_for(key, address) if address else key_decider(key, signed)


def problem_of(refused: NotDecided) -> ApiProblem:
    """Return the answer to a decision that was not taken."""
    match refused:
        case AlreadyDecided():
            row = refused.approval
            facts = {
                "choice": chosen(row),
                "who": row.decided_by or "-",
                "when": moment(row.decided_at),
            }
            return ApiProblem("already_decided", facts)
        case MayNotDecide(reason="not_asked"):
            return ApiProblem(refused.code, {"reason": refusal_words("key_not_asked")})
        case NoLongerOpen() | MayNotDecide():
            return ApiProblem(refused.code, {"reason": refusal_words(refused.reason)})
        case UnknownChoice():
            offered = {"choices": ", ".join(refused.offered)}
            return ApiProblem.at({"pointer": "/choice"}, "unknown_choice", offered)
        case AnswerInvalid():
            return ApiProblem("answer_invalid", errors=_faults(refused))
    return ApiProblem("not_found")


def _field(one: Any) -> dict[str, Json]:
    return {
        "key": one.key,
        "label": one.label,
        "type": one.type.value,
        "required": one.required,
        "required_for": sorted(one.required_for),
        "options": [{"key": option.key, "label": option.label} for option in one.options],
    }


def _decision(found: FoundApproval) -> dict[str, Json] | None:
    row = found.approval
    if row.decided_at is None:
        return None
    return {
        "choice": row.choice,
        "label": chosen(row),
        "answers": row.answers or {},
        "decided_by": row.decided_by,
        "decided_via": row.decided_via,
        "decided_at": moment(row.decided_at),
    }


def _faults(refused: AnswerInvalid) -> list[dict[str, Json]]:
    return [
        {
            "pointer": pointer("/answers", key),
            "code": fault.code,
            "detail": fault_words(fault.code, fault.params),
        }
        for key, fault in refused.faults.items()
    ]


def _text(body: Mapping[str, Json], name: str, limit: int) -> str:
    value = body.get(name, "")
    # One line of visible signs: it goes into the history of decisions as it is.
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise _wrong(name, {"expected": f"text, {limit}"})
    return value.strip()


def _wrong(name: str, params: Mapping[str, Json]) -> ApiProblem:
    return ApiProblem.at({"pointer": f"/{name}"}, "invalid_decision", params)
