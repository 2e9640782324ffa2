"""POST /runs/{id}/cancel/, /retry/ and /done/: what callers do about a run."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from tenants.core.json.faults import JsonFault
from tenants.models.api_key import KeyScope
from tenants.models.tenant import Tenant
from workflows.api import description
from workflows.api.authentication import key_of, may, need_scope, tenant_of
from workflows.api.refusals import ApiProblem
from workflows.api.serializers import requests, runs
from workflows.engine.statuses import RunStatus
from workflows.services.refusals import RunHasEnded
from workflows.services.runs.cancel import cancel
from workflows.services.runs.corrections import BadCorrection, Correction
from workflows.services.runs.one_step import FailedStep, do_again, mark_done
from workflows.services.runs.queries import RunHistory, run_history
from workflows.services.runs.record_values import record_values
from workflows.services.runs.retry import retry_failed_step, start_again

# To cancel and retry is more than to fire.
OPERATE_RUNS: Final = KeyScope.OPERATE_RUNS


class CancelView(APIView):
    """Cancels a run."""

    required_scope = OPERATE_RUNS
    http_method_names = ["post"]

    @extend_schema(
        operation_id="cancel_run",
        summary="Cancel a run",
        description=(
            "A run that waits or is queued ends at once. Of one that is being executed the step "
            "under way is finished: its status stays `running` and `cancel_requested_at` is set. "
            "Cancelling a cancelled run again is no mistake. No body is read. A key without "
            "`runs:read` is told `id`, `url` and `status` alone."
        ),
        tags=["runs"],
        request=None,
        responses={
            200: runs.RUN_AFTER,
            **description.problems("invalid_parameters", "not_found", "run_has_ended"),
        },
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Cancel, answer with the run as it stands then."""
        requests.Parameters.of(request)
        try:
            cancel(tenant_of(request), run_id)
        except RunHasEnded:
            if _history(request, run_id).run.status != RunStatus.CANCELLED:
                raise
        return _shown(request, run_id)


class RetryView(APIView):
    """Retries a run."""

    required_scope = OPERATE_RUNS
    http_method_names = ["post"]

    @extend_schema(
        operation_id="retry_run",
        summary="Retry a run",
        description=(
            "From `failed_step` the same run goes on, on its own version, with the same payload "
            "and the same idempotency keys towards others: 200. From `start`, or from a step by "
            "its name, a new run begins, whose calls carry new keys: 201. The results of the "
            "steps before are taken over. A decision of people is good for one time: behind one "
            "that has been acted on, the new run begins at that question, which is asked again. "
            "With `payload`, a corrected one, the new run has an "
            "event of its own; the key needs the scope `events:fire` for that. While such a "
            "run is unfinished, no other is started: repeating the request answers 409 "
            "`already_under_way`. A key without `runs:read` is told `id`, `url` and `status` alone."
        ),
        tags=["runs"],
        request=runs.RetrySerializer,
        responses={
            200: runs.RUN_AFTER,
            201: runs.RUN_AFTER,
            **description.problems(
                *(fault for fault in JsonFault),
                "invalid_parameters",
                "invalid_retry",
                "not_found",
                "not_failed",
                "nothing_failed",
                "still_running",
                "already_under_way",
                "never_published",
                "program_unreadable",
                "not_from_a_record",
                "record_gone",
                "values_handed_over",
                "done_meanwhile",
                "failed_elsewhere",
                "went_on",
                "value_refused",
                "is_a_part",
                "step_not_possible",
                "length_required",
                "request_interrupted",
                "unsupported_media_type",
            ),
        },
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Retry, answer with the run that goes on once it is committed."""
        requests.Parameters.of(request)
        wish = runs.RetrySerializer.of(request)
        if wish["payload"] is not None:
            need_scope(request, KeyScope.FIRE_EVENTS)  # it is an event of the caller's own
        tenant, actor = tenant_of(request), f"api_key:{key_of(request).prefix}"
        if wish["from"] == runs.FAILED_STEP:
            _retry_failed(tenant, run_id, actor, wish)
            return _shown(request, run_id)
        new_id = _start_again(tenant, run_id, actor, wish)
        answer = _shown(request, new_id)
        answer.status_code = status.HTTP_201_CREATED
        answer["Location"] = reverse("api-run", args=[new_id], request=request)
        return answer


class DoneView(APIView):
    """Notes that a step was done by hand."""

    required_scope = OPERATE_RUNS
    http_method_names = ["post"]

    @extend_schema(
        operation_id="mark_step_done",
        summary="Note that a failed step was done by hand",
        description=(
            "The step is not done again, and has no result. Where it had stopped its run, the run "
            "goes on behind it. Also of a part of a run, whose whole goes on for it."
        ),
        tags=["runs"],
        request=runs.DoneSerializer,
        responses={
            200: runs.RUN_AFTER,
            **description.problems(
                *(fault for fault in JsonFault),
                "invalid_parameters",
                "invalid_retry",
                "not_found",
                "not_failed",
                "done_meanwhile",
                "failed_elsewhere",
                "went_on",
                "not_by_hand",
                "program_unreadable",
                "length_required",
                "request_interrupted",
                "unsupported_media_type",
            ),
        },
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Note it, answer with the run as it stands then."""
        requests.Parameters.of(request)
        failure = FailedStep(runs.DoneSerializer.of(request).get("step", ""))
        mark_done(tenant_of(request), run_id, f"api_key:{key_of(request).prefix}", failure)
        return _shown(request, run_id)


def _retry_failed(tenant: Tenant, run_id: UUID, actor: str, wish: Mapping[str, Any]) -> None:
    with_record = wish["values"] == runs.RECORD
    if not wish["step"] and wish["correct"] is None:
        retry_failed_step(tenant, run_id, actor=actor, with_record=with_record)
        return
    given = None
    if wish["correct"] is not None:
        [(key, text)] = wish["correct"].items()
        given = Correction(key, text, wish["write_back"])
    failure = FailedStep(wish["step"])
    try:
        do_again(tenant, run_id, actor, failure, with_record=with_record, correction=given)
    except BadCorrection as wrong:
        reason = {"reason": wrong.said}
        raise ApiProblem.at({"pointer": "/correct"}, "value_refused", reason) from None


def _start_again(tenant: Tenant, run_id: UUID, actor: str, wish: Mapping[str, Any]) -> UUID:
    payload = wish["payload"]
    if wish["values"] == runs.RECORD:
        payload = record_values(tenant, run_id).payload
    return start_again(
        tenant,
        run_id,
        actor,
        from_step="" if wish["from"] == runs.START else wish["from"],
        newest=wish["version"] == runs.NEWEST,
        payload=payload,
    )


def _shown(request: Request, run_id: UUID) -> Response:
    """Answer with the run as the key may see it."""
    history = _history(request, run_id)
    if may(request, KeyScope.READ_RUNS):
        return Response(runs.RunDetailSerializer.told(history, request))
    return Response(runs.RunBriefSerializer.told(history.run, request))


def _history(request: Request, run_id: UUID) -> RunHistory:
    history = run_history(tenant_of(request), run_id)
    if history is None:
        raise ApiProblem("not_found")
    return history
