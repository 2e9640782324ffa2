"""POST /triggers/{trigger_type}/: fire an event."""

import re
from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.core.json import Json
from tenants.core.json.faults import JsonFault
from tenants.core.json.jsontext import dumps
from tenants.models.api_key import KeyScope
from workflows.api import description
from workflows.api.authentication import key_of, tenant_of
from workflows.api.json import body_of
from workflows.api.refusals import ApiProblem
from workflows.api.serializers.events import AcceptedEventSerializer
from workflows.api.serializers.requests import SubjectParameters
from workflows.services.events.drafts import EventDraft
from workflows.services.events.fire_once import Caller, fire_once

_TRIGGER_TYPE: Final = re.compile(r"[a-z][a-z0-9_.]{0,99}")
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
# Runs are looked up by it through an index, whose entries PostgreSQL limits to a third of a page.
_ORDER_ID_LENGTH: Final = 200


class TriggerView(APIView):
    """Takes events."""

    required_scope = KeyScope.FIRE_EVENTS
    http_method_names = ["post"]

    @extend_schema(
        operation_id="fire_event",
        summary="Fire an event",
        description=(
            "The body is the payload, kept as it is sent. 202 means that the event and the runs it "
            "starts are stored; the work itself is done afterwards. Nobody may be listening."
        ),
        tags=["events"],
        parameters=[
            description.TRIGGER_TYPE,
            description.IDEMPOTENCY_KEY,
            SubjectParameters,
            description.REPLAYED,
            description.RETRY_AFTER,
        ],
        request=OpenApiTypes.OBJECT,
        responses={
            202: AcceptedEventSerializer,
            **description.problems(
                *(fault for fault in JsonFault),
                "invalid_parameters",
                "invalid_trigger_type",
                "invalid_idempotency_key",
                "order_id_too_long",
                "length_required",
                "request_interrupted",
                "unsupported_media_type",
                "idempotency_key_reused",
                "too_much_pending",
            ),
        },
        examples=[description.NEW_ORDER, description.STARTED],
    )
    def post(self, request: Request, trigger_type: str) -> Response:
        """Store the event, answer once it is committed."""
        if not _TRIGGER_TYPE.fullmatch(trigger_type):
            raise ApiProblem("invalid_trigger_type")
        key = _idempotency_key(request)
        subject = SubjectParameters.of(request).get("subject")
        draft = EventDraft(trigger_type, _storable(body_of(request)), subject=subject)
        caller = Caller(f"api_key:{key_of(request).prefix}")
        answer = fire_once(tenant_of(request), draft, caller, key)
        context = {"request": request, "trigger_type": trigger_type}
        return Response(
            AcceptedEventSerializer(answer.fired, context=context).data,
            status=status.HTTP_202_ACCEPTED,
            headers={"Idempotency-Replayed": "true"} if answer.was_repeated else {},
        )


def _idempotency_key(request: Request) -> str | None:
    key: str | None = request.headers.get("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise ApiProblem("invalid_idempotency_key")
    return key


def _storable(payload: dict[str, Json]) -> dict[str, Json]:
    order_id = payload.get("order_id")
    text = order_id if isinstance(order_id, str) else dumps(order_id)
    if len(text) > _ORDER_ID_LENGTH:
        limit = {"limit": _ORDER_ID_LENGTH}
        raise ApiProblem.at({"pointer": "/order_id"}, "order_id_too_long", limit)
    return payload
