"""The page of a test run: choose what comes in, see what would happen, answer what it asks."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from tenants.admin import access
from tenants.core.database.ids import uuid_or_none
from tenants.core.json import Json, strict_json
from tenants.core.json.faults import BadJson, JsonFault
from tenants.core.text.listing import listed
from workflows.admin.definitions.problem_lines import problem_lines
from workflows.admin.dry_run.presentation import Teller, about, ordered
from workflows.admin.dry_run.start import dry_run_of, dry_run_page, refuse_readers
from workflows.definition.errors import InvalidDocument
from workflows.definition.programs.compiler import compile_document
from workflows.event_types import label_of
from workflows.models.event import WorkflowEvent
from workflows.models.rehearsal import DryRunKind, WorkflowRehearsal
from workflows.presentation import dry_runs, values
from workflows.presentation.json_faults import said_of
from workflows.presentation.runs.waits import asked_words
from workflows.presentation.times import short_moment
from workflows.services.approvals.answers import checked, fields_of, options_of
from workflows.services.approvals.page import shown_fields
from workflows.services.approvals.refusals import AnswerInvalid
from workflows.services.definitions.catalogue import validated
from workflows.services.dry_run import test_runs
from workflows.services.dry_run.samples import sample_payload


class UnreadablePayload(ValueError):
    """What was typed is no JSON object. It says so in words."""


def page(admin: Any, request: HttpRequest, pk: Any) -> HttpResponse:
    """Show a test run; a POST runs it again with other values or one more answer."""
    trial = dry_run_of(request, pk, DryRunKind.TEST)
    if request.method == "POST":
        refuse_readers(request, trial)
        return _act(request, trial)
    if trial.result is None:
        test_runs.try_out(trial, test_runs.sample_input(trial.tenant, trial.document))
    shown: HttpResponse = admin.show(
        request,
        "admin/workflows/trying/test.html",
        _("Test of “%(workflow)s”") % {"workflow": _name(trial)},
        trial=trial,
        definition=trial.definition,
        may_test=access.may_edit(request, trial.tenant_id),
        **_input(trial, request.GET.get("q", "")),
        **_outcome(trial),
    )
    return shown


def _act(request: HttpRequest, trial: WorkflowRehearsal) -> HttpResponse:
    try:
        given = _given(request.POST, trial)
    except (UnreadablePayload, AnswerInvalid) as mistake:
        said = str(mistake) if isinstance(mistake, UnreadablePayload) else _faults(mistake)
        messages.error(request, said)
        return HttpResponseRedirect(dry_run_page(trial))
    test_runs.try_out(trial, given)
    return HttpResponseRedirect(f"{dry_run_page(trial)}#sayr-outcome")


def _given(posted: Mapping[str, str], trial: WorkflowRehearsal) -> dict[str, Json]:
    """Return the input that the person asks for. Raises Unreadable, AnswerInvalid."""
    if "event" in posted:
        event = test_runs.event_of(trial.tenant, _uuid(posted["event"]))
        if event is None:
            raise UnreadablePayload(_("This event is gone."))
        return test_runs.event_input(event)
    if "sample" in posted:
        kind = str(trial.document.get("trigger_type") or "")
        return {"source": "sample", "payload": sample_payload(trial.tenant, kind), "previous": None}
    if "again" in posted:
        return {**trial.input, "answers": {}}
    if "step" in posted:
        return test_runs.answered(trial.input, posted["step"], _answer(posted, trial))
    payload = _object(posted.get("payload", ""))
    previous = _object(posted["previous"]) if posted.get("previous", "").strip() else None
    return {"source": "own", "payload": payload, "previous": previous}


def _answer(posted: Mapping[str, str], trial: WorkflowRehearsal) -> dict[str, Json]:
    """Return what the person says to the step that asks."""
    if "time_is_up" in posted:
        return {"timed_out": True}
    if "event_payload" in posted:
        return {"payload": _object(posted["event_payload"])}
    result = trial.result or {}
    asked = _asking(result)["input"] if result.get("waiting") else {}
    fields = fields_of(asked.get("form"))
    given = {field.key: posted.get(f"field_{field.key}", "") for field in fields}
    choice = posted.get("choice", "")
    answers = checked(fields, {key: value for key, value in given.items() if value}, choice)
    return {"choice": choice, "answers": answers, "decided_by": trial.actor}


def _object(text: str) -> dict[str, Json]:
    try:
        return strict_json.loads_object(text, long_integers=True)
    except BadJson as mistake:
        if mistake.fault is JsonFault.NOT_AN_OBJECT:
            said = _("Write an object: { … }, with the fields of the event.")
        else:
            said = said_of(mistake)
        raise UnreadablePayload(said) from None


def _faults(mistake: AnswerInvalid) -> str:
    labels = listed(mistake.faults)
    return _("Please fill in, or correct: %(fields)s") % {"fields": labels}


def _input(trial: WorkflowRehearsal, term: str) -> dict[str, Any]:
    """Return what the page shows of the values that come in."""
    given = trial.input
    found = test_runs.past_events(trial.tenant, trial.document, term)[: test_runs.SHOWN_EVENTS]
    previous, kind = given.get("previous"), str(trial.document.get("trigger_type") or "")
    payload = given.get("payload")
    return {
        "source": given.get("source"),
        "payload_text": values.raw(
            ordered(kind, payload) if isinstance(payload, dict) else payload
        ),
        "previous_text": values.raw(previous) if previous is not None else "",
        "events": [_listed(event, given.get("event_id")) for event in found],
        "term": term,
        "trigger": label_of(kind),
    }


def _listed(event: WorkflowEvent, chosen: str | None) -> dict[str, Any]:
    return {
        "id": str(event.pk),
        "when": short_moment(event.created_at),
        "about": about(event, 6),
        "label": label_of(event.type),
        "is_chosen": str(event.pk) == chosen,
    }


def _outcome(trial: WorkflowRehearsal) -> dict[str, Any]:
    """Return what the page shows of the result."""
    result: dict[str, Json] = trial.result or {}
    problems = test_runs.problems_in(result)
    if problems:
        return {"problems": problem_lines(problems, trial.document)}
    key = trial.definition.key if trial.definition else ""
    try:
        program = compile_document(validated(trial.tenant, trial.document, key))
    except InvalidDocument as invalid:
        return {"problems": problem_lines(invalid.problems, trial.document)}
    kind = str(trial.document.get("trigger_type") or "")
    halt = result.get("halt")
    return {
        "shown": Teller(trial.tenant, program).show(result),
        "not_started": dry_runs.not_started(result.get("verdict"), kind),
        "sends": dry_runs.would_send(len(result["would_send"])),
        "skipped": dry_runs.skipped_in_all(result["skipped_seconds"]),
        "halt": dry_runs.halted(halt) if halt else "",
        "question": _question(trial, result) if halt and halt["code"] == "asks" else None,
        "is_answered": bool(trial.input.get("answers")),
    }


def _question(trial: WorkflowRehearsal, result: Mapping[str, Json]) -> dict[str, Any]:
    """Return what the dry run asks the tester. Inside a part of the run: what that asks."""
    waiting = _asking(result)
    asked, step = waiting["input"], waiting["step_name"]
    can_time_out = bool(waiting.get("until"))
    if waiting["awaits"] == "approval":
        return {
            "kind": "approval",
            "step": step,
            "title": asked["title"],
            "message": asked["message"],
            "approvers": asked_words(asked["approvers"]),
            "choices": options_of(asked["choices"]),
            "fields": shown_fields(asked["form"], asked["choices"]),
            "can_time_out": can_time_out,
        }
    example = {**asked["match"]}
    return {
        "kind": "event",
        "step": step,
        "payload": json.dumps(example, ensure_ascii=False, indent=2),
        "can_time_out": can_time_out,
    }


def _asking(result: Mapping[str, Json]) -> Mapping[str, Json]:
    waiting: Mapping[str, Json] = result["waiting"]
    runs = (waiting.get("rehearsal") or {}).get("runs") or ()
    inner = next((run for run in runs if run.get("halt")), None)
    return _asking(inner) if inner is not None and inner.get("waiting") else waiting


def _name(trial: WorkflowRehearsal) -> str:
    return str(trial.document.get("name") or trial.definition or _("Workflow without a name"))


def _uuid(text: str) -> UUID:
    found = uuid_or_none(text)
    if found is None:
        raise UnreadablePayload(_("This event is gone."))
    return found
